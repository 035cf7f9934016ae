// Floods on the memory port, each beside an allowed Modbus loop of 1 kHz: the loop loses no frame, what
// stands stays, and the newcomers that policy wants find room.
#include <functional>

#include "dataplane/engine/engine_test.hpp"

namespace sluice::test {
namespace {

// Two conduits on the same ports, untagged and VLAN 7. Zones of either have allow rules for Modbus, UDP and
// TCP.
std::string two_conduits(const std::string& first, const std::string& second) {
  std::string text;
  for (const std::string number : {"0", "1"}) {
    const bool one = number == "0";
    text += "[[zone]]\nname = \"it" + number + "\"\nnetworks = [\"10." + number +
            ".0.0/24\"]\n"
            "[[zone]]\nname = \"ot" +
            number + "\"\nnetworks = [\"10." + number +
            ".1.0/24\"]\n"
            "[[conduit]]\nname = \"c" +
            number + "\"\nsides = [{ port = \"it\", zones = [\"it" + number +
            "\"] }, { port = \"ot\", zones = [\"ot" + number + "\"] }]\n" + (one ? "" : "vlans = [7]\n") +
            "mode = \"" + (one ? first : second) + "\"\non_failure = \"closed\"\nmidstream = \"resync\"\n";
    for (const std::string rule :
         {"protocol = \"modbus\"\naccess = [\"read\"]\n", "protocol = \"udp\"\nports = [\"5000..5999\"]\n",
          "protocol = \"tcp\"\nports = [\"8000..8999\"]\n"}) {
      text += "[[allow]]\nfrom = \"it" + number + "\"\nto = \"ot" + number + "\"\nreason = \"r\"\n" + rule;
    }
  }
  return text;
}

EngineOptions small() {
  EngineOptions options;
  options.limits.flows = 256;
  options.limits.half_open = 64;
  options.limits.held_frames = 32;
  options.limits.retained_bytes = 1U << 20;
  return options;
}

// A master that asks and gets its answer, with an acknowledgement of each, as fast as it is called.
class Loop {
 public:
  explicit Loop(Box& box) : box_{box}, talk_{box, "10.0.0.1", "10.0.1.2", 40000, 502} { talk_.open(); }

  void round() {
    ++transaction_;
    Bytes answer(2 + 20);
    answer[0] = 3;
    answer[1] = 20;
    put(Role::client, modbus(transaction_, 1, {3, 0, 0, 0, 10}));
    put(Role::server, modbus(transaction_, 1, answer));
    put(Role::client, {});
  }
  std::uint64_t lost = 0;
  std::uint64_t sent = 0;

 private:
  void put(Role role, const Bytes& payload) {
    auto& next = talk_.next[static_cast<std::size_t>(role)];
    const auto frame = talk_.segment(role, next, tcp_flag::ack | tcp_flag::psh, payload);
    next += static_cast<std::uint32_t>(payload.size());
    const auto left = talk_.put(role, frame);
    ++sent;
    const bool same =
        left.size() == 1 && left[0].bytes == frame && left[0].to == (role == Role::client ? kOt : kIt);
    if (!same) ++lost;
  }

