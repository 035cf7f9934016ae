#include "tests/metamorphic/modbus.hpp"

namespace sluice::metamorphic {
namespace {

std::uint8_t high(std::uint16_t number) { return static_cast<std::uint8_t>(number >> 8U); }
std::uint8_t low(std::uint16_t number) { return static_cast<std::uint8_t>(number); }

}  // namespace

Bytes modbus(std::uint16_t transaction, std::uint8_t unit, const Bytes& pdu) {
  const auto length = static_cast<std::uint16_t>(pdu.size() + 1);
  Bytes message = {high(transaction), low(transaction), 0, 0, high(length), low(length), unit};
  message.insert(message.end(), pdu.begin(), pdu.end());
  return message;
}

Bytes asks(std::uint16_t transaction, std::uint8_t function, std::uint16_t address, std::uint16_t number,
           std::uint8_t unit) {
  return modbus(transaction, unit, {function, high(address), low(address), high(number), low(number)});
}

Bytes tells(std::uint16_t transaction, std::uint8_t function, std::uint8_t bytes, std::uint8_t unit) {
  Bytes pdu = {function, bytes};
  for (std::uint32_t i = 0; i < bytes; ++i) pdu.push_back(static_cast<std::uint8_t>(i * 7 + transaction));
  return modbus(transaction, unit, pdu);
}

Bytes refuses(std::uint16_t transaction, std::uint8_t function, std::uint8_t exception, std::uint8_t unit) {
  return modbus(transaction, unit, {static_cast<std::uint8_t>(function | 0x80U), exception});
}

Bytes umas(std::uint16_t transaction, const Bytes& payload) {
  Bytes pdu = {90};
  pdu.insert(pdu.end(), payload.begin(), payload.end());
  return modbus(transaction, 1, pdu);
}

}  // namespace sluice::metamorphic
