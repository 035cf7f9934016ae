#include "rules/language/generate.hpp"
#include "rules/language/language.hpp"
#include "rules/language/parse.hpp"
#include "rules/language/token.hpp"

namespace sluice::language {
namespace {

// The first byte that is not UTF-8, or the size (RFC 3629: no surrogates, nothing longer than needed).
std::size_t utf8_end(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xc2 && lead < 0xe0 ? 2
                               : lead >= 0xe0 && lead < 0xf0 ? 3
                               : lead >= 0xf0 && lead < 0xf5 ? 4
                                                             : 0;
    if (length == 0 || length > text.size() - at) return at;
    for (std::size_t i = 1; i < length; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xc0U) != 0x80U) return at;
    }
    const auto second = length > 1 ? static_cast<unsigned char>(text[at + 1]) : 0U;
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return at;
    if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return at;
    at += length;
  }
  return at;
}

}  // namespace

Compiled compile(std::string_view text, const Where& where, Schemas schemas,
                 std::span<const ProtocolId> about, Diagnostics& diagnostics) {
  Report report{text, where, diagnostics};
  if (text.size() > kMostText) {
    report.add(0, "the expression is longer than " + std::to_string(kMostText) + " bytes",
               "split it into several rules");
    return {};
  }
  if (const auto end = utf8_end(text); end != text.size()) {
    report.add(end, "the text is not UTF-8", R"(write bytes as \xNN)");
    return {};
  }
  const auto read = tokens(text, report);
  const auto tree = parse(text, read, report);
  auto compiled = generate(tree, Names{schemas, about}, report);
  if (report.count() != 0) return {};
  return compiled;
}

}  // namespace sluice::language