  Box& box_;
  Talk talk_;
  std::uint16_t transaction_ = 0;
};

build::Link link_of(std::uint32_t number, bool other_conduit, bool answer = false) {
  const std::string conduit = other_conduit ? "10.1." : "10.0.";
  build::Link link;
  link.source = conduit + "0." + std::to_string(3 + number % 250);
  link.destination = conduit + "1.9";
  if (answer) std::swap(link.source, link.destination);
  if (other_conduit) link.tags = {{.id = 7}};
  return link;
}

std::uint16_t port_of(std::uint32_t number) { return static_cast<std::uint16_t>(1024 + number / 250); }

// What one newcomer of the flood sends; `put` takes its frames with the port they come from.
using Put = std::function<void(const Bytes&, PortId)>;
using Newcomer = void (*)(std::uint32_t number, bool other_conduit, const Put& put);

void syn(std::uint32_t number, bool other, const Put& put) {
  put(build::tcp(link_of(number, other), {.source_port = port_of(number), .flags = tcp_flag::syn}), kIt);
}
void answered_syn(std::uint32_t number, bool other, const Put& put) {
  syn(number, other, put);
  put(build::tcp(link_of(number, other, true), {.source_port = 502,
                                                .destination_port = port_of(number),
                                                .sequence = 5000,
                                                .acknowledgement = 1001,
                                                .flags = tcp_flag::syn | tcp_flag::ack}),
      kOt);
}
void refused_syn(std::uint32_t number, bool other, const Put& put) {
  syn(number, other, put);
  put(build::tcp(link_of(number, other, true), {.source_port = 502,
                                                .destination_port = port_of(number),
                                                .sequence = 0,
                                                .acknowledgement = 1001,
                                                .flags = tcp_flag::rst | tcp_flag::ack}),
      kOt);
}
void acknowledgement(std::uint32_t number, bool other, const Put& put) {
  put(build::tcp(link_of(number, other), {.source_port = port_of(number), .destination_port = 8000}), kIt);
}
void connection(std::uint32_t number, bool other, const Put& put) {
  answered_syn(number, other, put);
  put(build::tcp(link_of(number, other),
                 {.source_port = port_of(number), .sequence = 1001, .acknowledgement = 5001}),
      kIt);
}
void datagram(std::uint32_t number, bool other, const Put& put) {
  put(build::udp(link_of(number, other), {.source_port = port_of(number), .payload = {1, 2, 3}}), kIt);
}
void answered_datagram(std::uint32_t number, bool other, const Put& put) {
  datagram(number, other, put);
  put(build::udp(link_of(number, other, true),
                 {.source_port = 5000, .destination_port = port_of(number), .payload = {1}}),
      kOt);
}
void unruled_datagram(std::uint32_t number, bool other, const Put& put) {
  put(build::udp(link_of(number, other),
                 {.source_port = port_of(number), .destination_port = 99, .payload = {1, 2, 3}}),
      kIt);
}
void denied_request(std::uint32_t number, bool other, const Put& put) {
  connection(number, other, put);
  put(build::tcp(link_of(number, other), {.source_port = port_of(number),
                                          .sequence = 1001,
                                          .acknowledgement = 5001,
                                          .payload = modbus(1, 1, {5, 0, 0, 0xff, 0})}),
      kIt);
}

build::Bytes whole_datagram(std::uint32_t number, bool other) {
  auto link = link_of(number, other);
  link.fragment = 0;
  link.identification = static_cast<std::uint16_t>(number);
  return build::udp(link, {.source_port = port_of(number), .payload = Bytes(64)});
}
void first_piece(std::uint32_t number, bool other, const Put& put) {
  put(build::fragments(whole_datagram(number, other), 32, number)[0], kIt);
}
void later_piece(std::uint32_t number, bool other, const Put& put) {
  put(build::fragments(whole_datagram(number, other), 32, number)[1], kIt);
}
void datagram_in_pieces(std::uint32_t number, bool other, const Put& put) {
  for (const auto& piece : build::fragments(whole_datagram(number, other), 32, number)) put(piece, kIt);
}
void beyond_a_hole(std::uint32_t number, bool other, const Put& put) {
  connection(number, other, put);
  put(build::tcp(link_of(number, other), {.source_port = port_of(number),
                                          .sequence = 1002,
                                          .acknowledgement = 5001,
                                          .payload = modbus(1, 1, {3, 0, 0, 0, 1})}),
      kIt);
}
void unfinished(std::uint32_t number, bool other, const Put& put) {
  connection(number, other, put);
  auto request = modbus(1, 1, {3, 0, 0, 0, 1});
  request.pop_back();
  put(build::tcp(
          link_of(number, other),
          {.source_port = port_of(number), .sequence = 1001, .acknowledgement = 5001, .payload = request}),
      kIt);
}

struct Flood {
  const char* name;
  Newcomer newcomer;
  bool yields;  // those that come after it always find room
};
constexpr Flood kFloods[] = {
    {"SYNs that nobody answers", syn, true},
    {"SYNs that the server answers", answered_syn, true},
    {"SYNs that the server refuses", refused_syn, true},
    {"acknowledgements of nothing", acknowledgement, true},
    {"datagrams that nobody answers", datagram, true},
    {"datagrams that no rule admits", unruled_datagram, true},
    {"connections that ask for what is denied", denied_request, true},
    {"first pieces of datagrams", first_piece, true},
    {"later pieces of datagrams", later_piece, true},
    {"datagrams in pieces", datagram_in_pieces, true},
    {"segments beyond a hole", beyond_a_hole, false},
    {"unfinished requests", unfinished, false},
    {"connections", connection, false},
    {"datagrams that are answered", answered_datagram, false},
};

bool opens(Box& box, std::uint16_t port) {
  Talk talk{box, "10.0.0.2", "10.0.1.2", port, 502};
  talk.open();
  const auto ask = modbus(1, 1, {3, 0, 0, 0, 1});
  return payload_to(talk.say(Role::client, ask), kOt) == ask;
}

void run(const Flood& flood, const std::string& policy, bool other_conduit) {
  Box box{policy, small()};
  Loop loop{box};
  Talk idle{box, "10.0.0.2", "10.0.1.2", 39999, 502};
  idle.open();
  std::uint32_t number = 0;
  const auto put = [&](const Bytes& frame, PortId port) {
    const Frame in = box.wires.copy(frame, port);
    box.engine->burst({&in, 1}, box.now, *box.rules);
  };
  for (int millisecond = 0; millisecond < 300; ++millisecond) {
    loop.round();
    for (int i = 0; i < 30; ++i) flood.newcomer(number++, other_conduit, put);
    box.engine->tick(box.now, *box.rules);
    ASSERT_LE(box.engine->counters().flows, small().limits.flows);
    box.expect_conserved();
  }
  EXPECT_EQ(loop.lost, 0U);
  EXPECT_EQ(loop.sent, 900U);
  const auto ask = modbus(1, 1, {3, 0, 0, 0, 1});
  EXPECT_EQ(payload_to(idle.say(Role::client, ask), kOt), ask) << "an idle session was forgotten";
  // A new connection in the midst of it, handshake included.
  EXPECT_EQ(opens(box, 50001), flood.yields || other_conduit);
  if (!flood.yields) {
    EXPECT_GT(box.engine->counters().reasons[static_cast<std::size_t>(Reason::flows_full)], 0U);
  }
  box.engine->drain();
  box.expect_conserved();
}

TEST(Flood, an_allowed_loop_on_the_same_conduit_loses_no_frame) {
  for (const auto& flood : kFloods) {
    SCOPED_TRACE(flood.name);
    run(flood, two_conduits("enforce", "enforce"), false);
  }
}

TEST(Flood, an_allowed_loop_on_another_conduit_loses_no_frame_and_new_sessions_have_their_part) {
  for (const auto& mode : {"enforce", "monitor"}) {
    for (const auto& flood : kFloods) {
      SCOPED_TRACE(std::string{flood.name} + ", " + mode);
      run(flood, two_conduits("enforce", mode), true);
    }
  }
}

TEST(Flood, in_monitor_every_frame_of_it_leaves_as_it_came) {
  for (const auto& flood : kFloods) {
    SCOPED_TRACE(flood.name);
    Box box{two_conduits("monitor", "monitor"), small()};
    std::uint64_t wrong = 0;
    const auto put = [&](const Bytes& frame, PortId port) {
      const auto left = box.send(frame, port);
      if (left.size() != 1 || left[0].bytes != frame) ++wrong;
    };
    for (std::uint32_t number = 0; number < 2000; ++number) flood.newcomer(number, number % 2 == 0, put);
    EXPECT_EQ(wrong, 0U);
    EXPECT_EQ(box.engine->counters().denied, 0U);
    EXPECT_EQ(box.engine->counters().dropped, 0U);
  }
}

TEST(Flood, the_oldest_half_open_connection_gives_way_and_each_is_counted) {
  auto options = small();
  options.limits.half_open = 4;
  Box box{two_conduits("enforce", "enforce"), options};
  const auto put = [&](const Bytes& frame, PortId port) { box.send(frame, port); };
  for (std::uint32_t number = 0; number < 100; ++number) syn(number, false, put);
  // One part of two is a quarter of the capacity, and the common half is free.
  EXPECT_EQ(box.engine->counters().flows, 3U);
  const auto& reasons = box.engine->counters().reasons;
  EXPECT_EQ(reasons[static_cast<std::size_t>(Reason::half_open_full)], 97U);
  EXPECT_EQ(box.log.verdicts.size(), 97U);
  EXPECT_EQ(box.log.verdicts[0].verdict, Verdict::forward) << "nothing happened to the frame";
  EXPECT_EQ(box.engine->counters().denied, 0U);
  // The youngest is still there, the oldest is not: its answer belongs to no connection.
  const auto answer = [&](std::uint32_t number) {
    return box.send(build::tcp(link_of(number, false, true), {.source_port = 502,
                                                              .destination_port = port_of(number),
                                                              .sequence = 5000,
                                                              .acknowledgement = 1001,
                                                              .flags = tcp_flag::syn | tcp_flag::ack}),
                    kOt);
  };
  EXPECT_EQ(answer(99).size(), 1U);
  EXPECT_TRUE(payload_to(answer(0), kIt).empty());
  EXPECT_GT(reasons[static_cast<std::size_t>(Reason::handshake)], 0U);
}

TEST(Flood, a_full_table_of_sessions_refuses_each_newcomer_and_counts_it) {
  Box box{two_conduits("enforce", "enforce"), small()};
  const auto put = [&](const Bytes& frame, PortId port) { box.send(frame, port); };
  std::uint32_t number = 0;
  while (number < 192) connection(number++, false, put);  // its part of a quarter, and the common half
  EXPECT_EQ(box.engine->counters().flows, 192U);
  EXPECT_EQ(box.engine->counters().reasons[static_cast<std::size_t>(Reason::flows_full)], 0U);
  for (int i = 0; i < 50; ++i) syn(number++, false, put);
  EXPECT_EQ(box.engine->counters().reasons[static_cast<std::size_t>(Reason::flows_full)], 50U);
  EXPECT_EQ(box.engine->counters().flows, 192U);
  for (int i = 0; i < 64; ++i) connection(number++, true, put);
  EXPECT_EQ(box.engine->counters().reasons[static_cast<std::size_t>(Reason::flows_full)], 50U);
  EXPECT_EQ(box.engine->counters().flows, 256U);
}

TEST(Flood, what_no_rule_admits_never_takes_more_than_the_common_half) {
  Box box{two_conduits("enforce", "monitor"), small()};
  const auto put = [&](const Bytes& frame, PortId port) { box.send(frame, port); };
  std::uint32_t number = 0;
  while (number < 1000) {
    unruled_datagram(number, true, put);
    // Answered, so that they don't give way.
    put(build::udp(link_of(number, true, true),
                   {.source_port = 99, .destination_port = port_of(number), .payload = {1}}),
        kOt);
    ++number;
  }
  EXPECT_EQ(box.engine->counters().flows, 128U);
  for (int i = 0; i < 64; ++i) connection(number++, false, put);
  for (int i = 0; i < 64; ++i) connection(number++, true, put);
  EXPECT_EQ(box.engine->counters().flows, 256U);
}

TEST(Flood, a_datagram_beside_rules_for_a_protocol_of_tcp_is_kept_nowhere) {
  Box box{two_conduits("enforce", "enforce"), small()};
  const auto put = [&](const Bytes& frame, PortId port) { EXPECT_TRUE(box.send(frame, port).empty()); };
  for (std::uint32_t number = 0; number < 10; ++number) unruled_datagram(number, false, put);
  EXPECT_EQ(box.engine->counters().flows, 0U);
  EXPECT_EQ(box.log.verdicts.at(0).reason, Reason::no_policy);
}

TEST(Flood, E64_a_flow_full_of_unanswered_requests_takes_no_place_of_another) {
  Box box{two_conduits("enforce", "enforce"), small()};
  std::vector<Talk> talks;
  for (std::uint16_t i = 0; i < 30; ++i) talks.emplace_back(box, "10.0.0.9", "10.0.1.2", 40000 + i, 502);
  for (auto& talk : talks) {
    talk.open();
    for (std::uint16_t i = 0; i < 16; ++i)
      EXPECT_FALSE(payload_to(talk.say(Role::client, modbus(i, 1, {3, 0, 0, 0, 1})), kOt).empty());
  }
  for (auto& talk : talks)
    EXPECT_TRUE(payload_to(talk.say(Role::client, modbus(16, 1, {3, 0, 0, 0, 1})), kOt).empty());
  EXPECT_EQ(box.engine->counters().reasons[static_cast<std::size_t>(Reason::too_many_requests)], 30U);
  EXPECT_TRUE(opens(box, 50001));
}

TEST(Flood, memory_that_one_conduit_fills_leaves_another_its_part) {
  auto options = small();
  options.limits.flows = 8192;
  options.limits.retained_bytes = 1;  // 512 KiB is the least: 1,024 pieces
  Box box{two_conduits("enforce", "enforce"), options};
  Loop loop{box};
  const auto put = [&](const Bytes& frame, PortId port) { box.send(frame, port); };
  for (std::uint32_t number = 0; number < 900; ++number) unfinished(number, true, put);
  EXPECT_GT(box.engine->counters().reasons[static_cast<std::size_t>(Reason::memory_full)], 0U);
  for (int i = 0; i < 100; ++i) loop.round();
  EXPECT_EQ(loop.lost, 0U);
  EXPECT_TRUE(opens(box, 50001));
  box.expect_conserved();
}

TEST(Flood, segments_that_one_conduit_holds_leave_another_its_part) {
  Box box{two_conduits("enforce", "enforce"), small()};
  const auto put = [&](const Bytes& frame, PortId port) { box.send(frame, port); };
  for (std::uint32_t number = 0; number < 60; ++number) beyond_a_hole(number, true, put);
  EXPECT_EQ(box.engine->counters().held, 24U);
  EXPECT_EQ(box.engine->counters().reasons[static_cast<std::size_t>(Reason::held_full)], 36U);
  for (std::uint32_t number = 0; number < 8; ++number) beyond_a_hole(number, false, put);
  EXPECT_EQ(box.engine->counters().held, 32U);
  EXPECT_EQ(box.engine->counters().reasons[static_cast<std::size_t>(Reason::held_full)], 36U);
  box.expect_conserved();
  box.engine->drain();
  box.expect_conserved();
}

TEST(Flood, a_session_keeps_its_conduits_part_when_conduits_are_renumbered) {
  const auto text = two_conduits("enforce", "enforce");
  const auto cut = text.find("[[zone]]\nname = \"it1\"");
  Box box{text, small()};
  const auto put = [&](const Bytes& frame, PortId port) { box.send(frame, port); };
  std::uint32_t number = 0;
  while (number < 192) connection(number++, false, put);
  box.swap(text.substr(cut) + text.substr(0, cut));
  // The other conduit is the first now; its part was not touched by what the first one had.
  for (int i = 0; i < 64; ++i) connection(number++, true, put);
  EXPECT_EQ(box.engine->counters().flows, 256U);
  // And each has been charged to its own: what ends makes room for the same conduit again.
  put(build::tcp(link_of(0, false), {.source_port = port_of(0),
                                     .sequence = 1001,
                                     .acknowledgement = 5001,
                                     .flags = tcp_flag::rst | tcp_flag::ack}),
      kIt);
  connection(number++, false, put);
  EXPECT_EQ(box.engine->counters().reasons[static_cast<std::size_t>(Reason::flows_full)], 0U);
}

}  // namespace
}  // namespace sluice::test
