// What the tests of headers share: a policy that lets pass whatever is well made, and how one frame fares
// under it, enforced and observed.
#pragma once

#include <functional>
#include <string>

#include "dataplane/engine/engine_test.hpp"

namespace sluice::test {

using Before = std::function<void(Box&)>;

inline const std::string kEverything = kReads + R"(
[[allow]]
from = "it"
to = ["ot", { zone = "ot", group = "broadcast" }, { zone = "ot", group = "239.0.0.0/8" }, { zone = "ot", group = "ff00::/8" }]
protocol = "udp"
ports = ["0..65535"]
reason = "all of it"
[[allow]]
from = "ot"
to = ["it", { zone = "it", group = "broadcast" }]
protocol = "udp"
ports = ["0..65535"]
reason = "all of it"
[[allow]]
from = "it"
to = "ot"
protocol = "tcp"
ports = [5000]
reason = "opaque"
[[allow]]
from = "it"
to = ["ot", { zone = "ot", group = "broadcast" }]
protocol = "icmp"
ports = ["0..255"]
reason = "every type"
[[allow]]
from = "ot"
to = "it"
protocol = "icmp"
ports = ["0..255"]
reason = "every type"
)";

inline std::string everything(const std::string& mode, const std::string& more = "",
                              const std::string& rules = "") {
  return kZones +
         conduit(mode, "groundwork = [\"arp\", \"nd\", \"icmp-errors\", \"dhcp\", \"igmp-mld\"]\n" + more) +
         kReads + std::string{kEverything} + rules;
}

// A unicast frame from the HMI to the PLC.
inline build::Link to_plc() { return {.source = "10.0.0.1", .destination = "10.0.1.2"}; }
inline build::Link to_plc6() { return {.source = "fd00::1", .destination = "fd00:0:0:1::2"}; }

// Little, so that many boxes can be made.
inline EngineOptions small() {
  EngineOptions options;
  options.limits.flows = 64;
  options.limits.held_frames = 16;
  options.limits.retained_bytes = 1U << 20;
  return options;
}

struct Setting {
  std::string more{};   // lines of the conduit
  std::string rules{};  // beside those that let everything pass
  PortId port = kIt;
  Before before{};
};

// Enforced it is dropped for `reason`; observed it leaves as it came, and the same is told.
inline void expect_dropped(const Bytes& frame, Reason reason, const Setting& setting = {}) {
  for (const auto* mode : {"enforce", "monitor"}) {
    SCOPED_TRACE(mode);
    const bool enforced = std::string{mode} == "enforce";
    Box box{everything(mode, setting.more, setting.rules), small()};
    if (setting.before) setting.before(box);
    box.log.verdicts.clear();
    const auto dropped = box.engine->counters().dropped;
    const auto left = box.send(frame, setting.port);
    const auto& counters = box.engine->counters();
    EXPECT_EQ(counters.dropped - dropped, enforced ? 1U : 0U);
    ASSERT_EQ(left.size(), enforced ? 0U : 1U);
    if (!enforced) {
      EXPECT_EQ(left[0].bytes, frame);
      EXPECT_NE(left[0].to, setting.port);
    }
    ASSERT_FALSE(box.log.verdicts.empty());
    EXPECT_EQ(box.log.verdicts[0].reason, reason)
        << name_of(box.log.verdicts[0].reason) << ", not " << name_of(reason);
    EXPECT_EQ(box.log.verdicts[0].verdict, Verdict::drop);
    EXPECT_EQ(box.log.verdicts[0].acted, enforced);
    EXPECT_GE(counters.reasons[static_cast<std::size_t>(reason)], 1U);
    box.expect_conserved();
  }
}

// Enforced it leaves as `expected`, which is told once for many if it is not what came; observed it leaves as
// it came.
inline void expect_becomes(const Bytes& frame, const Bytes& expected, Reason reason,
                           const Setting& setting = {}) {
  for (const auto* mode : {"enforce", "monitor"}) {
    SCOPED_TRACE(mode);
    const bool enforced = std::string{mode} == "enforce";
    Box box{everything(mode, setting.more, setting.rules), small()};
    if (setting.before) setting.before(box);
    box.log.verdicts.clear();
    const auto normalised = box.engine->counters().normalised;
    const auto left = box.send(frame, setting.port);
    ASSERT_EQ(left.size(), 1U) << (box.log.verdicts.empty() ? "" : name_of(box.log.verdicts[0].reason));
    EXPECT_EQ(left[0].bytes, enforced ? expected : frame);
    const bool changes = frame != expected;
    EXPECT_EQ(box.engine->counters().normalised - normalised, enforced && changes ? 1U : 0U);
    ASSERT_EQ(box.log.verdicts.size(), changes ? 1U : 0U)
        << name_of(box.log.verdicts[0].reason) << " was told";
    if (changes) {
      EXPECT_EQ(box.log.verdicts[0].reason, reason)
          << name_of(box.log.verdicts[0].reason) << ", not " << name_of(reason);
      EXPECT_EQ(box.log.verdicts[0].verdict, Verdict::forward);
      EXPECT_EQ(box.log.verdicts[0].acted, enforced);
    }
    EXPECT_EQ(box.engine->counters().dropped, 0U);
    EXPECT_EQ(box.engine->counters().would_deny, 0U);
    box.expect_conserved();
  }
}

inline void expect_passes(const Bytes& frame, const Setting& setting = {}) {
  expect_becomes(frame, frame, Reason::none, setting);
}

inline void open_session(Box& box) {
  Talk talk{box};
  talk.open();
}

// A segment of the session that open_session() opened, from its client.
inline build::Segment in_session(Bytes payload = {}) {
  return {.source_port = 40000,
          .destination_port = 502,
          .sequence = 1001,
          .acknowledgement = 7001,
          .flags = tcp_flag::ack | tcp_flag::psh,
          .payload = std::move(payload)};
}

inline Bytes with_byte(Bytes frame, std::size_t at, std::uint8_t value) {
  frame.at(at) = value;
  return frame;
}
inline Bytes repaired(Bytes frame) {
  build::repair_checksums(frame);
  return frame;
}

}  // namespace sluice::test
