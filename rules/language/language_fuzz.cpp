// Any text is compiled or refused with a place; what was compiled is valid, says the same after it was
// printed and read again, and is evaluated over values that the text itself gives. The input is the text.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "rules/base/fuzz.hpp"
#include "rules/language/language_fixture.hpp"
#include "rules/language/language_reference.hpp"
#include "rules/language/parse.hpp"

namespace sluice {
namespace {

using namespace language;
using fuzz::expect;

std::string printed(std::string_view text) {
  Diagnostics diagnostics;
  Report report{text, {}, diagnostics};
  const auto tree = parse(text, tokens(text, report), report);
  expect(diagnostics.empty(), "what compiles also parses");
  return print(tree, tree.root);
}

// No less than the levels that the parser counts.
std::size_t nesting(std::string_view text) {
  std::size_t deepest = 0;
  std::size_t depth = 0;
  for (const char c : text) {
    if (c == '(' || c == '{') deepest = std::max(deepest, ++depth);
    if ((c == ')' || c == '}') && depth != 0) --depth;
  }
  return deepest +
         static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return c == '!' || c == '-'; }));
}

// Some values of each field; bytes and strings are pieces of the text.
void evaluate_all(const Compiled& compiled, std::string_view text) {
  const auto half = text.substr(text.size() / 2);
  fixture::Frame frame;
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{7}, ~std::uint64_t{0}}) {
    for (const auto field : {fixture::kU8, fixture::kU16, fixture::kU32, fixture::kU64, fixture::kI16,
                             fixture::kI64, fixture::kBool, fixture::kReal}) {
      frame.number(field, number);
    }
  }
  for (const auto field : {fixture::kToy, fixture::kBytes, fixture::kText, fixture::kOther})
    frame.bytes(field, text).bytes(field, half).bytes(field, "");
  static constexpr char kAddress[] = "\x0a\0\0\1\xfe\x80\0\0\0\0\0\0\0\0\0\1";
  frame.bytes(fixture::kIp, {kAddress, 4})
      .bytes(fixture::kMac, {kAddress, 6})
      .bytes(fixture::kIp6, {kAddress, 16});
  const auto program = fixture::view(compiled);
  const auto truth = evaluate(program, frame.set(), fixture::kSchemas);
  expect(truth == evaluate(program, frame.set(), fixture::kSchemas), "a program says the same twice");
  (void)evaluate(program, {}, fixture::kSchemas);
}

}  // namespace

fuzz::Start fuzz::start() {
  Start start;
  language::reference::Random random{1};
  language::reference::Maker maker{random};
  for (unsigned i = 0; i < 60; ++i) {
    const auto text = maker.test(1 + i % 3).text;
    start.seeds.emplace_back(text.begin(), text.end());
  }
  for (const std::string_view text : {
           "toy.text matches r\"^(?i:a|b[c-e]{2,3}\\d)*?$\" or toy.bytes[0:2,-1] == ff:00:01",
           "string(toy.ip)[0:3] == \"1.2\" or lower(toy.text) contains \"aab\" and toy.ip == 10.0.0.0/8",
           "all toy.u8 in {1, 3..5} && not (toy.i16 + 2) * 3 % 7 < -4",
           "toy.bytes & 0f:ff == 01:02 || count(toy.bytes) > 2 or len(toy.text) === 3",
           "toy.u64 == 18446744073709551615 and toy.real < 1e3 and toy.bool == true",
           "toy.mac == 00:00:5e:00:53:01 or toy.ip6 == fe80::1",
       }) {
    start.seeds.emplace_back(text.begin(), text.end());
  }
  return start;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::language;
  const auto text = text_of({data, size});
  Diagnostics diagnostics;
  const auto compiled = compile(text, {"fuzz", 1, 1}, fixture::kSchemas, {}, diagnostics);
  fuzz::expect(diagnostics.empty() != compiled.nodes.empty(), "a program or errors, never both");
  for (const auto& error : diagnostics.errors())
    fuzz::expect(!error.what.empty() && error.where.line != 0, "an error says what, and where");
  if (!diagnostics.empty()) return 0;
  fuzz::expect(validate(fixture::view(compiled), fixture::kSchemas), "what was compiled is valid");
  evaluate_all(compiled, text);
  const auto once = printed(text);
  // What is printed has every parenthesis, and may so be too long, or too deep, for the parser.
  if (once.size() > kMostText || nesting(once) >= kMostDepth) return 0;
  const auto again = compile(once, {"again", 1, 1}, fixture::kSchemas, {}, diagnostics);
  fuzz::expect(diagnostics.empty(), "what was printed compiles");
  fuzz::expect(again.nodes == compiled.nodes && again.constants == compiled.constants,
               "what was printed means the same");
  fuzz::expect(printed(once) == once, "what was printed is printed the same");
  return 0;
}
