#include "control/ruleset/compile_child.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "control/ruleset/report.hpp"
#include "control/ruleset/sandbox.hpp"
#include "control/ruleset/sources.hpp"
#include "dataplane/protocol/protocol.hpp"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr auto kPlant = R"([[zone]]
name = "scada"
networks = ["10.0.0.0/24"]

[[zone]]
name = "cell-1"
networks = ["10.0.1.0/24"]

[[conduit]]
name = "scada-cell1"
sides = [{ port = "eth1", zones = ["scada"] }, { port = "eth2", zones = ["cell-1"] }]
mode = "enforce"
on_failure = "closed"
midstream = "resync"
)";

class CompileChild : public testing::Test {
 protected:
  CompileChild() {
    std::string name = (fs::temp_directory_path() / "sluice-compile-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    options_.program = SLUICE_BIN_DIR "/sluice-compile";
  }
  ~CompileChild() override { fs::remove_all(directory_); }

  std::string write(const std::string& name, std::string_view text) {
    const auto path = directory_ / name;
    std::ofstream{path} << text;
    return path.string();
  }

  // A program that does this instead of compiling.
  void impostor(const std::string& script) {
    options_.program = write("impostor", "#!/bin/sh\n" + script + "\n");
    chmod(options_.program.c_str(), 0700);
  }

  std::optional<CompiledImage> compile(const std::string& path) {
    auto compiled = compile_in_child(path, registry().schemas, options_, diagnostics_);
    EXPECT_NE(compiled.has_value(), !diagnostics_.empty());
    return compiled;
  }

  std::vector<std::string> errors() {
    std::vector<std::string> out;
    for (const auto& error : diagnostics_.errors()) out.push_back(error.text());
    return out;
  }

  fs::path directory_;
  CompileOptions options_;
  Diagnostics diagnostics_;
};

TEST_F(CompileChild, compiles_a_file) {
  const auto compiled = compile(write("plant.toml", kPlant));
  ASSERT_TRUE(compiled) << testing::PrintToString(errors());
  EXPECT_EQ(compiled->summary.zones, 2U);
  EXPECT_EQ(compiled->summary.conduits, 1U);
}

// The Hyperscan compiler needs no more than the sandbox leaves it.
TEST_F(CompileChild, compiles_patches_with_patterns_and_devices_behind_gateways) {
  const auto compiled = compile(write("plant.toml", std::string{kPlant} + R"(
[[asset]]
name = "gw"
zone = "cell-1"
address = "10.0.1.5"
[[asset]]
name = "plc"
zone = "cell-1"
behind = { asset = "gw", unit = 3 }
vendor = "Schneider Electric"
product = "Modicon M340"
[[allow]]
from = "scada"
to = "plc"
protocol = "modbus"
access = ["read"]
functions = ["write_single_coil", "diagnostics/return_query_data"]
targets = ["holding 0..99", "coil 7"]
where = "modbus.func_code != 4"
reason = "r"
[[patch]]
id = "SLU-2017-6034-1"
affects = [{ vendor = "Schneider Electric", product = "Modicon *" }]
protocol = "umas"
match = "umas.func == 0x41"
pattern = { field = "payload", regex = '\x5a.\x41' }
)"));
  ASSERT_TRUE(compiled) << testing::PrintToString(errors());
  EXPECT_EQ(compiled->summary.grants, 1U);
  EXPECT_EQ(compiled->summary.patches, 1U);
}

TEST_F(CompileChild, compiles_the_toml_files_of_a_directory_in_order) {
  fs::create_directory(directory_ / "etc");
  write("etc/20-more.toml", "[[zone]]\nname = \"dmz\"\nnetworks = []\n");
  write("etc/10-plant.toml", kPlant);
  write("etc/.hidden.toml", "not TOML");
  write("etc/notes.txt", "not TOML");
  fs::create_directory(directory_ / "etc/old.toml");
  const auto compiled = compile((directory_ / "etc").string());
  ASSERT_TRUE(compiled) << testing::PrintToString(errors());
  EXPECT_EQ(compiled->summary.zones, 3U);
  Diagnostics diagnostics;
  const auto sources = read_sources((directory_ / "etc").string(), diagnostics);
  ASSERT_EQ(sources.size(), 2U);
  EXPECT_EQ(sources[0].name, (directory_ / "etc/10-plant.toml").string());
}

TEST_F(CompileChild, hands_every_error_back_with_its_place) {
  const auto path = write("plant.toml", std::string{kPlant} + "[[zone]]\nnam = \"x\"\nnetworks = [3]\n");
  EXPECT_FALSE(compile(path));
  EXPECT_THAT(errors(), ElementsAre(path + ":15:1: a zone without \"name\"; it must be written",
                                    path + ":16:1: unknown key \"nam\" in a zone; did you mean \"name\"?",
                                    path + ":17:13: networks is a whole number; write a text in quotes"));
}

TEST_F(CompileChild, says_what_can_not_be_read) {
  EXPECT_FALSE(compile((directory_ / "absent.toml").string()));
  EXPECT_FALSE(compile(directory_.string()));
  mkfifo((directory_ / "pipe.toml").c_str(), 0600);
  EXPECT_FALSE(compile((directory_ / "pipe.toml").string()));
  EXPECT_THAT(errors(), ElementsAre(HasSubstr("No such file"), HasSubstr("no .toml file in it"),
                                    HasSubstr("not a file")));
}

TEST_F(CompileChild, survives_a_child_that_is_missing_dies_or_lies) {
  const auto path = write("plant.toml", kPlant);
  options_.program = (directory_ / "absent").string();
  EXPECT_FALSE(compile(path));
  impostor("kill -SEGV $$");
  EXPECT_FALSE(compile(path));
  impostor("exit 0");
  EXPECT_FALSE(compile(path));
  impostor("printf '{\"errors\":[],\"unlisted\":0,\"compiled\":true}' >&4");
  EXPECT_FALSE(compile(path));
  const std::string lie = report_text({}, std::make_unique<compile::Output>().get());
  impostor("printf '%s' '" + lie + "' >&4");
  EXPECT_FALSE(compile(path));
  impostor("printf '%s' '" + lie + "' >&4; head -c 5000 /dev/zero >&3");
  EXPECT_FALSE(compile(path));
  EXPECT_THAT(errors(),
              ElementsAre(HasSubstr("can't be started"), HasSubstr("died: Segmentation fault"),
                          HasSubstr("ended with code 0 without an answer"),
                          HasSubstr("ended with code 0 without an answer"), "the compiler left no image",
                          HasSubstr("the image is refused: not an image")));
}

TEST_F(CompileChild, a_child_that_does_not_end_or_does_not_stop_talking_is_stopped) {
  const auto path = write("plant.toml", kPlant);
  options_.timeout = milliseconds(300);
  impostor("exec sleep 100");
  EXPECT_FALSE(compile(path));
  impostor("exec 4>&-; exec sleep 100");
  EXPECT_FALSE(compile(path));
  options_.timeout = seconds(60);
  impostor("exec cat /dev/zero >&4");
  EXPECT_FALSE(compile(path));
  EXPECT_THAT(errors(), testing::Each(HasSubstr("took more than")));
  EXPECT_EQ(errors().size(), 3U);
}

// Of a process that runs `attempt` behind the sandbox.
int status_of(void (*attempt)()) {
  const pid_t child = fork();
  if (child == 0) {
    if (!limit_resources({}) || !limit_system_calls()) _exit(99);
    attempt();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(Sandbox, lets_nothing_out) {
  EXPECT_EQ(status_of([] {}), 0);
  for (const auto attempt : {+[] { (void)!socket(AF_UNIX, SOCK_STREAM, 0); }, +[] { (void)!fork(); },
                             +[] { execl("/bin/true", "true", nullptr); },
                             +[] { (void)!::open("/etc/passwd", 0); }, +[] { kill(1, 0); }}) {
    const int status = status_of(attempt);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
  }
}

TEST(Report, comes_back_as_it_was_sent) {
  Diagnostics diagnostics;
  diagnostics.add({"a.toml", 1, 2}, "what \xff \"quoted\"", "remedy");
  const auto findings = parse_report(report_text(diagnostics, nullptr));
  ASSERT_TRUE(findings);
  EXPECT_FALSE(findings->compiled);
  EXPECT_EQ(findings->diagnostics.errors()[0].text(), "a.toml:1:2: what \xef\xbf\xbd \"quoted\"; remedy");
  compile::Output output;
  output.summary.rules = 7;
  output.source_digest = {1, 0xab};
  const auto done = parse_report(report_text({}, &output));
  ASSERT_TRUE(done);
  EXPECT_TRUE(done->compiled);
  EXPECT_EQ(done->summary.rules, 7U);
  EXPECT_EQ(done->source_digest, output.source_digest);
}

TEST(Report, anything_else_is_refused) {
  const auto good = report_text({}, std::make_unique<compile::Output>().get());
  EXPECT_TRUE(parse_report(good));
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(parse_report(good.substr(0, length)));
  for (const auto text : {"null", "[]", "{}", "{\"errors\":[],\"unlisted\":0,\"compiled\":false}",
                          "{\"errors\":[{}],\"unlisted\":0,\"compiled\":false}",
                          "{\"errors\":{},\"unlisted\":-1,\"compiled\":1}"}) {
    EXPECT_FALSE(parse_report(text)) << text;
  }
  EXPECT_FALSE(parse_report(std::string(100'000, '[')));
}

}  // namespace
}  // namespace sluice
