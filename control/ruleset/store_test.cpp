#include "control/ruleset/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "control/config/config.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

std::vector<compile::Source> sources_of(const std::string& text) {
  return {{"/etc/plant.toml", text}, {"rules.toml", "# " + text}};
}

class StoreOnDisk : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/dev/shm/sluice-store-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    state_ = folder_ + "/state";
  }
  void TearDown() override { fs::remove_all(folder_); }

  static Result<Generation> stage(Store& store, const std::string& content) {
    const auto draft = store.draft(sources_of(content), {});
    if (!draft) return tl::unexpected{draft.error()};
    About about;
    about.generation = draft->generation.value;
    about.message = content;
    about.user = 3;
    if (auto done = store.stage(*draft, bytes_of(content), about); !done) return tl::unexpected{done.error()};
    return draft->generation;
  }
  static Result<Generation> commit(Store& store, const std::string& content) {
    auto generation = stage(store, content);
    if (!generation) return generation;
    if (auto done = store.confirm(*generation); !done) return tl::unexpected{done.error()};
    return generation;
  }
  // The policy's sources and image, which must belong together.
  static std::string content(const Store& store) {
    const auto generation = store.confirmed();
    if (generation.value == 0) return "";
    const auto image = store.image(generation);
    EXPECT_TRUE(image);
    const std::string text{image->begin(), image->end()};
    EXPECT_EQ(config::read_text(store.sources_of(generation) + "/plant.toml", 1000).value_or("missing"),
              text);
    EXPECT_EQ(config::read_text(store.sources_of(generation) + "/rules.toml", 1000).value_or("missing"),
              "# " + text);
    return text;
  }

  std::string folder_;
  std::string state_;
};

TEST_F(StoreOnDisk, KeepsThePolicyItsSourcesAndWhoWroteIt) {
  {
    auto store = Store::open(state_);
    ASSERT_TRUE(store) << store.error().text();
    EXPECT_EQ(store->confirmed().value, 0U);
    EXPECT_EQ(commit(*store, "one")->value, 1U);
    EXPECT_EQ(commit(*store, "two")->value, 2U);
  }
  auto store = Store::open(state_);
  ASSERT_TRUE(store);
  EXPECT_EQ(store->confirmed().value, 2U);
  EXPECT_EQ(content(*store), "two");
  EXPECT_EQ(config::read_text(state_ + "/confirmed/image", 100).value(), "two")
      << "what the dataplane starts from";
  const auto history = store->history();
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].message, "two");
  EXPECT_EQ(history[1].generation, 1U);
  EXPECT_EQ(history[1].user, 3U);
  EXPECT_TRUE(store->undecided().empty());
}

TEST_F(StoreOnDisk, AStagedGenerationIsUndecidedUntilItIsConfirmedOrAbandonedAndItsNumberIsNotUsedAgain) {
  auto store = Store::open(state_);
  ASSERT_TRUE(store);
  ASSERT_TRUE(commit(*store, "one"));
  EXPECT_EQ(stage(*store, "two")->value, 2U);
  EXPECT_EQ(store->undecided(), std::vector<Generation>{{2}});
  ASSERT_TRUE(store->abandon({2}, "the dataplane has no port eth9"));
  EXPECT_TRUE(store->undecided().empty());
  EXPECT_FALSE(store->confirm({2}));
  EXPECT_EQ(content(*store), "one");
  EXPECT_EQ(store->history()[0].abandoned, "the dataplane has no port eth9");
  EXPECT_EQ(commit(*store, "three")->value, 3U);
  EXPECT_EQ(store->draft(sources_of("x"), {40})->generation.value, 41U) << "nor one that runs";
  EXPECT_FALSE(store->abandon({3}, "it is the policy"));
}

TEST_F(StoreOnDisk, NamesThatAreNoSourcesAreRefused) {
  auto store = Store::open(state_);
  ASSERT_TRUE(store);
  for (const auto& name : {"", "..", "/", "a", ".toml", "a/.toml", "../a.tomlx"}) {
    const std::vector<compile::Source> sources = {{name, ""}};
    EXPECT_FALSE(store->draft(sources, {})) << name;
  }
  const std::vector<compile::Source> twice = {{"a/x.toml", ""}, {"b/x.toml", ""}};
  EXPECT_FALSE(store->draft(twice, {}));
  const std::vector<compile::Source> outside = {{"../../x.toml", "kept"}};
  const auto draft = store->draft(outside, {});
  ASSERT_TRUE(draft);
  EXPECT_TRUE(fs::exists(draft->sources + "/x.toml"));
  EXPECT_FALSE(fs::exists(folder_ + "/x.toml"));
}

TEST_F(StoreOnDisk, HasOneOwner) {
  auto store = Store::open(state_);
  ASSERT_TRUE(store);
  EXPECT_THAT(Store::open(state_).error().text(), testing::HasSubstr("another sluiced"));
}

