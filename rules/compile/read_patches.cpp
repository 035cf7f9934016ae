#include <array>

#include "rules/compile/form.hpp"
#include "rules/compile/product.hpp"
#include "rules/compile/rows.hpp"

namespace sluice::compile {
namespace {

constexpr std::array<std::string_view, 3> kActions = {"reset", "drop", "neutralise"};
constexpr std::array<Verdict, 3> kVerdicts = {Verdict::reset, Verdict::drop, Verdict::neutralise};
constexpr std::size_t kMostRegex = 4096;

std::string joined(const std::vector<Word>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word.text;
  return out;
}

void read_affected(const TomlValue& value, PatchRow& row, Notes& notes) {
  if (value.kind != ValueKind::table) {
    notes.error(value.spot, "affects has " + std::string{name_of(value.kind)},
                "write { vendor = \"…\", product = \"…\", firmware = \"< 2.80\" }");
    return;
  }
  Form form{value, "affects", notes};
  AffectedRow affected;
  affected.vendor = form.text("vendor", Need::must);
  affected.product = form.text("product", Need::must);
  affected.firmware = form.name("firmware", Need::may);
  form.close();
  if (affected.firmware && !is_firmware_range(affected.firmware->text)) {
    notes.error(affected.firmware->spot, quoted(affected.firmware->text) + " is no range of versions",
                "write it as \"< 2.80\", \">= 2.0, < 2.80\", or a version with * for the rest");
  }
  row.affects.push_back(std::move(affected));
}

void read_pattern(const TomlValue& value, PatchRow& row, Notes& notes) {
  if (value.kind != ValueKind::table) {
    notes.error(value.spot, "pattern is " + std::string{name_of(value.kind)},
                "write { field = \"payload\", regex = '…' }");
    return;
  }
  Form form{value, "a pattern", notes};
  PatternRow pattern;
  pattern.spot = value.spot;
  pattern.field = form.name("field", Need::may);
  const auto regex = expression_of(form, "regex", Need::must, notes);
  form.close();
  if (!regex) return;
  if (regex->text.empty() || regex->text.size() > kMostRegex || regex->text.find('\0') != std::string::npos) {
    notes.error(regex->spot, "a regular expression that is empty, too long or has a NUL",
                "write 1 to " + std::to_string(kMostRegex) + " bytes; a NUL is \\x00");
    return;
  }
  pattern.regex = *regex;
  row.pattern = std::move(pattern);
}

}  // namespace

void read_patch(const TomlValue& table, Rows& rows, Notes& notes) {
  Form form{table, "a patch", notes};
  PatchRow row;
  row.spot = table.spot;
  if (auto id = form.name("id", Need::must)) row.id = std::move(*id);
  row.name = form.text("name", Need::may);
  row.cve = joined(form.names("cve", Need::may));
  (void)form.names("cwe", Need::may);
  row.reference = joined(form.names("reference", Need::may));
  (void)form.text("blocks", Need::may);
  for (const auto& item : form.list("affects", Need::must)) read_affected(item, row, notes);
  if (const auto* affects = form.value("affects", Need::may);
      affects != nullptr && affects->kind == ValueKind::list && affects->items.empty()) {
    notes.error(affects->spot, "affects is an empty list", "name the products that the patch shields");
  }
  if (auto protocol = form.name("protocol", Need::must)) row.protocol = std::move(*protocol);
  row.match = expression_of(form, "match", Need::may, notes);
  if (const auto* pattern = form.value("pattern", Need::may)) read_pattern(*pattern, row, notes);
  if (form.value("match", Need::may) == nullptr && form.value("pattern", Need::may) == nullptr) {
    notes.error(table.spot, "a patch without match or pattern", "write what it looks for");
  }
  row.severity = static_cast<std::uint8_t>(form.number("severity", Need::may, 1, 3).value_or(2));
  row.action = kVerdicts[form.choice("action", Need::may, kActions).value_or(0)];
  if (const auto* action = form.value("action", Need::may)) row.action_spot = action->spot;
  form.close();
  rows.patches.push_back(std::move(row));
}

}  // namespace sluice::compile
