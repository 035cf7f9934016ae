#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "control/cli/command.hpp"
#include "control/cli/names.hpp"
#include "dataplane/protocol/protocol.hpp"

namespace sluice::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string_view key_of(SpanKey key) {
  switch (key) {
    case SpanKey::none:
      return "none";
    case SpanKey::number:
      return "number";
    case SpanKey::name:
      return "name";
    case SpanKey::number_and_name:
      return "number and name";
  }
  return "?";
}

std::vector<std::string_view> transports_of(const Schema& schema) {
  std::vector<std::string_view> names;
  if (has(schema.transports, Transport::tcp)) names.emplace_back("tcp");
  if (has(schema.transports, Transport::udp)) names.emplace_back("udp");
  if (has(schema.transports, Transport::ethernet)) names.emplace_back("ethernet");
  return names;
}

std::string type_of(const Field& field) {
  const auto type = std::string{name_of(field.type)};
  return field.bits == 0 ? type : fmt::format("{} {}", type, field.bits);
}

Json json_of(const Schema& schema) {
  Json fields = Json::array();
  for (const auto& field : schema.fields) {
    fields.push_back({{"name", field.name},
                      {"type", name_of(field.type)},
                      {"bits", field.bits},
                      {"base", field.base == Base::hexadecimal ? "hexadecimal" : "decimal"},
                      {"meaning", field.meaning},
                      {"clause", field.clause}});
  }
  Json functions = Json::array();
  for (const auto& function : schema.functions) {
    functions.push_back({{"id", function.id},
                         {"name", function.name},
                         {"access", sluice::name_of(function.access)},
                         {"clause", function.clause}});
    if (function.parent != kNoFunction) functions.back()["parent"] = function.parent;
  }
  Json spaces = Json::array();
  for (const auto& space : schema.spaces) {
    spaces.push_back({{"name", space.name},
                      {"key", key_of(space.key)},
                      {"last", space.last},
                      {"meaning", space.meaning},
                      {"clause", space.clause}});
  }
  Json out{{"protocol", schema.name}, {"title", schema.title}, {"standard", schema.standard}};
  out["transports"] = transports_of(schema);
  out["ports"] = schema.ports;
  if (!schema.carrier.protocol.empty()) {
    out["carried_by"] = {{"protocol", schema.carrier.protocol}, {"function", schema.carrier.function}};
  }
  out["fields"] = std::move(fields);
  out["functions"] = std::move(functions);
  out["spaces"] = std::move(spaces);
  return out;
}

void print(std::ostream& out, const Schema& schema) {
  out << fmt::format("{}: {} ({})\n", schema.name, schema.title, schema.standard);
  if (!schema.carrier.protocol.empty()) {
    out << fmt::format("  carried by {}, function {}\n", schema.carrier.protocol, schema.carrier.function);
  }
  if (!schema.fields.empty()) out << "  fields\n";
  for (const auto& field : schema.fields) {
    out << fmt::format("    {:<34} {:<12} {}{}\n", field.name, type_of(field), field.meaning,
                       field.clause.empty() ? "" : fmt::format("  [{}]", field.clause));
  }
  if (!schema.functions.empty()) out << "  functions\n";
  for (const auto& function : schema.functions) {
    const auto code = function.parent == kNoFunction ? fmt::format("{}", function.id) : std::string{};
    out << fmt::format("    {:>5} {:<44} {:<9} [{}]\n", code, function.name, sluice::name_of(function.access),
                       function.clause);
  }
  if (!schema.spaces.empty()) out << "  spaces of targets\n";
  for (const auto& space : schema.spaces) {
    out << fmt::format("    {:<20} 0..{:<12} {}{}{}\n", space.name, space.last, space.meaning,
                       space.key == SpanKey::none ? "" : fmt::format(", key: {}", key_of(space.key)),
                       space.clause.empty() ? "" : fmt::format("  [{}]", space.clause));
  }
}

class Fields final : public Command {
 public:
  std::string_view name() const override { return "fields"; }
  std::string_view summary() const override {
    return "list the fields, functions and targets that rules can name";
  }
  std::string_view examples() const override {
    return "  sluice fields               everything\n"
           "  sluice fields modbus        one protocol\n"
           "  sluice fields packet        the layers below: Ethernet, IP, TCP, UDP\n"
           "  sluice fields modbus -o json\n";
  }
  void declare(CLI::App& app) override {
    app.add_option("protocol", protocol_, "the protocol's name in rules")->option_text("[PROTOCOL]");
  }

  Exit run(Console& console) override {
    const auto& schemas = registry().schemas;
    std::vector<const Schema*> chosen{schemas.begin(), schemas.end()};
    if (!protocol_.empty()) {
      const auto found = find_protocol(schemas, protocol_);
      if (!found.exists()) {
        complain(console, unknown_protocol(schemas, protocol_));
        return Exit::bad_use;
      }
      chosen = {schemas[found.value]};
    }
    if (console.format == Format::json) {
      Json all = Json::array();
      for (const auto* schema : chosen) all.push_back(json_of(*schema));
      console.out << all.dump(2) << '\n';
      return Exit::done;
    }
    for (const auto* schema : chosen) {
      print(console.out, *schema);
      if (schema != chosen.back()) console.out << '\n';
    }
    return Exit::done;
  }

 private:
  std::string protocol_;
};

}  // namespace

std::unique_ptr<Command> make_fields() { return std::make_unique<Fields>(); }

}  // namespace sluice::cli
