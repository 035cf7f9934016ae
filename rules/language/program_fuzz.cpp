// Any program is refused or evaluated within its bounds. The input is the program as it lies in an image: a
// byte that counts the nodes, the nodes, and its constants.
#include <algorithm>
#include <cstring>
#include <vector>

#include "rules/base/fuzz.hpp"
#include "rules/language/language_fixture.hpp"
#include "rules/language/language_reference.hpp"

namespace sluice {
namespace {

using namespace language;

// Several values of some fields, one of others, none of one.
const fixture::Frame& frame() {
  static const auto kFrame = [] {
    fixture::Frame made;
    for (std::uint64_t i = 0; i < 40; ++i)
      made.number(fixture::kU16, i * i * 37).number(fixture::kI64, ~i * 101);
    made.number(fixture::kU8, 200).number(fixture::kBool, 1).number(fixture::kReal, 0x4004000000000000U);
    made.bytes(fixture::kBytes, "abababac\xff")
        .bytes(fixture::kBytes, "")
        .bytes(fixture::kText, "The quick aab, 12.5 ");
    made.bytes(fixture::kIp, "\x0a\x01\x02\x03")
        .bytes(fixture::kIp6, "\xfe\x80 a link local")
        .bytes(fixture::kMac, "mac 01");
    return made;
  }();
  return kFrame;
}

}  // namespace

fuzz::Start fuzz::start() {
  Start start;
  language::reference::Random random{2};
  language::reference::Maker maker{random};
  for (int i = 0; i < 80; ++i) {
    auto text = maker.test(2).text;
    if (i % 3 == 0) text += " and toy.text matches r\"a(b|[ab.]{1,3})*?\\b.$\"";
    if (i % 4 == 0) text += " or string(toy.ip)[0:3] == \"1.2\" or toy.text contains \"aab\"";
    Diagnostics diagnostics;
    const auto program = language::compile(text, {}, fixture::kSchemas, {}, diagnostics);
    if (!diagnostics.empty() || program.nodes.size() > 255) continue;
    start.seeds.push_back(Script{}
                              .byte(static_cast<unsigned>(program.nodes.size()))
                              .bytes({reinterpret_cast<const std::uint8_t*>(program.nodes.data()),
                                      program.nodes.size() * sizeof(language::Node)})
                              .bytes(program.constants)
                              .done());
  }
  return start;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using language::Node;
  fuzz::Choices choices{{data, size}};
  std::vector<Node> nodes(
      std::min<std::size_t>(choices.byte(), (size - std::min<std::size_t>(size, 1)) / sizeof(Node)));
  const auto run = choices.bytes(nodes.size() * sizeof(Node));
  if (!run.empty()) std::memcpy(nodes.data(), run.data(), run.size());
  const fuzz::Exact constants{choices.rest()};
  const language::ProgramView program{nodes, constants.view()};
  if (!language::validate(program, language::fixture::kSchemas)) return 0;
  const auto truth = language::evaluate(program, frame().set(), language::fixture::kSchemas);
  fuzz::expect(truth == language::evaluate(program, frame().set(), language::fixture::kSchemas),
               "a program says the same twice");
  (void)language::evaluate(program, {}, language::fixture::kSchemas);
  return 0;
}