TEST_F(StoreOnDisk, OldGenerationsAreForgottenButNeverThePolicy) {
  auto store = Store::open(state_);
  ASSERT_TRUE(store);
  for (std::size_t i = 0; i < Store::kKept + 20; ++i) ASSERT_TRUE(commit(*store, std::to_string(i)));
  const auto history = store->history();
  EXPECT_EQ(history.size(), Store::kKept);
  EXPECT_EQ(content(*store), std::to_string(Store::kKept + 19));
  std::size_t images = 0;
  for (const auto& about : history) images += store->image({about.generation}) ? 1 : 0;
  EXPECT_EQ(images, Store::kImagesKept);
}

TEST_F(StoreOnDisk, AnotherImageOfTheSameSourcesTakesTheOldOnesPlace) {
  auto store = Store::open(state_);
  ASSERT_TRUE(store);
  ASSERT_TRUE(commit(*store, "one"));
  ASSERT_TRUE(store->replace_image({1}, bytes_of("rebuilt")));
  EXPECT_EQ(store->image({1}).value(), (std::vector<std::uint8_t>{'r', 'e', 'b', 'u', 'i', 'l', 't'}));
}

// One commit over a policy "old", with something happening at its n-th step.
class StoreUnderFaults : public StoreOnDisk {
 protected:
  void SetUp() override {
    StoreOnDisk::SetUp();
    auto store = Store::open(state_);
    ASSERT_TRUE(store);
    ASSERT_TRUE(commit(*store, "old"));
  }
  void expect_whole() {
    auto store = Store::open(state_);
    ASSERT_TRUE(store) << store.error().text();
    const auto now = content(*store);
    EXPECT_TRUE(now == "old" || now == "new") << now;
    for (const auto& name : fs::directory_iterator{state_ + "/generations"}) {
      EXPECT_FALSE(name.path().filename().string().starts_with(".half")) << name;
    }
    // And it can go on.
    for (const auto generation : store->undecided()) EXPECT_TRUE(store->abandon(generation, "killed"));
    ASSERT_TRUE(commit(*store, "next"));
    EXPECT_EQ(content(*store), "next");
  }
};

TEST_F(StoreUnderFaults, KilledBeforeAnyStepItHasTheOldPolicyOrTheNewOneWhole) {
  int steps = 0;
  for (int fatal = 1;; ++fatal) {
    fs::remove_all(state_);
    {
      auto store = Store::open(state_);
      ASSERT_TRUE(store);
      ASSERT_TRUE(commit(*store, "old"));
    }
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      int count = 0;
      auto store = Store::open(state_, Disk{[&](std::string_view) {
                                 if (++count == fatal) (void)kill(getpid(), SIGKILL);
                                 return 0;
                               }});
      _exit(store && commit(*store, "new") ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    const bool finished = WIFEXITED(status);
    if (finished) {
      ASSERT_EQ(WEXITSTATUS(status), 0);
    } else {
      ASSERT_EQ(WTERMSIG(status), SIGKILL);
      ++steps;
    }
    expect_whole();
    if (finished || HasFailure()) break;
  }
  EXPECT_GT(steps, 15);
}

TEST_F(StoreUnderFaults, AStepThatFailsIsAnErrorAndTheOldPolicyStays) {
  for (const int error : {ENOSPC, EIO, EROFS}) {
    for (int fatal = 1;; ++fatal) {
      fs::remove_all(state_);
      {
        auto store = Store::open(state_);
        ASSERT_TRUE(store);
        ASSERT_TRUE(commit(*store, "old"));
      }
      int count = 0;
      std::string step;
      bool done = false;
      {
        auto store = Store::open(state_, Disk{[&](std::string_view name) {
                                   if (++count != fatal) return 0;
                                   step = name;
                                   return error;
                                 }});
        done = store && commit(*store, "new");
        if (count >= fatal && store) {
          // Only the very last step, the sync after the exchange, may leave the new one.
          const auto now = content(*store);
          EXPECT_TRUE(now == "old" || (step == "fsync folder" && now == "new") || done) << step;
        }
      }
      expect_whole();
      if (count < fatal || HasFailure()) {
        EXPECT_TRUE(done);
        break;
      }
    }
  }
}

TEST_F(StoreUnderFaults, KilledAtRandomMomentsItIsWholeToo) {
  for (int round = 0; round < 40; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = Store::open(state_);
      if (!store) _exit(1);
      for (const auto generation : store->undecided()) (void)store->abandon(generation, "killed");
      for (int i = 0; i < 1000; ++i) (void)commit(*store, i % 2 == 0 ? "new" : "old");
      _exit(0);
    }
    usleep(static_cast<useconds_t>(500 + round * 300));
    (void)kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    auto store = Store::open(state_);
    ASSERT_TRUE(store) << store.error().text();
    const auto now = content(*store);
    ASSERT_TRUE(now == "old" || now == "new") << now;
  }
}

}  // namespace
}  // namespace sluice
