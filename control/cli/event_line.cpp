#include "control/cli/event_line.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/cli/output.hpp"

namespace sluice::cli {
namespace {

using Json = nlohmann::json;

// A member as text; empty when it is not there.
std::string text(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || found == object.end()) return {};
  std::string out;
  if (found->is_string()) {
    append_escaped(out, found->get_ref<const std::string&>());
  } else if (found->is_number()) {
    out = found->dump();
  }
  return out;
}

const Json& member(const Json& object, const std::string& key) {
  static const Json kNothing;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : kNothing;
}

// 2024-06-11T08:15:30.123456+0000 -> 08:15:30.123
std::string clock_of(const std::string& timestamp) {
  const auto at = timestamp.find('T');
  return at == std::string::npos ? std::string{} : timestamp.substr(at + 1, 12);
}

std::string end_of(const Json& eve, const char* address, const char* port, const char* asset,
                   const char* mac) {
  auto out = text(eve, address);
  const bool v6 = out.find(':') != std::string::npos;
  const auto number = text(eve, port);
  if (!number.empty()) out = v6 ? "[" + out + "]:" + number : out + ":" + number;
  if (out.empty()) out = text(member(eve, "ether"), mac);
  const auto name = text(member(eve, "sluice"), asset);
  if (!name.empty()) out += " (" + name + ")";
  return out.empty() ? "?" : out;
}

std::string spans_of(const Json& protocol) {
  std::string out;
  for (const auto& span : member(protocol, "spans")) {
    out += out.empty() ? " " : ", ";
    out += text(span, "space");
    for (const auto* key : {"key", "name"}) {
      if (const auto value = text(span, key); !value.empty()) out += " " + value;
    }
    const auto first = text(span, "first");
    const auto last = text(span, "last");
    out += first == last ? " " + first : " " + first + ".." + last;
  }
  return out;
}

std::string_view colour_of(const std::string& outcome) {
  if (outcome.starts_with("would")) return "\x1b[33m";
  if (outcome == "denied" || outcome == "patched") return "\x1b[31m";
  return "\x1b[32m";
}

}  // namespace

std::string event_line(const Json& eve, Colour colour) {
  const auto& own = member(eve, "sluice");
  const auto outcome = text(own, "outcome");
  std::string line;
  if (const auto frame = text(eve, "pcap_cnt"); !frame.empty()) line += fmt::format("frame {:<6} ", frame);
  line += clock_of(text(eve, "timestamp")) + "  ";
  const auto shown = fmt::format("{:<11}", outcome);
  line += colour == Colour::on ? fmt::format("{}{}\x1b[0m", colour_of(outcome), shown) : shown;
  line += fmt::format(" {:<14} ", text(own, "reason"));
  line += end_of(eve, "src_ip", "src_port", "asset_src", "src_mac") + " -> " +
          end_of(eve, "dest_ip", "dest_port", "asset_dst", "dest_mac");
  const auto protocol = text(eve, "app_proto");
  if (protocol.empty()) {
    if (const auto proto = text(eve, "proto"); !proto.empty()) line += "  " + proto;
  } else {
    const auto& message = member(eve, protocol);
    line += "  " + protocol;
    if (const auto function = text(message, "function"); !function.empty()) line += " " + function;
    line += spans_of(message);
  }
  if (const auto patch = text(own, "patch"); !patch.empty()) line += "  patch " + patch;
  if (const auto count = text(own, "count"); !count.empty()) line += fmt::format("  ({} times)", count);
  return line;
}

}  // namespace sluice::cli
