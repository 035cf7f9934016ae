#include <array>

#include "rules/base/nearest.hpp"
#include "rules/compile/rows.hpp"

namespace sluice::compile {
namespace {

struct TableReader {
  std::string_view name;
  void (*read)(const TomlValue& table, Rows& rows, Notes& notes);
};
constexpr std::array kTables = {
    TableReader{"zone", read_zone},   TableReader{"asset", read_asset}, TableReader{"conduit", read_conduit},
    TableReader{"allow", read_allow}, TableReader{"patch", read_patch},
};

}  // namespace

void read(const TomlValue& document, Rows& rows, Notes& notes) {
  for (const auto& [key, value] : document.entries) {
    const TableReader* reader = nullptr;
    Nearest search{key.text};
    for (const auto& table : kTables) {
      search.offer(table.name);
      if (table.name == key.text) reader = &table;
    }
    if (reader == nullptr) {
      notes.error(
          key.spot, "unknown table " + quoted(key.text),
          search.remedy("a configuration has [[zone]], [[asset]], [[conduit]], [[allow]] and [[patch]]"));
      continue;
    }
    if (value.kind != ValueKind::list) {
      notes.error(value.spot, quoted(key.text) + " is " + std::string{name_of(value.kind)},
                  "write each as [[" + key.text + "]], with double brackets");
      continue;
    }
    for (const auto& item : value.items) {
      if (item.kind == ValueKind::table) {
        reader->read(item, rows, notes);
      } else {
        notes.error(item.spot, "not a table", "write each as [[" + key.text + "]]");
      }
    }
  }
}

}  // namespace sluice::compile
