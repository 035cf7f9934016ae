// Flood: one round of traffic through an engine, with a guard at each exit. A round has its own policy, its
// own engine and its own numbers, all from the seed and the round's number, so that it can be run again by
// itself. After each burst everything received must be forwarded, dropped, joined or held. One thread per
// Flood.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/engine/engine.hpp"
#include "dataplane/ruleset/ruleset.hpp"
#include "tests/model/guard.hpp"
#include "tests/traffic/generator.hpp"

namespace sluice::traffic {

// How far into the pipeline a frame got.
enum class Stage : std::uint8_t { link, transport, stream, frame, decode, policy, count_ };
inline constexpr std::size_t kStages = static_cast<std::size_t>(Stage::count_);
inline constexpr std::array<const char*, kStages> kStageNames = {"link",  "L4",     "stream",
                                                                 "frame", "decode", "policy"};

struct Tally {
  std::uint64_t frames = 0, mutated = 0, undisturbed = 0, rounds = 0;
  std::uint64_t forwarded = 0, dropped = 0, joined = 0, held = 0, made = 0, normalised = 0, neutralised = 0;
  std::uint64_t verdicts = 0, transactions = 0;
  std::array<std::uint64_t, kStages> ended{};  // by the last stage that they reached
  std::array<std::uint64_t, kReasonCount> reasons{};

  void add(const Tally& other);
};

// A frame on its way in or out, for who wants to look at it afterwards.
class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void frame(std::uint64_t number, bool out, std::uint32_t port, const std::uint8_t* bytes,
                     std::uint32_t size, std::int64_t now) = 0;
  virtual void event(std::uint64_t number, const Event& event, bool denial) = 0;
};

class Flood final : private Buffers, private Events {
 public:
  static constexpr std::uint64_t kRound = 16384;       // frames of two rounds, one after the other:
  static constexpr std::uint64_t kDefaultDeny = 1024;  // the first is without any rule

  struct Failure {
    std::uint64_t frame = 0;  // of all
    std::string what;
    std::vector<std::uint8_t> bytes;  // the frame that left, or should have
  };

  // `first`: number of its first frame, a multiple of kRound, or kDefaultDeny above one.
  Flood(std::uint64_t seed, std::uint64_t first);
  ~Flood();

  // At most `most` frames; false when something was wrong: then failure() says what.
  bool run(std::uint64_t most, Recorder* recorder = nullptr);

  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] const Failure& failure() const { return failure_; }
  [[nodiscard]] const std::string& toml() const { return toml_; }

  // How many frames the round that begins there has.
  static std::uint64_t length(std::uint64_t first) {
    return first % kRound == 0 ? kDefaultDeny : kRound - kDefaultDeny;
  }

 private:
  struct Slot {
    bool used = false;
    bool own = false;  // the engine's
    bool must_pass = false;
    std::uint8_t session = 0xff;
    Stage stage = Stage::link;
    std::uint64_t number = 0;
  };
  static constexpr std::uint32_t kSlots = 768, kSlotBytes = 2048;

  void forward(sluice::Frame frame, PortId to) noexcept override;
  void release(sluice::Frame frame) noexcept override;
  sluice::Frame allocate(std::uint32_t length) noexcept override;
  void verdict(const Event& event) noexcept override;
  void transaction(const Event& event) noexcept override;

  sluice::Frame take(std::uint32_t length);
  [[nodiscard]] Slot& slot_of(const sluice::Frame& frame);
  void give(const sluice::Frame& frame);
  void reach(const Event& event, Stage stage);
  void fail(std::uint64_t number, std::string what, const sluice::Frame& frame);
  void check_conservation();

  std::uint64_t first_;
  model::Random random_;
  model::Plant plant_;
  std::string toml_;
  model::Guard guard_;
  Generator generator_;
  std::unique_ptr<const Ruleset> rules_;
  std::unique_ptr<const Ruleset>
      again_;  // the same text, of another generation; now and then they change places
  std::vector<std::uint8_t> arena_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::unique_ptr<Engine> engine_;
  std::int64_t now_ = 1'000'000'000;
  std::uint64_t number_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t closed_ = 0;  // of the engine's counter
  Reason last_ = Reason::none;
  Tally tally_;
  Failure failure_;
  bool failed_ = false;
  Recorder* recorder_ = nullptr;
};

}  // namespace sluice::traffic
