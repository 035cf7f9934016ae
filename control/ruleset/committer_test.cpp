#include "control/ruleset/committer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "control/config/config.hpp"
#include "rules/image/digest.hpp"
#include "rules/image/writer.hpp"

namespace sluice {
namespace {

constexpr Schema kPacket{.name = "packet", .title = "", .standard = ""};
constexpr std::array<const Schema*, 1> kSchemas = {&kPacket};

// A dataplane that keeps what it was given, or dies at a chosen point.
struct Fake final : Dataplane {
  bool connected = true;
  bool refuse = false;
  bool lose_answer = false;  // it runs, but nobody hears
  bool lose_request = false;
  channel::State now;
  int published = 0;

  std::optional<channel::State> ask() override {
    if (!connected) return {};
    return now;
  }
  Result<channel::Answer> publish(int image, Generation generation, const channel::Digest& digest,
                                  Duration) override {
    ++published;
    EXPECT_TRUE(channel::read_sealed(image, 1U << 20U));
    if (lose_request) return failure("the dataplane does not answer");
    channel::Answer answer;
    if (refuse) {
      answer.reason.set("no port eth9");
    } else {
      now.running = generation.value;
      now.running_digest = digest;
      answer.done = 1;
    }
    answer.running = now.running;
    if (lose_answer) return failure("the dataplane does not answer");
    return answer;
  }
  Result<channel::Answer> confirm(Generation generation) override {
    channel::Answer answer;
    answer.done = generation.value == now.running ? 1 : 0;
    if (answer.done == 1) now.confirmed = generation.value;
    return answer;
  }
};

class Commit : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/dev/shm/sluice-commit-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    restart();
  }
  void TearDown() override {
    committer_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void restart() {
    committer_.reset();
    store_.reset();
    auto store = Store::open(folder_ + "/state");
    ASSERT_TRUE(store) << store.error().text();
    store_.emplace(std::move(*store));
    committer_.emplace(
        *store_, dataplane_, kSchemas,
        [this](const std::string& path, Diagnostics& diagnostics) { return compile(path, diagnostics); });
  }
  // Stands for the child: the zone is named as the configuration says.
  std::optional<CompiledImage> compile(const std::string& path, Diagnostics& diagnostics) {
    ++compiled_;
    const auto text = config::read_text(path + "/plant.toml", 1000);
    EXPECT_TRUE(text) << path;
    if (!text || *text == "wrong") {
      diagnostics.add({path + "/plant.toml", 3, 1}, "is wrong", "mend it");
      return {};
    }
    if (*text == "deadly") {
      diagnostics.add({}, "the compiler died");
      return {};
    }
    image::Writer writer;
    writer.zones = {{writer.intern(*text)}};
    CompiledImage out;
    out.image = writer.finish({fingerprint_, 0, {}});
    return out;
  }
  std::variant<Committed, Rejected> commit(const std::string& text) {
    CommitRequest request;
    request.sources = {{"etc/plant.toml", text}};
    return committer_->commit(request);
  }
  static std::string why(const std::variant<Committed, Rejected>& outcome) {
    const auto* const rejected = std::get_if<Rejected>(&outcome);
    return rejected == nullptr ? "" : rejected->diagnostics.errors().front().text();
  }
  std::string policy() const {
    return config::read_text(store_->sources_of(store_->confirmed()) + "/plant.toml", 99).value_or("none");
  }

  std::uint64_t fingerprint_ = fingerprint(kSchemas);
  int compiled_ = 0;
  std::string folder_;
  Fake dataplane_;
  std::optional<Store> store_;
  std::optional<Committer> committer_;
};

TEST_F(Commit, MakesAConfigurationThePolicyOfDataplaneAndDisk) {
  const auto outcome = commit("one");
  const auto* const committed = std::get_if<Committed>(&outcome);
  ASSERT_NE(committed, nullptr) << why(outcome);
  EXPECT_EQ(committed->generation.value, 1U);
  EXPECT_TRUE(committed->remarks.empty());
  EXPECT_EQ(dataplane_.now.running, 1U);
  EXPECT_EQ(dataplane_.now.confirmed, 1U);
  EXPECT_EQ(policy(), "one");
  const auto image = store_->image({1});
  image::Header header;
  std::memcpy(&header, image->data(), sizeof header);
  EXPECT_EQ(header.generation, 1U);
}

TEST_F(Commit, ErrorsNameTheFilesThatPeopleHaveAndNothingChanges) {
  (void)commit("one");
  EXPECT_EQ(why(commit("wrong")), "etc/plant.toml:3:1: is wrong; mend it");
  EXPECT_EQ(std::get<Rejected>(commit("wrong")).kind, Rejected::Kind::configuration);
  EXPECT_EQ(std::get<Rejected>(commit("deadly")).kind, Rejected::Kind::daemon);
  EXPECT_EQ(policy(), "one");
  EXPECT_EQ(store_->history().size(), 1U);
  EXPECT_EQ(dataplane_.published, 1);
}

TEST_F(Commit, WithoutADataplaneNothingIsCommitted) {
  dataplane_.connected = false;
  EXPECT_THAT(why(commit("one")), testing::HasSubstr("not connected"));
  EXPECT_EQ(store_->history().size(), 0U);
}

TEST_F(Commit, ARefusalIsHandedBackAndRemembered) {
  (void)commit("one");
  dataplane_.refuse = true;
  EXPECT_THAT(why(commit("two")), testing::HasSubstr("no port eth9"));
  EXPECT_EQ(policy(), "one");
  EXPECT_EQ(store_->history()[0].abandoned, "no port eth9");
  dataplane_.refuse = false;
  const auto outcome = commit("three");
  EXPECT_EQ(std::get<Committed>(outcome).generation.value, 3U);
}

TEST_F(Commit, DeathAfterTheDataplaneTookItIsFoundOutAndFinished) {
  (void)commit("one");
  dataplane_.lose_answer = true;
  EXPECT_THAT(why(commit("two")), testing::HasSubstr("not known"));
  dataplane_.lose_answer = false;
  restart();
  EXPECT_EQ(policy(), "one");
  EXPECT_THAT(committer_->reconcile(), testing::ElementsAre(testing::HasSubstr("is the policy")));
  EXPECT_EQ(policy(), "two");
  EXPECT_EQ(dataplane_.now.confirmed, 2U);
  EXPECT_THAT(committer_->reconcile(), testing::IsEmpty());
}

TEST_F(Commit, DeathBeforeTheDataplaneTookItIsFoundOutAndAbandoned) {
  (void)commit("one");
  dataplane_.lose_request = true;
  (void)commit("two");
  dataplane_.lose_request = false;
  restart();
  EXPECT_THAT(committer_->reconcile(), testing::ElementsAre(testing::HasSubstr("is abandoned")));
  EXPECT_EQ(policy(), "one");
  EXPECT_EQ(std::get<Committed>(commit("three")).generation.value, 3U)
      << "2 has been seen by events, perhaps";
}

TEST_F(Commit, ADataplaneWithoutPolicyIsGivenTheLastOne) {
  (void)commit("one");
  dataplane_.now = {};
  restart();
  EXPECT_THAT(committer_->reconcile(), testing::ElementsAre(testing::HasSubstr("was given generation 1")));
  EXPECT_EQ(dataplane_.now.running, 1U);
  EXPECT_EQ(compiled_, 1);
}

TEST_F(Commit, AnImageOfAnotherProgramIsBuiltAgainFromItsSources) {
  fingerprint_ = 5;
  (void)commit("one");
  dataplane_.now = {};
  fingerprint_ = fingerprint(kSchemas);
  restart();
  EXPECT_THAT(committer_->reconcile(),
              testing::ElementsAre(testing::HasSubstr("built again"), testing::HasSubstr("was given")));
  EXPECT_EQ(compiled_, 2);
  EXPECT_EQ(dataplane_.now.running, 1U);
}

TEST_F(Commit, TheDataplanesWordCountsOverTheDisks) {
  (void)commit("one");
  dataplane_.now.running = 40;
  restart();
  EXPECT_THAT(committer_->reconcile(), testing::ElementsAre(testing::HasSubstr("commit to make them one")));
  EXPECT_EQ(dataplane_.published, 1) << "an old disk takes nothing back";
  EXPECT_EQ(std::get<Committed>(commit("two")).generation.value, 41U);
  // The same number with another content.
  dataplane_.now.running_digest[0] ^= 1;
  EXPECT_THAT(committer_->reconcile(), testing::ElementsAre(testing::HasSubstr("another generation 41")));
}

}  // namespace
}  // namespace sluice
