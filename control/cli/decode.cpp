#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "control/cli/command.hpp"
#include "control/cli/names.hpp"
#include "control/cli/output.hpp"
#include "control/cli/walk.hpp"
#include "dataplane/protocol/protocol.hpp"

namespace sluice::cli {
namespace {

struct Column {
  std::string name;
  std::vector<FieldRef> fields;

  [[nodiscard]] bool shows(const Value& value) const { return std::ranges::count(fields, value.field) != 0; }
};

const Field& field_of(const Value& value) {
  return registry().schemas[value.field.protocol]->fields[value.field.field];
}

bool any_shown(std::span<const Column> columns, std::span<const Value> values) {
  return std::ranges::any_of(values, [&](const Value& value) {
    return std::ranges::any_of(columns, [&](const Column& column) { return column.shows(value); });
  });
}

std::string line(std::uint64_t number, std::span<const Column> columns, std::span<const Value> values) {
  auto out = std::to_string(number);
  for (const auto& column : columns) {
    out += '\t';
    bool first = true;
    for (const auto& value : values) {
      if (!column.shows(value)) continue;
      if (!first) out += ',';
      first = false;
      append_value(out, field_of(value), value);
    }
  }
  return out;
}

std::string json_line(std::uint64_t number, std::span<const Column> columns, std::span<const Value> values) {
  nlohmann::ordered_json fields = nlohmann::ordered_json::object();
  for (const auto& column : columns) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& value : values) {
      if (!column.shows(value)) continue;
      const auto& field = field_of(value);
      std::string text;
      append_value(text, field, value);
      if (field.type == FieldType::unsigned_integer) {
        list.push_back(value.number);
      } else if (field.type == FieldType::signed_integer) {
        list.push_back(static_cast<std::int64_t>(value.number));
      } else if (field.type == FieldType::boolean) {
        list.push_back(value.number != 0);
      } else {
        list.push_back(text);
      }
    }
    if (!list.empty()) fields[column.name] = std::move(list);
  }
  return nlohmann::ordered_json{{"frame", number}, {"fields", std::move(fields)}}.dump();
}

class Decode final : public Command {
 public:
  std::string_view name() const override { return "decode"; }
  std::string_view summary() const override { return "print fields of the messages in a capture"; }
  std::string_view examples() const override {
    return "  sluice decode plant.pcap -e modbus.func_code -e modbus.reference_num\n"
           "  sluice decode plant.pcap -e ip.src -e mbtcp.unit_id -o json\n"
           "\n"
           "One line per frame that shows any of the fields: the frame's number, then each field's values,\n"
           "separated by tabs; several values of one field are joined by commas. `sluice fields` lists the\n"
           "fields. A message of several frames is shown in the frame that completes it.\n";
  }
  void declare(CLI::App& app) override {
    app.add_option("capture", capture_, "a pcap or pcapng file of Ethernet frames")
        ->required()
        ->option_text("CAPTURE");
    app.add_option("-e,--field", names_, "a field to print; may be given many times")
        ->required()
        ->option_text("FIELD")
        ->expected(1)
        ->take_all();
  }

  Exit run(Console& console) override {
    std::vector<Column> columns;
    std::vector<FieldRef> wanted;
    bool known = true;
    for (const auto& name : names_) {
      auto found = find_field(registry().schemas, name);
      if (!found) {
        complain(console, found.error());
        known = false;
        continue;
      }
      wanted.insert(wanted.end(), found->begin(), found->end());
      columns.push_back({name, std::move(*found)});
    }
    if (!known) return Exit::bad_use;
    const auto walked = walk(
        capture_, wanted,
        [&](std::uint64_t number, std::span<const Value> values) {
          if (!any_shown(columns, values)) return;
          const auto row = console.format == Format::json ? json_line(number, columns, values)
                                                          : line(number, columns, values);
          console.out << row << '\n';
        },
        console.limits);
    return exit_of_walk(console, walked);
  }

 private:
  std::string capture_;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<Command> make_decode() { return std::make_unique<Decode>(); }

}  // namespace sluice::cli
