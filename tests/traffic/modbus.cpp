#include "tests/traffic/modbus.hpp"

#include <algorithm>

#include "tests/traffic/frame.hpp"

namespace sluice::traffic {
namespace {

// Collects the payload behind the function code.
struct Body {
  Message& message;
  std::uint32_t at = 8;
  void u8(std::uint32_t value) { message.bytes[at++] = static_cast<std::uint8_t>(value); }
  void u16(std::uint32_t value) {
    put16(message.bytes.data() + at, value);
    at += 2;
  }
  void any(Random& random, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) u8(random.byte());
  }
};

void head(Message& message, std::uint16_t transaction, std::uint8_t unit, std::uint8_t function) {
  put16(message.bytes.data(), transaction);
  put16(message.bytes.data() + 2, 0);
  message.bytes[6] = unit;
  message.bytes[7] = function;
}

void close(Message& message, std::uint32_t end) {
  message.size = end;
  put16(message.bytes.data() + 4, end - 6);
}

std::uint32_t fit(std::uint32_t first, std::uint32_t count, std::uint32_t most) {
  return std::max(1U, std::min({count, most, 65536 - first}));
}

void fill(Body& body, Random& random, const model::FunctionId& function, std::uint32_t first,
          std::uint32_t count) {
  first &= 0xffffU;
  switch (function.code) {
    case 1:
    case 2:
      body.u16(first);
      return body.u16(fit(first, count, 2000));
    case 3:
    case 4:
      body.u16(first);
      return body.u16(fit(first, count, 125));
    case 5:
      body.u16(first);
      return body.u16(random.percent(50) ? 0xff00 : 0);
    case 6:
      body.u16(first);
      return body.u16(random.below(65536));
    case 7:
    case 11:
    case 12:
    case 17:
      return;
    case 8: {
      const auto sub = function.sub >= 0 ? static_cast<std::uint32_t>(function.sub) : random.below(30);
      body.u16(sub);
      if (sub == 0) return body.any(random, 2 * random.between(1, 4));
      return body.u16(sub == 3 ? 0x0a00 : 0);
    }
    case 15: {
      count = fit(first, count, 200);
      body.u16(first);
      body.u16(count);
      body.u8((count + 7) / 8);
      return body.any(random, (count + 7) / 8);
    }
    case 16: {
      count = fit(first, count, 100);
      body.u16(first);
      body.u16(count);
      body.u8(2 * count);
      return body.any(random, 2 * count);
    }
    case 20: {
      const auto parts = random.between(1, 3);
      body.u8(7 * parts);
      for (std::uint32_t i = 0; i < parts; ++i) {
        body.u8(6);
        body.u16(random.between(1, 4));
        body.u16(first % 9000);
        body.u16(random.between(1, 9));
      }
      return;
    }
    case 21: {
      const auto length = random.between(1, 9);
      body.u8(7 + 2 * length);
      body.u8(6);
      body.u16(random.between(1, 4));
      body.u16(first % 9000);
      body.u16(length);
      return body.any(random, 2 * length);
    }
    case 22:
      body.u16(first);
      return body.any(random, 4);
    case 23: {
      count = fit(first, count, 50);
      body.u16(first);
      body.u16(count);
      body.u16(first);
      body.u16(count);
      body.u8(2 * count);
      return body.any(random, 2 * count);
    }
    case 24:
      return body.u16(first);
    case 43:
      if (function.sub != 14 && (function.sub == 13 || random.percent(30))) {
        body.u8(function.sub == 13 ? 13 : random.byte());
        return body.any(random, random.below(6));
      }
      body.u8(14);
      body.u8(random.between(1, 4));
      return body.u8(random.below(8));
    case 90:  // a UMAS request without a session
      body.u8(0);
      return body.u8(random.percent(50) ? 2 : 4);
    default:
      return body.any(random, random.below(8));
  }
}

}  // namespace

void write_request(Message& message, Random& random, const model::FunctionId& function,
                   std::uint16_t transaction, std::uint8_t unit, std::uint32_t first, std::uint32_t count) {
  head(message, transaction, unit, function.code);
  Body body{message};
  fill(body, random, function, first, count);
  close(message, body.at);
}

void write_raw(Message& message, std::uint16_t transaction, std::uint8_t unit, std::uint8_t function,
               const std::uint8_t* payload, std::uint32_t size) {
  head(message, transaction, unit, function);
  std::copy_n(payload, size, message.bytes.begin() + 8);
  close(message, 8 + size);
}

void write_answer(Message& message, Random& random, const Message& request) {
  const auto* asked = request.bytes.data();
  const std::uint8_t function = asked[7];
  head(message, static_cast<std::uint16_t>(get16(asked)), asked[6], function);
  Body body{message};
  const auto count = get16(asked + 10);
  if (random.percent(8)) {
    message.bytes[7] = function | 0x80U;
    body.u8(random.between(1, 11));
    return close(message, body.at);
  }
  switch (function) {
    case 1:
    case 2:
      body.u8((count + 7) / 8);
      body.any(random, (count + 7) / 8);
      break;
    case 3:
    case 4:
    case 23:
      body.u8(2 * count);
      body.any(random, 2 * count);
      break;
    case 5:
    case 6:
    case 15:
    case 16:
      body.u16(get16(asked + 8));
      body.u16(count);
      break;
    case 7:
      body.any(random, 1);
      break;
    case 11:
      body.any(random, 4);
      break;
    case 12:
      body.u8(8);
      body.any(random, 8);
      break;
    case 17:
      body.u8(3);
      body.any(random, 3);
      break;
    case 20: {
      std::uint32_t total = 0;
      for (std::uint32_t at = 9; at + 7 <= request.size; at += 7) total += 2 + 2 * get16(asked + at + 5);
      body.u8(total);
      for (std::uint32_t at = 9; at + 7 <= request.size; at += 7) {
        body.u8(1 + 2 * get16(asked + at + 5));
        body.u8(6);
        body.any(random, 2 * get16(asked + at + 5));
      }
      break;
    }
    case 24:
      body.u16(6);
      body.u16(2);
      body.any(random, 4);
      break;
    case 43:
      if (asked[8] == 14) {
        body.u8(14);
        body.u8(asked[9]);
        body.u8(1);
        body.u8(0);
        body.u8(0);
        body.u8(1);
        body.u8(0);
        body.u8(3);
        body.any(random, 3);
        break;
      }
      body.u8(asked[8]);
      body.any(random, 2);
      break;
    case 90:
      body.u8(0);
      body.u8(0xfe);
      break;
    case 8:
    case 21:
    case 22:
    default:  // the request comes back
      for (std::uint32_t at = 8; at < request.size; ++at) body.u8(asked[at]);
      break;
  }
  close(message, body.at);
}

}  // namespace sluice::traffic
