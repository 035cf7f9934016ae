#include "control/events/drain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "dataplane/channel/ring_events.hpp"

namespace sluice::events {
namespace {

using Json = nlohmann::json;

constexpr Schema kPacket{.name = "packet", .title = "", .standard = ""};
constexpr std::array<const Schema*, 1> kSchemas = {&kPacket};

std::vector<Json> lines_of(const std::string& path) {
  std::ifstream in{path};
  std::vector<Json> out;
  for (std::string line; std::getline(in, line);) out.push_back(Json::parse(line, nullptr, false));
  return out;
}

class Draining : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-events-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    file_ = folder_ + "/eve.json";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static std::shared_ptr<channel::SharedMemory> dataplane() {
    auto made = channel::SharedMemory::create(
        {.workers = 2, .ports = 1, .verdict_cells = 256, .transaction_cells = 64});
    EXPECT_TRUE(made);
    return std::make_shared<channel::SharedMemory>(std::move(*made));
  }
  static channel::RingEvents events_of(channel::SharedMemory& shared, std::uint32_t worker) {
    return {shared.verdict_writer(worker), shared.transaction_writer(worker), kSchemas, 1};
  }
  Drain drain(bool transactions = true) {
    return {{kSchemas, "box", file_, transactions}, [](Generation) { return failure("none"); }, feeds_};
  }
  static Event denial() {
    Event event;
    event.reason = Reason::spoofed;
    event.verdict = Verdict::drop;
    event.acted = true;
    event.generation = {3};
    return event;
  }

  std::string folder_;
  std::string file_;
  Feeds feeds_;
};

TEST_F(Draining, EventsOfEveryWorkerReachTheFileAndTheFollowers) {
  auto shared = dataplane();
  for (std::uint32_t worker = 0; worker < 2; ++worker) {
    auto events = events_of(*shared, worker);
    events.verdict(denial());
    events.transaction({});
  }
  auto drained = drain();
  EXPECT_EQ(drained.round(shared, {"eth1"}, 0, {1}), 4U);
  EXPECT_EQ(drained.round(shared, {"eth1"}, 0, {1}), 0U);
  const auto lines = lines_of(file_);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0]["event_type"], "drop");
  EXPECT_EQ(lines[0]["host"], "box");
  EXPECT_EQ(lines[0]["sluice"]["generation"], 3);
  EXPECT_EQ(drained.totals().verdicts, 2U);
  EXPECT_EQ(drained.totals().written, 4U);
  EXPECT_EQ(std::ranges::count(feeds_.all.read(0, 1U << 20U).lines, '\n'), 4);
  EXPECT_EQ(std::ranges::count(feeds_.verdicts.read(0, 1U << 20U).lines, '\n'), 2);
}

TEST_F(Draining, AnotherDataplaneIsReadAfterWhatWasLeftOfTheFirst) {
  auto first = dataplane();
  auto drained = drain();
  (void)drained.round(first, {}, 0, {1});
  events_of(*first, 1).verdict(denial());
  auto second = dataplane();
  events_of(*second, 0).verdict(denial());
  EXPECT_EQ(drained.round(second, {}, 0, {1}), 2U);
  EXPECT_EQ(drained.round(nullptr, {}, 0, {1}), 0U);
}

TEST_F(Draining, ADaemonThatComesBackGoesOnWhereTheLastOneStood) {
  auto shared = dataplane();
  auto events = events_of(*shared, 0);
  events.verdict(denial());
  {
    auto drained = drain();
    EXPECT_EQ(drained.round(shared, {}, 0, {1}), 1U);
  }
  events.verdict(denial());
  auto again = channel::SharedMemory::open(shared->fd());
  ASSERT_TRUE(again);
  auto drained = drain();
  EXPECT_EQ(drained.round(std::make_shared<channel::SharedMemory>(std::move(*again)), {}, 0, {1}), 1U);
  EXPECT_EQ(lines_of(file_).size(), 2U);
}

TEST_F(Draining, TransactionsAreLeftOutWhenNotWanted) {
  auto shared = dataplane();
  auto events = events_of(*shared, 0);
  events.verdict(denial());
  events.transaction({});
  auto drained = drain(false);
  EXPECT_EQ(drained.round(shared, {}, 0, {1}), 2U);
  EXPECT_EQ(lines_of(file_).size(), 1U);
}

TEST_F(Draining, AFileThatIsMovedAwayIsMadeAnewOnDemand) {
  Journal journal{file_};
  journal.write("a\n", {1});
  std::filesystem::rename(file_, file_ + ".1");
  journal.write("b\n", {1});
  journal.reopen();
  journal.write("c\n", {1});
  std::ifstream in{file_};
  std::string text;
  std::getline(in, text);
  EXPECT_EQ(text, "c");
  EXPECT_EQ(journal.written(), 3U);
}

TEST_F(Draining, AFullDiskIsCountedAndTriedAgainASecondLater) {
  ASSERT_EQ(symlink("/dev/full", file_.c_str()), 0);
  Journal journal{file_};
  journal.write("a\nb\n", Time{seconds(10).ns});
  EXPECT_EQ(journal.lost(), 2U);
  EXPECT_THAT(journal.error(), testing::HasSubstr("No space left"));
  std::filesystem::remove(file_);
  journal.write("c\n", Time{seconds(10).ns + 1});
  EXPECT_EQ(journal.lost(), 3U) << "not yet";
  journal.write("d\n", Time{seconds(11).ns});
  EXPECT_EQ(journal.written(), 1U);
  EXPECT_EQ(journal.error(), "");
}

TEST_F(Draining, AFileThatEndsWithinALineGoesOnWithAnother) {
  std::ofstream{file_} << "{\"half\":";
  Journal journal{file_};
  journal.write("{}\n", {1});
  const auto lines = lines_of(file_);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[1].is_object());
}

TEST_F(Draining, AFifoWithoutReaderOrAFolderStopsNobody) {
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  Journal fifo{file_};
  fifo.write("a\n", {seconds(5).ns});
  Journal folder{folder_};
  folder.write("a\n", {seconds(5).ns});
  EXPECT_EQ(folder.lost(), 1U);
}

TEST(Feed, KeepsTheLastLinesAndTellsWhoMissedSome) {
  Feed feed;
  for (std::size_t i = 0; i < Feed::kMostLines + 5; ++i) feed.add(std::to_string(i));
  auto page = feed.read(0, 10);
  EXPECT_EQ(page.missed, 5U);
  EXPECT_THAT(page.lines, testing::StartsWith("5\n6\n"));
  page = feed.read(feed.before_end(2), 1000);
  EXPECT_EQ(page.lines, "4003\n4004\n");
  EXPECT_EQ(feed.read(page.next, 1000).lines, "");
  feed.add(std::string(Feed::kMostBytes + 1, 'x'));
  EXPECT_EQ(feed.read(page.next, 1000).missed, 1U);
  EXPECT_EQ(feed.read(1'000'000, 1000).lines, "") << "a number from the future";
}

TEST(Images, AreReadOnceAndKnowWhatIsNotThere) {
  int loads = 0;
  Images images{[&](Generation) -> Result<std::vector<std::uint8_t>> {
                  ++loads;
                  return std::vector<std::uint8_t>(5);
                },
                kSchemas};
  for (int round = 0; round < 3; ++round) EXPECT_EQ(images.find({1}), nullptr);
  EXPECT_EQ(loads, 1);
  for (std::uint64_t i = 2; i < 20; ++i) (void)images.find({i});
  (void)images.find({1});
  EXPECT_EQ(loads, 20);
}

}  // namespace
}  // namespace sluice::events
