#include "control/cli/command.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "rules/schema/normalisation.hpp"

namespace sluice::cli {
namespace {

struct Done {
  Exit exit;
  std::string out;
  std::string err;
};

Done sluice(std::vector<std::string> arguments) {
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};
  const auto exit = run(arguments, console);
  return {exit, out.str(), err.str()};
}

TEST(Command, every_command_has_help_with_examples) {
  for (const auto& command : all_commands()) {
    const auto done = sluice({std::string{command->name()}, "--help"});
    EXPECT_EQ(done.exit, Exit::done) << command->name();
    EXPECT_NE(done.out.find("Examples:"), std::string::npos) << command->name();
    EXPECT_NE(done.out.find("sluice " + std::string{command->name()}), std::string::npos) << command->name();
    EXPECT_NE(done.out.find("--output"), std::string::npos) << command->name();
    EXPECT_EQ(done.err, "") << command->name();
  }
}

TEST(Command, bad_use_is_exit_2_with_nothing_on_the_output) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {}, {"dance"}, {"fields", "--dance"}, {"fields", "a", "b"}, {"fields", "-o", "yaml"}}) {
    const auto done = sluice(arguments);
    EXPECT_EQ(done.exit, Exit::bad_use);
    EXPECT_EQ(done.out, "");
    EXPECT_NE(done.err, "");
  }
}

TEST(Fields, an_unknown_protocol_is_bad_use_and_suggests_a_near_one) {
  const auto done = sluice({"fields", "pocket"});
  EXPECT_EQ(done.exit, Exit::bad_use);
  EXPECT_EQ(done.out, "");
  EXPECT_NE(done.err.find("did you mean \"packet\"?"), std::string::npos);
}

TEST(Fields, text_names_the_fields_of_one_protocol) {
  const auto done = sluice({"fields", "packet"});
  EXPECT_EQ(done.exit, Exit::done);
  EXPECT_NE(done.out.find("frame.number"), std::string::npos);
  EXPECT_NE(done.out.find("tcp.dstport"), std::string::npos);
}

TEST(Fields, json_has_every_protocol_with_all_its_tables) {
  const auto done = sluice({"fields", "-o", "json"});
  EXPECT_EQ(done.exit, Exit::done);
  const auto all = nlohmann::json::parse(done.out);
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0]["protocol"], "packet");
  for (const auto& schema : all) {
    for (const auto* key : {"title", "standard", "fields", "functions", "spaces"})
      EXPECT_TRUE(schema.contains(key)) << key;
  }
  EXPECT_EQ(all[0]["fields"][0]["name"], "frame.number");
}

TEST(Explain, every_row_of_the_table_of_normalisation_is_told_with_its_cases_and_choices) {
  const auto done = sluice({"explain", "normalisation"});
  EXPECT_EQ(done.exit, Exit::done);
  for (const auto& row : kNormalisations) {
    EXPECT_NE(done.out.find("\n" + std::string{row.name} + " "), std::string::npos) << row.name;
    EXPECT_NE(done.out.find(row.seen), std::string::npos) << row.name;
    EXPECT_NE(done.out.find(row.cases), std::string::npos) << row.name;
  }
  EXPECT_NE(done.out.find("tcp_urgent        normalise  drop       urgent           E42\n"
                          "    the URG flag, or an urgent pointer\n"
                          "    normalised: cleared"),
            std::string::npos)
      << done.out;
  EXPECT_NE(done.out.find("llc_ip            drop       -          bad_ethernet     E03\n"),
            std::string::npos);
}

TEST(Explain, json_has_the_same_rows) {
  const auto done = sluice({"explain", "normalisation", "-o", "json"});
  const auto all = nlohmann::json::parse(done.out);
  ASSERT_EQ(all["rows"].size(), kNormalisationCount);
  for (std::size_t i = 0; i < kNormalisationCount; ++i) {
    const auto& row = all["rows"][i];
    EXPECT_EQ(row["name"], kNormalisations[i].name);
    EXPECT_EQ(row["usual"], name_of(kNormalisations[i].usual));
    EXPECT_FALSE(row["cases"].empty());
  }
  const auto trailer = all["rows"][static_cast<std::size_t>(Normalisation::trailer)];
  EXPECT_EQ(trailer["may_be"], nlohmann::json({"drop", "pass"}));
  EXPECT_FALSE(all.contains("conduits"));
}

TEST(Explain, another_topic_is_bad_use) {
  EXPECT_EQ(sluice({"explain", "weather"}).exit, Exit::bad_use);
  EXPECT_EQ(sluice({"explain"}).exit, Exit::bad_use);
}

}  // namespace
}  // namespace sluice::cli
