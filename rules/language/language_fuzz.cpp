// Any text is compiled or refused; what was compiled is valid. The first bytes are also taken for a program
// of their own, which is refused or evaluated.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "rules/language/language.hpp"
#include "rules/language/program.hpp"

namespace {

using namespace sluice;

constexpr std::array kFields = {
    Field{"t.number", FieldType::unsigned_integer, 16, Base::decimal, "", ""},
    Field{"t.bytes", FieldType::bytes, 0, Base::decimal, "", ""},
    Field{"t.text", FieldType::string, 0, Base::decimal, "", ""},
    Field{"t.address", FieldType::ipv4, 0, Base::decimal, "", ""},
};
constexpr Schema kSchema{.name = "t", .title = "t", .standard = "t", .fields = kFields};
constexpr std::array<const Schema*, 1> kSchemas = {&kSchema};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::array<Value, 4> values = {Value::of({0, 0}, std::uint64_t{7}),
                                       Value::of({0, 1}, ByteView{data, size}),
                                       Value::of({0, 2}, ByteView{data, size / 2}),
                                       Value::of({0, 3}, ByteView{data, std::min<std::size_t>(size, 4)})};
  const ValueSet set{{values, {}, {}, {}}};
  Diagnostics diagnostics;
  const auto compiled = language::compile({reinterpret_cast<const char*>(data), size}, {"fuzz", 1, 1},
                                          kSchemas, {}, diagnostics);
  if (diagnostics.empty()) {
    const language::ProgramView program{compiled.nodes, compiled.constants};
    if (!language::validate(program, kSchemas)) std::abort();
    (void)language::evaluate(program, set, kSchemas);
  }
  std::vector<language::Node> nodes(size / 2 / sizeof(language::Node));
  if (!nodes.empty()) std::memcpy(nodes.data(), data, nodes.size() * sizeof(language::Node));
  const language::ProgramView wild{
      nodes, {data + nodes.size() * sizeof(language::Node), size - nodes.size() * sizeof(language::Node)}};
  if (language::validate(wild, kSchemas)) (void)language::evaluate(wild, set, kSchemas);
  return 0;
}
