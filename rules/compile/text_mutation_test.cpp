// Text that was a configuration and was damaged at random: errors, or an image that opens; never anything
// else.
#include <gtest/gtest.h>

#include <random>

#include "rules/compile/compile.hpp"
#include "rules/compile/toy_schema.hpp"
#include "rules/image/aligned.hpp"
#include "rules/image/walk.hpp"

namespace sluice::compile {
namespace {

constexpr int kRounds = 4000;

constexpr auto kRules = R"(
[[allow]]
from = ["hmi", "scada"]
to = ["plc", { zone = "cell-1", group = "239.192.0.0/14" }]
protocol = "toy"
access = ["read", "diagnose"]
functions = ["write_coil", "diagnostics/echo", 100]
targets = ["holding 0..99", "db 5 0..9", "db * 3", "tag \"Speed\" 1..2", "node 2;s=Pump"]
where = "toy.unit in {1, 3..5} and toy.note matches \"^a+b\" or toy.data[0:2] contains 01"
reason = 'r'

[[allow]]
from = "plc"
to = "hmi"
protocol = "udp"
ports = [80, "1000..1010"]
reason = """r"""

[[patch]]
id = "A"
cve = "CVE-1"
affects = [{ vendor = "Acme", product = "*", firmware = ">= 2.0, < 2.80" }]
protocol = "toy"
match = "toy.unit == 1"
)";

TEST(TextMutation, damaged_text_gives_errors_or_an_image_that_opens) {
  const std::string original = std::string{toy::kPlant} + kRules;
  // What syntax, names and numbers are made of.
  const std::string_view pieces[] = {"[",
                                     "]",
                                     "{",
                                     "}",
                                     "\"",
                                     "'",
                                     "\"\"\"",
                                     "=",
                                     ".",
                                     ",",
                                     "\n",
                                     "#",
                                     "\\",
                                     "\\u0000",
                                     "\xff",
                                     "-",
                                     "1",
                                     "65536",
                                     "99999999999999999999",
                                     "0x",
                                     "true",
                                     "1979-05-27",
                                     "..",
                                     "/33",
                                     "[[allow]]\n",
                                     "[[zone]]\n",
                                     "zone",
                                     "plc",
                                     "scada",
                                     "*",
                                     ";",
                                     "&&",
                                     "(",
                                     "\r"};
  std::mt19937 random{42};
  const auto below = [&](std::size_t end) { return static_cast<std::size_t>(random()) % end; };
  std::size_t images = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::string text = original;
    for (auto changes = 1 + below(3); changes != 0; --changes) {
      const auto at = below(text.size());
      const auto length = std::min(below(30), text.size() - at);
      switch (below(5)) {
        case 0:
          text.erase(at, length);
          break;
        case 1:
          text.insert(at, pieces[below(std::size(pieces))]);
          break;
        case 2:
          text.replace(at, 1, pieces[below(std::size(pieces))]);
          break;
        case 3:
          text.insert(below(text.size()), text.substr(at, length));
          break;
        default:
          text[at] = static_cast<char>(below(256));
          break;
      }
    }
    Diagnostics diagnostics;
    const std::vector<Source> sources = {{"f", text}};
    const auto output = compile(sources, toy::kSchemas, diagnostics);
    ASSERT_NE(output.has_value(), !diagnostics.empty()) << text;
    for (const auto& error : diagnostics.errors()) {
      EXPECT_FALSE(error.what.empty());
      EXPECT_TRUE(error.where.file.empty() || error.where.file == "f");
    }
    if (!output) continue;
    ++images;
    const auto bytes = image::AlignedBytes::copy(output->image);
    const auto view = image::ImageView::open(bytes.view(), toy::kSchemas);
    ASSERT_TRUE(view) << view.error().text() << "\n" << text;
    image::Walk(*view, toy::kSchemas).all();
  }
  EXPECT_GT(images, 50U);
}

}  // namespace
}  // namespace sluice::compile
