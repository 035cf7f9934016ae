#include "dataplane/app/handover.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dataplane/app/clock.hpp"

namespace sluice {
namespace {

constexpr Duration kLook = {100'000};  // between two looks at the workers

std::string number(Generation generation) { return std::to_string(generation.value); }

// Waits in short sleeps until `condition` holds; false when it does not within `most`.
template <class Condition>
bool wait_until(Condition&& condition, Duration most) {
  for (const auto begun = monotonic(); !condition();) {
    if (monotonic() - begun >= most) return false;
    const timespec pause{0, static_cast<long>(kLook.ns)};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
  }
  return true;
}

}  // namespace

Generation Handover::running() const noexcept {
  return rules_.running() == nullptr ? Generation{} : rules_.running()->generation();
}

void Handover::start(std::vector<std::uint8_t> image) {
  auto loaded = Ruleset::load(std::move(image), registry(), port_names_, workers_);
  if (!loaded) {
    refuse_start(loaded.error());
    return;
  }
  confirmed_ = (*loaded)->generation();
  rules_.publish(std::move(*loaded));
  rules_.confirm();
  log_("generation " + number(confirmed_) + " runs, from the start image");
}

void Handover::refuse_start(const Error& error) {
  remark_ = "the start image is not used: " + error.text();
  log_(remark_ + "; all is closed until an image is handed over");
}

void Handover::tick() {
  rules_.reclaim();
  if (deadline_.ns != 0 && clock_() >= deadline_) go_back();
}

void Handover::go_back() {
  const auto candidate = running();
  deadline_ = {};
  if (!rules_.roll_back()) rules_.withdraw();
  remark_ =
      "generation " + number(candidate) + " was not confirmed in time: " +
      (running().value == 0 ? "all is closed again" : "generation " + number(running()) + " runs again");
  log_(remark_);
}

void Handover::state(channel::State& state) noexcept {
  state.schemas = fingerprint(registry().schemas);
  state.running = running().value;
  state.confirmed = confirmed_.value;
  if (const auto* ruleset = rules_.running(); ruleset != nullptr) {
    state.running_digest = ruleset->image().header().digest;
    state.running_source = ruleset->image().header().source_digest;
  }
  state.confirm_left_ns = deadline_.ns == 0 ? 0 : std::max<std::uint64_t>(1, (deadline_ - clock_()).ns);
  state.port_count = static_cast<std::uint32_t>(std::min(port_names_.size(), state.ports.size()));
  for (std::uint32_t i = 0; i < state.port_count; ++i) state.ports[i].set(port_names_[i]);
  state.remark.set(remark_);
}

Result<void> Handover::publish(std::vector<std::uint8_t> image, Generation generation,
                               Duration confirm_within) {
  auto loaded = Ruleset::load(std::move(image), registry(), port_names_, workers_);
  if (!loaded) return tl::unexpected{loaded.error()};
  if (!wait_until([&] { return rules_.has_room(); }, kMostWait)) {
    return failure("an earlier ruleset is still in use: a worker hangs", "restart the dataplane");
  }
  rules_.publish(std::move(*loaded));
  if (!wait_until([&] { return rules_.settled(); }, kMostWait)) {
    if (!rules_.roll_back()) rules_.withdraw();
    return failure("a worker does not take the new ruleset: it hangs", "restart the dataplane");
  }
  remark_.clear();
  if (confirm_within.ns == 0) {
    rules_.confirm();
    deadline_ = {};
    log_("generation " + number(generation) + " runs");
  } else {
    deadline_ = clock_() + confirm_within;
    log_("generation " + number(generation) + " runs until it is confirmed, at most " +
         std::to_string(confirm_within.ns / 1'000'000) + " ms");
  }
  return {};
}

Result<void> Handover::confirm(Generation generation) {
  if (generation.value == 0 || generation != running()) {
    return failure("generation " + number(running()) + " is running, not " + number(generation),
                   "commit again");
  }
  rules_.confirm();
  deadline_ = {};
  confirmed_ = generation;
  return {};
}

Result<std::vector<std::uint8_t>> read_image(const std::string& path, std::size_t most) {
  const auto failed = [&](const std::string& what) {
    return failure("can't read the image \"" + path + "\": " + what);
  };
  const channel::Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file.open()) return failed(std::strerror(errno));
  struct stat about {};
  if (fstat(file.get(), &about) != 0) return failed(std::strerror(errno));
  if (!S_ISREG(about.st_mode)) return failed("it is no file");
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size > most) return failed("it has more than " + std::to_string(most) + " bytes");
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t done = 0; done < size;) {
    const auto count = read(file.get(), bytes.data() + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return failed(count == 0 ? "it became shorter" : std::strerror(errno));
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

}  // namespace sluice
