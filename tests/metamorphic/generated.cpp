// Conversations made by rule or at random, with the messages of tests/traffic.
#include <algorithm>

#include "tests/metamorphic/conversation.hpp"
#include "tests/metamorphic/modbus.hpp"
#include "tests/traffic/modbus.hpp"

namespace sluice::metamorphic {
namespace {

using model::Random;

Bytes bytes_of(const traffic::Message& message) {
  return {message.bytes.begin(), message.bytes.begin() + message.size};
}

constexpr std::uint16_t kHmi = 1, kEngineer = 2, kHistorian = 3;

// A request of an allowed function or, now and then, of any, about addresses that are mostly inside.
traffic::Message request(Random& random, std::uint16_t transaction, const std::vector<std::uint8_t>& usual,
                         bool wild) {
  traffic::Message message;
  const auto any = static_cast<std::uint8_t>(random.below(128));
  const auto code = wild ? any : random.one_of(usual);
  const auto first = wild ? random.below(420) : random.below(150);
  const auto unit = static_cast<std::uint8_t>(wild && random.percent(20) ? 2 : 1);
  write_request(message, random, {code, code == 8 ? 0 : -1}, transaction, unit, first, random.between(1, 50));
  return message;
}

Connection modbus_talk(Random& random, std::uint8_t number) {
  const bool hmi = random.percent(60);
  const bool fleet = !hmi && random.percent(50);
  Connection connection;
  connection.name = "random " + std::to_string(number);
  connection.client = {Place::it, static_cast<std::uint8_t>(hmi     ? kHmi
                                                            : fleet ? random.between(10, 40)
                                                                    : kEngineer)};
  connection.server = {fleet ? Place::fleet : Place::ot,
                       static_cast<std::uint8_t>(fleet ? random.between(1, 9) : 1)};
  const std::vector<std::uint8_t> usual = hmi     ? std::vector<std::uint8_t>{1, 3, 6, 8, 17, 100}
                                          : fleet ? std::vector<std::uint8_t>{3}
                                                  : std::vector<std::uint8_t>{3, 23, 90};
  std::uint16_t transaction = 1;
  for (auto turns = random.between(1, 6); turns > 0; --turns) {
    Turn asked{Role::client, {}};
    Turn answered{Role::server, {}};
    for (auto count = random.percent(60) ? 1 : random.between(2, 6); count > 0; --count) {
      const bool wild = random.percent(8);
      auto question = request(random, transaction++, usual, wild);
      traffic::Message answer;
      write_answer(answer, random, question);
      if (wild && random.percent(15) && question.size > 9)  // a body that lies
        question.bytes[random.between(8, question.size - 1)] = random.byte();
      asked.messages.push_back({bytes_of(question)});
      // But for its length, which would make it other messages.
      if (random.percent(4)) {
        const auto lie = random.below(answer.size - 2);
        answer.bytes[lie < 4 ? lie : lie + 2] = random.byte();
      }
      if (random.percent(97)) answered.messages.push_back({bytes_of(answer)});
    }
    if (answered.messages.size() > 1 && random.percent(30))
      std::swap(answered.messages.front(), answered.messages.back());
    connection.turns.push_back(std::move(asked));
    connection.turns.push_back(std::move(answered));
  }
  return connection;
}

Bytes noise(Random& random, std::uint32_t most) {
  Bytes bytes(random.between(1, most));
  for (auto& byte : bytes) byte = random.byte();
  return bytes;
}

Connection opaque_talk(Random& random, std::uint8_t number, Transport transport) {
  const bool tcp = transport == Transport::tcp;
  Connection connection{"opaque " + std::to_string(number),
                        {Place::it, kHistorian},
                        {Place::ot, 3},
                        static_cast<std::uint16_t>(tcp ? 1433 : 5000),
                        transport,
                        {}};
  if (!tcp && random.percent(10)) connection.port = 5002;
  for (auto turns = random.between(1, 5); turns > 0; --turns) {
    Turn turn{random.percent(60) ? Role::client : Role::server, {}};
    for (auto count = random.between(1, 3); count > 0; --count) turn.messages.push_back({noise(random, 600)});
    connection.turns.push_back(std::move(turn));
  }
  connection.turns.front().from = Role::client;
  return connection;
}

}  // namespace

Conversation longer_than(const Conversation& conversation, std::size_t size, Unit unit) {
  Conversation some;
  for (const auto& connection : conversation.connections) {
    const bool longer = std::any_of(connection.turns.begin(), connection.turns.end(), [&](const Turn& turn) {
      std::size_t most = 0, sum = 0;
      for (const auto& message : turn.messages) {
        most = std::max(most, message.bytes.size());
        sum += message.bytes.size();
      }
      return (unit == Unit::message ? most : sum) > size;
    });
    if (longer) some.connections.push_back(connection);
  }
  return some;
}

Conversation random_conversation(std::uint64_t seed) {
  Random random{seed};
  Conversation conversation;
  const auto count = random.between(2, 5);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto number = static_cast<std::uint8_t>(i);
    const auto kind = random.below(10);
    conversation.connections.push_back(kind < 7   ? modbus_talk(random, number)
                                       : kind < 8 ? opaque_talk(random, number, Transport::tcp)
                                                  : opaque_talk(random, number, Transport::udp));
  }
  return conversation;
}

