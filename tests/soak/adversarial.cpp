// Adversarial traffic against default deny and against random policies: nothing may be forwarded that the
// model denies, nothing of an undisturbed session may be dropped, and every frame must be accounted for.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <thread>

#include "dataplane/packet/checks.hpp"
#include "tests/traffic/flood.hpp"

namespace sluice::traffic {
namespace {

struct Options {
  std::uint64_t count = 1'000'000;
  std::uint64_t seed = 1;
  std::uint64_t from = 0;
  unsigned jobs = 1;
  std::string off;
  std::string capture;  // empty: none is written
};

// Writes the frames of one round that have an address of `wanted`'s, what came in and what left, as a
// capture.
class Capture final : public Recorder {
 public:
  Capture(const std::string& path, const std::vector<std::uint8_t>& wanted) : file_{path, std::ios::binary} {
    put(0xa1b2c3d4);  // the classic format, microseconds, Ethernet
    put(0x00040002);
    for (const std::uint32_t word : {0U, 0U, 65535U, 1U}) put(word);
    ends_ = ends_of(wanted.data(), static_cast<std::uint32_t>(wanted.size()));
  }

  void frame(std::uint64_t, bool out, std::uint32_t, const std::uint8_t* bytes, std::uint32_t size,
             std::int64_t now) override {
    const auto ends = ends_of(bytes, size);
    if (!ends.found || !ends_.found || ends.low != ends_.low || ends.high != ends_.high) return;
    put(static_cast<std::uint32_t>(now / 1'000'000'000));
    put(static_cast<std::uint32_t>(now % 1'000'000'000 / 1000 + (out ? 1 : 0)));
    put(size);
    put(size);
    file_.write(reinterpret_cast<const char*>(bytes), size);
    ++written_;
  }
  [[nodiscard]] std::uint32_t written() const { return written_; }

  void event(std::uint64_t number, const Event& event, bool denial) override {
    if (event.packet == nullptr || event.packet->frame.data == nullptr) return;
    const auto ends = ends_of(event.packet->frame.data, event.packet->frame.length);
    if (!ends_.found || !ends.found || ends.low != ends_.low || ends.high != ends_.high) return;
    events_[told_++ % events_.size()] =
        "  by frame " + std::to_string(number) + ": " +
        (denial ? "denied, " + std::string{name_of(event.reason)} : "allowed") + ", function " +
        std::to_string(event.function) + (event.is_response ? " answered" : " asked");
  }
  // The last events about these ends, oldest first.
  void tell() const {
    for (auto i = told_ < events_.size() ? 0 : told_ - events_.size(); i < told_; ++i)
      std::printf("%s\n", events_[i % events_.size()].c_str());
  }

 private:
  struct Ends {
    bool found = false;
    std::pair<Ip, std::uint16_t> low{}, high{};
  };
  static Ends ends_of(const std::uint8_t* bytes, std::uint32_t size) {
    const auto seen = model::look(bytes, size);
    if (!seen.is_ip) return {};
    const std::pair from{seen.source, seen.source_port}, to{seen.destination, seen.destination_port};
    return {true, std::min(from, to), std::max(from, to)};
  }
  void put(std::uint32_t word) { file_.write(reinterpret_cast<const char*>(&word), sizeof word); }

  std::ofstream file_;
  Ends ends_;
  std::uint32_t written_ = 0;
  std::array<std::string, 8> events_;
  std::size_t told_ = 0;
};

class Soak {
 public:
  explicit Soak(const Options& options) : options_{options} {}

  int run() {
    const auto start = std::chrono::steady_clock::now();
    next_ = options_.from / Flood::kRound * Flood::kRound;
    if (options_.from % Flood::kRound >= Flood::kDefaultDeny) next_ += Flood::kDefaultDeny;
    const auto end = options_.from + options_.count;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options_.jobs; ++i) threads.emplace_back([this, end] { work(end); });
    for (auto& thread : threads) thread.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return report(took.count());
  }

 private:
  void work(std::uint64_t end) {
    for (;;) {
      std::unique_lock lock{mutex_};
      if (failed_ || next_ >= end) return;
      const auto first = next_;
      next_ += Flood::length(first);
      lock.unlock();
      Flood flood{options_.seed, first};
      const bool fine = flood.run(end - first);
      lock.lock();
      tally_.add(flood.tally());
      if (fine || (failed_ && failure_.frame < flood.failure().frame)) continue;
      failed_ = true;
      failure_ = flood.failure();
      failed_round_ = first;
    }
  }

  int report(double took) const {
    const auto& t = tally_;
    const auto count = static_cast<double>(std::max<std::uint64_t>(t.frames, 1));
    const auto print = [](const char* name, std::uint64_t value) {
      std::printf(" %s %llu", name, static_cast<unsigned long long>(value));
    };
    std::printf("adversarial: seed %llu, %llu frames in %llu rounds, %.0f a second\n",
                static_cast<unsigned long long>(options_.seed), static_cast<unsigned long long>(t.frames),
                static_cast<unsigned long long>(t.rounds), count / took);
    std::printf("  mutations of allowed sessions %.1f %%, undisturbed %.1f %%\n",
                100 * static_cast<double>(t.mutated) / count,
                100 * static_cast<double>(t.undisturbed) / count);
    std::printf("  got as far as");
    std::array<double, kStages> reached{};
    double sum = 0;
    for (std::size_t i = kStages; i-- > 0;) reached[i] = sum += static_cast<double>(t.ended[i]);
    bool deep = true;
    for (std::size_t i = 1; i < kStages; ++i) {
      std::printf(" %s %.1f %%", kStageNames[i], 100 * reached[i] / count);
      deep &= reached[i] >= 0.05 * count;
    }
    std::printf("\n  of these ended there");
    for (std::size_t i = 0; i < kStages; ++i)
      std::printf(" %s %.1f %%", kStageNames[i], 100 * static_cast<double>(t.ended[i]) / count);
    std::printf("\n ");
    print("received", t.frames);
    print("made", t.made);
    print("= forwarded", t.forwarded);
    print("dropped", t.dropped);
    print("joined", t.joined);
    print("held", t.held);
    const bool conserved = t.frames + t.made == t.forwarded + t.dropped + t.joined + t.held;
    std::printf(conserved ? "\n " : " (not conserved)\n ");
    print("normalised", t.normalised);
    print("neutralised", t.neutralised);
    print("verdicts", t.verdicts);
    print("transactions", t.transactions);
    std::printf("\n  reasons");
    for (std::size_t i = 1; i < kReasonCount; ++i) {
      if (t.reasons[i] != 0) print(std::string{name_of(static_cast<Reason>(i))}.c_str(), t.reasons[i]);
    }
    std::printf("\n");
    if (failed_) return explain();
    const bool half = t.mutated * 2 >= t.frames;
    if (!half) std::printf("adversarial: fewer than half are mutations of allowed sessions\n");
    if (!deep) std::printf("adversarial: a stage was reached by fewer than 5 %%\n");
    std::printf("adversarial: %llu frames, 0 violations\n", static_cast<unsigned long long>(t.frames));
    return half && deep && conserved ? 0 : 1;
  }

  // The round again, with everything of these two hosts written down.
  int explain() const {
    const std::string path = options_.capture.empty() ? "/dev/null" : options_.capture;
    Capture capture{path, failure_.bytes};
    Flood again{options_.seed, failed_round_};
    (void)again.run(failure_.frame - failed_round_ + 1, &capture);
    if (!options_.capture.empty()) std::ofstream{path + ".toml"} << again.toml();
    std::printf("adversarial: violation at frame %llu of seed %llu: %s\n",
                static_cast<unsigned long long>(failure_.frame),
                static_cast<unsigned long long>(options_.seed), failure_.what.c_str());
    std::printf(
        "  again: --seed %llu --from %llu --count 1 --capture FILE; %u frames between its ends go to FILE, "
        "the "
        "policy to FILE.toml\n",
        static_cast<unsigned long long>(options_.seed), static_cast<unsigned long long>(failure_.frame),
        capture.written());
    capture.tell();
    return 1;
  }

  const Options& options_;
  std::mutex mutex_;
  std::uint64_t next_ = 0;
  Tally tally_;
  bool failed_ = false;
  Flood::Failure failure_;
  std::uint64_t failed_round_ = 0;
};

int main_of(int count, char** words) {
  // Each round makes and frees its tables: keep their pages.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  Options options;
  CLI::App app{
      "Adversarial frames through the engine, judged by a model: exit 1 when one is forwarded that must not "
      "be."};
  app.add_option("--count", options.count, "frames")->check(CLI::PositiveNumber);
  app.add_option("--seed", options.seed, "of all that is random");
  app.add_option("--from", options.from, "number of the frame to begin with: its whole round is run");
  app.add_option("--jobs", options.jobs, "threads")->check(CLI::Range(1, 64));
  app.add_option("--off", options.off, "switch one check of the pipeline off: then the run must fail");
  app.add_option("--capture", options.capture,
                 "where a failure leaves the frames of its two hosts, and beside it the policy");
  CLI11_PARSE(app, count, words);
  if (!options.off.empty()) {
    const auto found = std::find(kCheckNames.begin(), kCheckNames.end(), options.off);
    if (found == kCheckNames.end()) {
      std::fprintf(stderr, "adversarial: no check is called \"%s\"; there are", options.off.c_str());
      for (const auto name : kCheckNames) std::fprintf(stderr, " %s", std::string{name}.c_str());
      std::fprintf(stderr, "\n");
      return 2;
    }
#ifdef SLUICE_CHECK_SWITCHES
    switched::off = 1U << (found - kCheckNames.begin());
#else
    std::fprintf(stderr, "adversarial: this program was built without switches: use adversarial-switched\n");
    return 2;
#endif
  }
  return Soak{options}.run();
}

}  // namespace
}  // namespace sluice::traffic

int main(int count, char** words) { return sluice::traffic::main_of(count, words); }
