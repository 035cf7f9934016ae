// The receiver oracle: hostile schedules of segments and fragments through the engine to a real TCP stack.
// What its application reads must be what the engine inspected, and never a denied request.
// Exit: 0 no mismatch, 1 mismatches, 2 bad use, 77 the stack can't run here.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "dataplane/packet/checks.hpp"
#include "tests/receiver/attack.hpp"

namespace sluice::receiver {
namespace {

struct Options {
  std::string stack = "lwip";
  std::uint64_t count = 0;
  std::uint64_t seed = 1;
  std::uint64_t every = 1;
  std::uint64_t from = 0;
  std::string off;
  bool exhaustive = false;
  bool show = false;
};

bool switch_off([[maybe_unused]] const std::string& name) {
#ifdef SLUICE_CHECK_SWITCHES
  for (std::size_t i = 0; i < kCheckNames.size(); ++i) {
    if (kCheckNames[i] != name) continue;
    switched::off |= 1U << i;
    return true;
  }
#endif
  return false;
}

int run(const Options& options) {
  std::string why;
  const auto stack = options.stack == "lwip" ? make_lwip(why) : make_linux(why);
  if (stack == nullptr) {
    std::printf("receiver: skipped, %s\n", why.c_str());
    return 77;
  }
  Course course{*stack};
  const auto begin = std::chrono::steady_clock::now();
  const std::uint64_t all = options.exhaustive ? exhaustive_count() : options.count;
  std::uint64_t shown = 0;
  for (std::uint64_t i = options.from; i < all; i += options.every) {
    const std::uint64_t seed = options.exhaustive ? i : options.seed + i;
    const Plan plan = options.exhaustive ? exhaustive_plan(i) : random_plan(seed, true);
    const std::string wrong = carry_out(plan, course);
    if (options.show) print(plan);
    if (wrong.empty()) continue;
    ++course.totals.mismatches;
    if (shown++ == 5) break;
    std::printf("mismatch: %s %llu: %s\n", options.exhaustive ? "--exhaustive --from" : "--count 1 --seed",
                static_cast<unsigned long long>(seed), wrong.c_str());
    print(plan);
    std::printf("  read:");
    for (const char c : course.read()) std::printf(" %02x", static_cast<unsigned char>(c));
    std::printf("\n");
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const Totals& totals = course.totals;
  const auto& reasons = course.counters().reasons;
  const auto count = [](std::uint64_t number) { return static_cast<unsigned long long>(number); };
  if (!options.exhaustive) std::printf("seed %llu\n", count(options.seed));
  std::printf("%s: %llu schedules (%llu opened), %llu frames, %.0f schedules/s\n", options.stack.c_str(),
              count(totals.schedules), count(totals.opened), count(totals.frames),
              static_cast<double>(totals.schedules) / seconds);
  std::printf("delivered: %llu bytes, %llu whole requests; inspected and allowed: %llu\n",
              count(totals.delivered), count(totals.requests), count(totals.inspected));
  std::printf("denied requests: %llu; stand-ins read: %llu; conflicts: %llu; lost behind the engine: %llu\n",
              count(totals.denied), count(totals.stand_ins),
              count(reasons[static_cast<std::size_t>(Reason::conflict)]), count(totals.lost));
  if (options.exhaustive) std::printf("of %llu plans\n", count(all));
  std::printf("fragments joined: %llu; normalised: %llu\n", count(course.counters().joined),
              count(course.counters().normalised));
  std::printf("reasons:");
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    if (reasons[i] != 0)
      std::printf(" %s %llu", std::string{name_of(static_cast<Reason>(i))}.c_str(), count(reasons[i]));
  }
  std::printf("\nreceiver: %llu schedules, %llu mismatches\n", count(totals.schedules),
              count(totals.mismatches));
  return totals.mismatches == 0 ? 0 : 1;
}

}  // namespace
}  // namespace sluice::receiver

int main(int argc, char** argv) {
  CLI::App app{"Sends hostile segment and fragment schedules through the engine to a real TCP stack"};
  sluice::receiver::Options options;
  auto* count = app.add_option("--count", options.count, "How many schedules");
  app.add_option("--seed", options.seed, "Of the first schedule; each next one has the next");
  app.add_option("--stack", options.stack, "Who receives")->check(CLI::IsMember({"lwip", "linux"}));
  app.add_flag("--exhaustive", options.exhaustive, "Every set of up to three pieces")->excludes(count);
  app.add_option("--from", options.from, "Leave out so many first");
  app.add_option("--every", options.every, "Only each Nth")->check(CLI::PositiveNumber);
  app.add_flag("--show", options.show, "Print every plan");
  app.add_option("--off", options.off, "Switch off this check of the engine; only in receiver-switched");
  app.footer("Example: receiver --stack linux --count 100000");
  try {
    app.parse(argc, argv);
    if (!options.off.empty() && !sluice::receiver::switch_off(options.off))
      throw CLI::ValidationError("--off", "there is no switch of this name in this program");
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return sluice::receiver::run(options);
}
