// The engine's inside: the state of one worker and the steps of a packet's life, in the order in which they
// are called. engine.cpp holds the pipeline and what is about single packets, session.cpp what is about
// conversations.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "dataplane/engine/engine.hpp"
#include "dataplane/engine/flow.hpp"
#include "dataplane/engine/judge.hpp"
#include "dataplane/engine/limit.hpp"
#include "dataplane/engine/policy.hpp"
#include "dataplane/engine/rewrites.hpp"
#include "dataplane/engine/transit.hpp"
#include "dataplane/flow/fleeting.hpp"
#include "dataplane/flow/fragments.hpp"
#include "dataplane/flow/shares.hpp"
#include "dataplane/flow/table.hpp"
#include "dataplane/packet/tunnel.hpp"
#include "dataplane/stream/pools.hpp"
#include "rules/schema/groundwork.hpp"

namespace sluice {

using FlowEntry = FlowTable<Flow>::Entry;

// What looking into bytes came to.
struct Inspection {
  Judgement judgement{};
  std::uint32_t used = 0;      // bytes at the front that were whole messages, or that nobody will read
  std::uint32_t messages = 0;  // whole ones among them
};

struct Engine::State {
  State(const EngineOptions& options, const Registry& registry, Buffers& buffers, Events& events);

  // The life of a packet (engine.cpp).
  void frame(const Frame& frame, Time now, const Ruleset* rules) noexcept;
  void packet(Transit& transit) noexcept;
  void layers(Transit& transit) noexcept;
  [[nodiscard]] bool place(Transit& transit) noexcept;
  void link(Transit& transit, Groundwork groundwork) noexcept;
  void by_number(Transit& transit) noexcept;
  [[nodiscard]] bool about_live_flow(const Transit& transit) noexcept;
  void examine(Transit& transit, const Frame& frame) noexcept;

  // Packets within packets (inner.cpp).
  [[nodiscard]] std::optional<Encapsulation> tunnel_of(const Transit& transit) noexcept;
  [[nodiscard]] static bool may_enter(const Transit& transit, const Encapsulation& around) noexcept;
  void enter(Transit& transit, const Encapsulation& around) noexcept;

  // Datagrams in pieces (whole.cpp).
  class FragmentEndings;
  [[nodiscard]] Reason may_wait(Transit& transit) const noexcept;
  void fragment(Transit& transit) noexcept;
  void join(Transit& last, const Fragments::Whole& whole, Fragments::Custody custody) noexcept;
  void leave_in_pieces(Transit& transit) noexcept;
  void came_to_nothing(Fragments::Custody custody, std::uint32_t count, Reason reason) noexcept;

  // Headers (normalise.cpp).
  [[nodiscard]] bool normalise(Transit& transit, std::optional<Groundwork> groundwork) noexcept;
  void note(Transit& transit, Reason reason, std::size_t row) noexcept;
  void tell(const Transit& transit, Reason reason) noexcept;
  void watch_ttl(Transit& transit, Flow& flow, Direction direction) noexcept;
  [[nodiscard]] bool within(Transit& transit, Bucket& bucket, std::uint32_t per_second) noexcept;

  // Conversations (session.cpp).
  void datagram(Transit& transit) noexcept;
  void segment(Transit& transit) noexcept;
  void one_segment(Transit& transit, Flow& flow, Direction direction) noexcept;
  void unseen(Transit& transit, Flow& flow, Direction direction, const Step& seen) noexcept;
  void challenge(const Transit& transit, const Flow& flow, Direction direction) noexcept;
  [[nodiscard]] Judgement judge_segment(const Transit& transit, const Flow& flow, Direction direction,
                                        const Step& step, const Inspection& inspection,
                                        bool unfinished) const noexcept;
  [[nodiscard]] Judgement out_of_step(const Transit& transit, Flow& flow,
                                      const Judgement& judgement) noexcept;
  FlowEntry* flow_of(Transit& transit, Direction& direction, Reason& why) noexcept;
  void begin(Transit& transit, Flow& flow, Direction direction, const Ends& ends) noexcept;
  void resolve(const Transit& transit, Flow& flow, Direction direction, const Ends& ends) noexcept;
  void admit(const Transit& transit, Flow& flow) noexcept;
  void name_ends(Transit& transit, const Flow& flow, Direction direction) const noexcept;

  // Room in the table of flows (room.cpp).
  void entitle(const Ruleset& rules) noexcept;
  [[nodiscard]] Owner owner_of(const Transit& transit) const noexcept;
  [[nodiscard]] Owner owner_of(const Transit& transit, const Flow& flow) const noexcept;
  [[nodiscard]] bool let_in(Transit& transit, Flow& flow) noexcept;
  [[nodiscard]] bool give_way(Transit& transit, Owner owner) noexcept;
  void rank(Transit& transit, Flow& flow) noexcept;
  void rank(Transit& transit, Flow& flow, Fleet fleet) noexcept;
  void charge(Flow& flow, Owner owner) noexcept;
  void charge_memory(const Flow& flow) noexcept;
  void forget(FlowEntry& entry) noexcept;
  void leave(Flow& flow) noexcept;

