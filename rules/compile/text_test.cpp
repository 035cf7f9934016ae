// What is said about sources that are no configuration at all, and in which order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/compile/compile.hpp"
#include "rules/compile/toy_schema.hpp"

namespace sluice::compile {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;
using toy::errors_of;

TEST(ErrorsOfText, what_is_not_TOML_is_all_that_is_said) {
  EXPECT_THAT(errors_of("[[zone]]\nname = \"a\"\nname = \"b\"\n"),
              ElementsAre("f:3:8: not TOML: in a key-value pair: cannot redefine existing string 'name'"));
  EXPECT_THAT(errors_of("[[zone]\n"),
              ElementsAre("f:1:8: not TOML: in a table header: expected ']', saw '\\n'"));
  EXPECT_THAT(errors_of("name = 'ä' \xff\n"), ElementsAre("f:1:12: not UTF-8; save the file as UTF-8"));
  EXPECT_THAT(errors_of(std::string{"a = 1\n# \0\n", 10}), ElementsAre("f:2:3: a NUL character; remove it"));
}

TEST(ErrorsOfText, depth_is_refused_before_anybody_recurses) {
  const auto repeated = [](std::string_view part) {
    std::string out;
    for (int i = 0; i < 100'000; ++i) out += part;
    return out;
  };
  const auto deep =
      ElementsAre(MatchesRegex("f:1:[0-9]+: nested deeper than 32; no part of a configuration is"));
  EXPECT_THAT(errors_of("a = " + repeated("[")), deep);
  EXPECT_THAT(errors_of("a = " + repeated("{a=")), deep);
  EXPECT_THAT(errors_of("a = " + repeated("{a=[")), deep);
  EXPECT_THAT(errors_of("a" + repeated(".a") + " = 1\n"), deep);
  EXPECT_THAT(errors_of("[a" + repeated(" . 'a.b'") + "]\n"), deep);
  EXPECT_THAT(errors_of("a = \"\\\"\"" + repeated("[")), deep);
  EXPECT_THAT(errors_of("a = [\"\"\"x\"\"\"\", " + repeated("[")), deep);
  EXPECT_THAT(errors_of("a = ['''x''''', " + repeated("[")), deep);
  // Depth inside of strings and comments is none.
  EXPECT_TRUE(errors_of(std::string{toy::kPlant} + "# " + repeated("[.") + "'\n").empty());
  EXPECT_THAT(errors_of("[[zone]]\nname = '''" + repeated("[{.") + "'''\nnetworks = []\n"),
              ElementsAre("f:2:8: name is longer than 128 bytes; shorten it"));
}

TEST(ErrorsOfText, a_table_without_a_name_does_not_reach_the_library) {
  for (const auto text : {"[ä]\n", "[[.a]]\n", "a = [\n[1]]\n  [ #\n", "[\r\n", "a = '''\n[b]'''\n[[\t=\n"}) {
    EXPECT_THAT(errors_of(text),
                ElementsAre(MatchesRegex("f:[0-9]:[0-9]: not TOML: a table without a name; write it as .*")));
  }
  EXPECT_THAT(errors_of("["), ElementsAre("f:1:2: not TOML: in a table header: encountered end-of-file"));
}

// toml++ 3.3 takes it for impossible that it looks for white space and finds one of these.
TEST(ErrorsOfText, letters_that_are_not_ASCII_may_stand_wherever_white_space_might) {
  for (const auto text : {"ä = 1\n", "a = ä\n", "a = 1 ё\n", "a = [1,Ҙ]\n", "a = [1\xc2\xa1]\n",
                          "a = \"\\ä\"\n", "a = 1\n ᚁ\n", "a = {ä = 1}\n", "[a]ä\n"}) {
    EXPECT_THAT(errors_of(text), ElementsAre(MatchesRegex("f:[12]:[0-9]+: not TOML: .*"))) << text;
  }
  EXPECT_THAT(errors_of("ä = \"\"\"\\\n  ё\"\"\"\n"), ElementsAre(MatchesRegex("f:1:1: not TOML: .*")));
  EXPECT_THAT(errors_of("a = \"\"\"\\\n  ё\"\"\"\n"),
              ElementsAre(MatchesRegex("f:1:1: unknown table \"a\".*")));
}

TEST(ErrorsOfText, a_configuration_that_would_forward_nothing_is_a_mistake) {
  EXPECT_THAT(
      errors_of(""),
      ElementsAre(
          "f: a configuration without a conduit; add one as [[conduit]]: without it nothing is forwarded"));
  EXPECT_THAT(errors_of("a = 1\n"),
              ElementsAre("f:1:1: unknown table \"a\"; a configuration has [[zone]], [[asset]], "
                          "[[conduit]], [[allow]] and [[patch]]"));
  EXPECT_THAT(errors_of("zone = 3\n"),
              ElementsAre("f:1:8: \"zone\" is a whole number; write each as [[zone]], with double brackets"));
  EXPECT_THAT(errors_of("zone = [3]\n"), ElementsAre("f:1:9: not a table; write each as [[zone]]"));
}

TEST(ErrorsOfText, sources_are_bounded_in_number_and_size) {
  Diagnostics none;
  EXPECT_FALSE(compile({}, toy::kSchemas, none));
  EXPECT_EQ(none.errors()[0].text(), "no configuration; name a .toml file, or a directory of them");
  Diagnostics much;
  const std::vector<Source> big = {{"f", std::string(kMostText + 1, ' ')}};
  EXPECT_FALSE(compile(big, toy::kSchemas, much));
  EXPECT_EQ(much.errors()[0].text(), "a configuration of 33554433 bytes; the most is 33554432");
  Diagnostics many;
  EXPECT_FALSE(compile(std::vector<Source>(kMostSources + 1), toy::kSchemas, many));
  EXPECT_EQ(many.errors()[0].text(), "more than 1000 files; name a .toml file, or a directory of them");
}

TEST(ErrorsOfText, come_in_the_order_of_the_sources_whatever_part_of_the_compiler_found_them) {
  Diagnostics diagnostics;
  const std::vector<Source> sources = {{"10.toml",
                                        "[[allow]]\nfrom = \"hmi\"\nto = \"nobody\"\nprotocol = "
                                        "\"toy\"\naccess = [\"read\"]\nreason = \"r\"\n"},
                                       {"20.toml", std::string{toy::kPlant} + "[[zone]]\nname = \"x\"\n"}};
  EXPECT_FALSE(compile(sources, toy::kSchemas, diagnostics));
  ASSERT_EQ(diagnostics.errors().size(), 2U);
  EXPECT_EQ(diagnostics.errors()[0].text(),
            "10.toml:3:6: no asset or zone is named \"nobody\"; add it as [[asset]] or [[zone]]");
  EXPECT_EQ(diagnostics.errors()[1].where.file, "20.toml");
}

}  // namespace
}  // namespace sluice::compile