Conversation functions() {
  Random random{58};
  Conversation conversation;
  traffic::Message message;
  const auto add = [&](std::uint8_t code, std::int16_t sub) {
    for (const bool lies : {false, true}) {
      write_request(message, random, {code, sub}, 2, 1, 7, 3);
      auto asked = bytes_of(message);
      if (lies && asked.size() > 9) {  // a header that says more than the body holds, or less
        asked.pop_back();
        asked[5] = static_cast<std::uint8_t>(asked[5] - 1);
      } else if (lies) {
        asked.push_back(0);
        asked[5] = static_cast<std::uint8_t>(asked[5] + 1);
      }
      conversation.connections.push_back({"function " + std::to_string(code) + "/" + std::to_string(sub) +
                                              (lies ? " of a wrong length" : ""),
                                          {Place::it, kHmi},
                                          {Place::ot, 1},
                                          502,
                                          Transport::tcp,
                                          {{Role::client, {{asks(1, 3, 10, 2)}}},
                                           {Role::server, {{tells(1, 3, 4)}}},
                                           {Role::client, {{std::move(asked)}}}}});
    }
  };
  for (int code = 0; code < 130; ++code) add(static_cast<std::uint8_t>(code), -1);
  for (int sub = 0; sub < 22; ++sub) add(8, static_cast<std::int16_t>(sub));
  for (const auto type : {std::int16_t{13}, std::int16_t{14}}) add(43, type);
  return conversation;
}

Conversation fleet(std::uint8_t hosts) {
  Conversation conversation;
  for (std::uint8_t i = 0; i < hosts; ++i) {
    Connection connection{"poll " + std::to_string(i),
                          {Place::it, static_cast<std::uint8_t>(10 + i)},
                          {Place::fleet, static_cast<std::uint8_t>(1 + i % 11)},
                          502,
                          Transport::tcp,
                          {}};
    for (std::uint16_t turn = 1; turn < 5; ++turn) {
      const auto second = static_cast<std::uint16_t>(turn + 100);
      connection.turns.push_back({Role::client, {{asks(turn, 3, i, turn)}, {asks(second, 3, 0, 9)}}});
      connection.turns.push_back(
          {Role::server, {{tells(second, 3, 18)}, {tells(turn, 3, static_cast<std::uint8_t>(2 * turn))}}});
      if (turn == 2 && i % 7 == 3) connection.turns.push_back({Role::client, {{asks(77, 6, 1, 1)}}});
      if (turn == 3 && i % 7 == 5) connection.turns.push_back({Role::server, {{tells(99, 3, 2)}}});
    }
    conversation.connections.push_back(std::move(connection));
  }
  return conversation;
}

}  // namespace sluice::metamorphic