  // Content (content.cpp): from bytes in order to messages to a judgement.
  // The last `fresh` of the bytes are the end of this packet's payload; those in front have left.
  Inspection inspect(Transit& transit, Flow& flow, Direction direction, ByteView bytes,
                     std::uint32_t fresh) noexcept;
  [[nodiscard]] Judgement decide_content(Transit& transit, Flow& flow, Direction direction,
                                         ByteView bytes) noexcept;
  [[nodiscard]] Inspection walk(Transit& transit, Flow& flow, Direction direction, ByteView bytes,
                                std::uint32_t fresh) noexcept;
  [[nodiscard]] Judgement unframed(Transit& transit, Flow& flow, Role role) noexcept;
  [[nodiscard]] ProtocolId recognised(Role role, ByteView bytes) const noexcept;
  [[nodiscard]] bool may_be_recognised(Role role, ByteView bytes) const noexcept;

  // Denial that leaves the session alive (neutralise.cpp).
  [[nodiscard]] bool opted_in(const Transit& transit, const Flow& flow) const noexcept;
  [[nodiscard]] bool neutralise(Transit& transit, Flow& flow, const Scene& scene, Judgement judgement,
                                ByteView pdu, std::uint32_t at) noexcept;
  [[nodiscard]] bool known(const Transit& transit, const Flow& flow, std::uint16_t function) const noexcept;
  void restore_answer(const Transit& transit, const Flow& flow, ByteView pdu, std::uint32_t at) noexcept;
  [[nodiscard]] bool rewrite(Transit& transit, Flow& flow, Direction direction, std::uint32_t fresh) noexcept;

  // What becomes of it (enforce.cpp). Each ends the frame's way, but for report().
  void pass(Transit& transit) noexcept;
  void drop(Transit& transit) noexcept;
  void refuse(Transit& transit, Reason reason) noexcept;
  void refuse(Transit& transit, const Judgement& judgement, Flow* flow, Direction direction) noexcept;
  [[nodiscard]] static Verdict verdict_of(const Transit& transit, const Judgement& judgement) noexcept;
  Verdict report(Transit& transit, const Judgement& judgement) noexcept;
  void mention(const Transit& transit, Reason reason) noexcept;
  void reset(Transit& transit, Flow* flow, Direction direction) noexcept;
  void let_go_of_held(Flow& flow, bool forward, const Ruleset* rules) noexcept;
  void end(Flow& flow) noexcept;
  void let_go_of_bytes(Flow& flow) noexcept;
  void farewell(Transit& transit, Flow& flow) noexcept;

  // What time ends (tick.cpp).
  [[nodiscard]] bool overdue(const Flow& flow, Direction direction, Time now) const noexcept;
  void give_up(FlowEntry& entry, Time now, const Ruleset& rules) noexcept;

  const Registry& registry;
  const EngineOptions settings;
  Buffers& buffers;
  Events& events;
  Policy policy;
  BytePool retained;
  Assembler assembler;
  Judge judge;
  FlowTable<Flow> flows;  // of one more than may stay: whose part a new one takes is known when it is in
  Shares shares;
  Generation entitled;  // whose conduits `shares` knows
  Quota flow_room;
  Quota half_open_room;
  Fleeting fleeting;
  HeldPool held;
  StreamPools pools;
  Rewrites rewrites;
  Fragments fragments;
  std::vector<std::uint8_t> joint;  // a datagram that is joined and has no frame of its own
  // By conduit and side; conduits that are this many apart share.
  static constexpr std::size_t kBuckets = 1024;
  [[nodiscard]] static std::size_t bucket_of(const Ruleset::Place& place) noexcept {
    return (std::size_t{place.conduit.value} * 2 + place.side) % kBuckets;
  }
  std::array<Bucket, kBuckets> neighbours{};
  std::array<Bucket, kBuckets> icmp_errors{};
  Tellings tellings;
  EngineCounters counters;
  std::uint64_t next_flow = 1;
  std::uint64_t challenge_second = 0;
  std::uint32_t challenges = 0;  // in that second
  std::uint32_t looked_at = 0;   // where tick() goes on
};

// Counts and tells what becomes of fragments that are never joined.
class Engine::State::FragmentEndings final : public Fragments::Endings {
 public:
  FragmentEndings(State& state, const Ruleset* rules, Time now) noexcept
      : state_{state}, rules_{rules}, now_{now} {}
  void ended(const Packet& model, Fragments::Custody custody, std::uint32_t count,
             Reason reason) noexcept override;

 private:
  State& state_;
  const Ruleset* rules_;
  Time now_;
};

}  // namespace sluice
