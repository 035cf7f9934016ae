// Conversations by hand. Names say what is shown.
#include "tests/metamorphic/conversation.hpp"
#include "tests/metamorphic/modbus.hpp"

namespace sluice::metamorphic {
namespace {

constexpr Host kHmi{Place::it, 1}, kEngineer{Place::it, 2}, kHistorian{Place::it, 3}, kUmasOnly{Place::it, 4};
constexpr Host kStranger{Place::it, 99};
constexpr Host kPlc{Place::ot, 1}, kRtu{Place::ot, 2}, kDatabase{Place::ot, 3};

Turn client(std::vector<Bytes> messages) {
  Turn turn{Role::client, {}};
  for (auto& bytes : messages) turn.messages.push_back({std::move(bytes)});
  return turn;
}
Turn server(std::vector<Bytes> messages) {
  Turn turn = client(std::move(messages));
  turn.from = Role::server;
  return turn;
}
Turn whole(Turn turn) {
  for (auto& message : turn.messages) message.whole = true;
  return turn;
}

Bytes text(std::size_t size, char first) {
  Bytes bytes;
  for (std::size_t i = 0; i < size; ++i)
    bytes.push_back(static_cast<std::uint8_t>(first + static_cast<char>(i % 23)));
  return bytes;
}

const Turn kRead = client({asks(1, 3, 10, 2)});
const Turn kTold = server({tells(1, 3, 4)});

// An allowed exchange, then what is denied, then what would be allowed and never comes.
Connection ends_by(std::string name, Host from, Turn denied) {
  const bool answers = denied.from == Role::server;
  Connection connection{std::move(name), from, kPlc, 502, Transport::tcp, {kRead, kTold}};
  if (answers) connection.turns.push_back(client({asks(2, 3, 0, 5)}));
  connection.turns.push_back(std::move(denied));
  connection.turns.push_back(client({asks(9, 3, 20, 2)}));
  return connection;
}

std::vector<Connection> allowed() {
  const Bytes longest_question = modbus(5, 1, text(253, 'd'));  // length 254: all that MG 3.1.3 permits
  Bytes hundred = longest_question;
  hundred[7] = 100;
  Bytes returned = modbus(7, 1, {8, 0, 0, 1, 2, 3, 4});
  Bytes files = modbus(8, 1, {20, 14, 6, 0, 4, 0, 1, 0, 2, 6, 0, 4, 0, 9, 0, 2});
  Bytes records = modbus(8, 1, {20, 12, 5, 6, 1, 2, 3, 4, 5, 6, 5, 6, 7, 8});
  std::vector<Connection> all;
  all.push_back({"reads, a write within its range, an exception",
                 kHmi,
                 kPlc,
                 502,
                 Transport::tcp,
                 {kRead, kTold, client({asks(2, 6, 199, 77)}), server({asks(2, 6, 199, 77)}),
                  client({asks(3, 1, 0, 2000)}), server({tells(3, 1, 250)}), client({asks(4, 3, 399, 1)}),
                  server({refuses(4, 3, 2)})}});
  all.push_back({"the longest messages",
                 kHmi,
                 kPlc,
                 502,
                 Transport::tcp,
                 {client({asks(1, 3, 0, 125)}), server({tells(1, 3, 250)}),
                  client({hundred, asks(6, 3, 0, 1)}), server({hundred, tells(6, 3, 2)})}});
  all.push_back({"three requests outstanding, answered in another order",
                 kHmi,
                 kPlc,
                 502,
                 Transport::tcp,
                 {client({asks(1, 3, 0, 2), asks(2, 1, 8, 8), asks(3, 6, 4, 4)}),
                  server({asks(3, 6, 4, 4), tells(1, 3, 4)}), client({asks(4, 3, 1, 1)}),
                  server({tells(2, 1, 1), tells(4, 3, 2)})}});
  all.push_back({"diagnostics, a server's name, two file records",
                 kHmi,
                 kPlc,
                 502,
                 Transport::tcp,
                 {client({returned}), server({returned}), client({modbus(9, 1, {17})}),
                  server({modbus(9, 1, {17, 3, 'P', 0xff, 1})}), client({files}), server({records})}});
  all.push_back({"UMAS",
                 kEngineer,
                 kPlc,
                 502,
                 Transport::tcp,
                 {client({umas(1, {0, 2})}), server({umas(1, {0, 0xfe, 1, 2, 3})}),
                  client({umas(2, {0, 0x0a, 0, 1, 2}), asks(3, 3, 0, 1)}),
                  server({umas(2, {0, 0xfe, 0, 1, 2}), tells(3, 3, 2)})}});
  all.push_back({"opaque, both ends at once",
                 kHistorian,
                 kDatabase,
                 1433,
                 Transport::tcp,
                 {client({text(40, 'a'), text(3, 'k')}), server({text(200, 'A')}), client({text(1, 'z')}),
                  server({text(700, 'B'), text(64, 'C')})}});
  // Zeros could begin a Modbus header for a while.
  all.push_back(
      {"opaque, and like another protocol for some bytes",
       kHistorian,
       kDatabase,
       1433,
       Transport::tcp,
       {client({{0, 1, 0, 0, 0, 0x30, 1, 'x', 'y', 'z'}, text(90, 'a')}), server({text(30, 'A')})}});
  all.push_back({"datagrams",
                 kHistorian,
                 kDatabase,
                 5000,
                 Transport::udp,
                 {client({text(1, 'a'), text(300, 'b')}), server({text(9, 'A'), text(1000, 'B')})}});
  all.push_back({"log lines from the other side",
                 kPlc,
                 kHistorian,
                 514,
                 Transport::udp,
                 {client({text(80, 'l'), text(81, 'm')})}});
  return all;
}

std::vector<Connection> denied() {
  Bytes returned = modbus(7, 1, {8, 0, 1, 2});
  Bytes odd = asks(2, 3, 0, 1);
  odd[3] = 1;  // another protocol identifier
  Bytes far_too_long = asks(2, 3, 0, 1);
  far_too_long[4] = 1;  // 262 bytes
  std::vector<Connection> all;
  all.push_back(ends_by("a write outside of its range", kHmi, client({asks(2, 6, 200, 1)})));
  all.push_back(ends_by("a read that runs out of its range", kHmi, client({asks(2, 3, 199, 2)})));
  all.push_back(ends_by("a read over the hole between two ranges", kHmi, client({asks(2, 3, 190, 120)})));
  all.push_back(ends_by("a read of another unit", kHmi, client({asks(2, 3, 0, 1, 2)})));
  all.push_back(ends_by("a function without a rule", kHmi, client({asks(2, 5, 0, 0xff00)})));
  all.push_back(ends_by("between two that are allowed", kHmi,
                        client({asks(2, 3, 0, 1), asks(3, 6, 250, 1), asks(4, 3, 0, 1)})));
  all.push_back(ends_by("a function without a rule behind two that are allowed", kHmi,
                        client({asks(2, 3, 0, 1), asks(3, 3, 5, 1), asks(4, 15, 0, 8)})));
  all.push_back(ends_by("diagnostics that would restart", kHmi, client({modbus(2, 1, {8, 0, 1, 0, 0})})));
  all.push_back(ends_by("one of two file records outside", kHmi,
                        client({modbus(2, 1, {20, 14, 6, 0, 4, 0, 1, 0, 2, 6, 0, 4, 0, 99, 0, 2})})));
  all.push_back(ends_by("a read and write of which the write is outside", kEngineer,
                        client({modbus(2, 1, {23, 0, 0, 0, 2, 0, 199, 0, 2, 4, 1, 2, 3, 4})})));
  all.push_back(ends_by("a malformed read", kHmi, client({modbus(2, 1, {3, 0, 0, 0, 0})})));
  all.push_back(ends_by("a read that is too short", kHmi, client({modbus(2, 1, {3, 0, 0, 1})})));
  all.push_back(ends_by("another protocol identifier", kHmi, client({odd})));
  all.push_back(ends_by("a length that no message has", kHmi, client({far_too_long})));
  all.push_back(ends_by("an answer to nothing", kHmi, server({tells(77, 3, 2)})));
  all.push_back(ends_by("an answer twice", kHmi, server({tells(2, 3, 10), tells(2, 3, 10)})));
  all.push_back(ends_by("an answer of another function", kHmi, server({asks(2, 6, 0, 1)})));
  all.push_back(ends_by("an answer that is too long", kHmi, server({modbus(2, 1, {3, 2, 0, 1, 2})})));
  all.push_back(ends_by("UMAS where no rule has it", kHmi, client({umas(2, {0, 2})})));
  all.push_back(ends_by("UMAS that stops the controller", kEngineer, client({umas(2, {0, 0x41, 0xff, 0})})));
  all.push_back(
      {"Modbus where a rule has only UMAS",
       kUmasOnly,
       kPlc,
       502,
       Transport::tcp,
       {client({umas(1, {0, 2})}), server({umas(1, {0, 0xfe, 1, 2, 3})}), client({asks(2, 5, 0, 0)})}});
  all.push_back({"denied at once", kHmi, kPlc, 502, Transport::tcp, {client({asks(1, 5, 0, 0)}), kRead}});
  all.push_back(
      {"another protocol at once", kHmi, kPlc, 502, Transport::tcp, {client({text(30, 'G')}), kRead}});
  all.push_back({"Modbus under an opaque rule",
                 kHistorian,
                 kDatabase,
                 1433,
                 Transport::tcp,
                 {client({asks(1, 3, 0, 1)}), server({tells(1, 3, 2)})}});
  all.push_back({"Modbus under an opaque rule behind a banner",
                 kHistorian,
                 kDatabase,
                 1433,
                 Transport::tcp,
                 {server({text(20, 'S')}), client({asks(1, 6, 0, 1)}), server({text(20, 'S')})}});
  all.push_back({"a stranger", kStranger, kPlc, 502, Transport::tcp, {kRead, kTold}});
  all.push_back({"a stranger's datagrams",
                 kStranger,
                 kDatabase,
                 5000,
                 Transport::udp,
                 {client({text(100, 'a'), text(4, 'b')})}});
  all.push_back({"datagrams to another port",
                 kHistorian,
                 kDatabase,
                 5001,
                 Transport::udp,
                 {client({text(100, 'a'), text(64, 'b')}), server({text(70, 'A')})}});
  return all;
}

}  // namespace

Conversation written() {
  Conversation conversation{allowed()};
  for (auto& connection : denied()) conversation.connections.push_back(std::move(connection));
  return conversation;
}

Conversation stand_ins() {
  // 78 stands for function 6, 77 for 5: what the device refuses, and what the client hears (AP 7).
  const auto refused = [](std::uint16_t transaction, std::uint8_t code) {
    return whole(server({refuses(transaction, code, 1)}));
  };
  Turn among = client({asks(4, 3, 0, 1), asks(5, 6, 3, 3), asks(6, 3, 1, 1)});
  among.messages[1].whole = true;
  Turn answers = server({tells(4, 3, 2), refuses(5, 78, 1), tells(6, 3, 2)});
  answers.messages[1].whole = true;
  return {{
      {"a denied write lives on as its stand-in",
       kHmi,
       kRtu,
       502,
       Transport::tcp,
       {kRead, kTold, whole(client({asks(2, 6, 3, 3)})), refused(2, 78), client({asks(3, 3, 0, 1)}),
        server({tells(3, 3, 2)})}},
      {"among its neighbours", kHmi, kRtu, 502, Transport::tcp, {kRead, kTold, among, answers, kRead, kTold}},
      {"out of its range",
       kHmi,
       kRtu,
       502,
       Transport::tcp,
       {kRead, kTold, whole(client({asks(2, 3, 150, 60)})), refused(2, 75), kRead, kTold}},
  }};
}

}  // namespace sluice::metamorphic
