#include "control/ruleset/report.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace sluice {
namespace {

using compile::Summary;
using nlohmann::json;

struct SummaryField {
  const char* name;
  std::uint32_t Summary::*field;
};
constexpr std::array kSummary = {
    SummaryField{"zones", &Summary::zones},       SummaryField{"assets", &Summary::assets},
    SummaryField{"conduits", &Summary::conduits}, SummaryField{"rules", &Summary::rules},
    SummaryField{"pairs", &Summary::pairs},       SummaryField{"grants", &Summary::grants},
    SummaryField{"patches", &Summary::patches},   SummaryField{"patches_written", &Summary::patches_written},
};

bool read_text(const json& object, const char* key, std::string& out) {
  const auto at = object.find(key);
  if (at == object.end() || !at->is_string()) return false;
  out = at->get<std::string>();
  return true;
}

bool read_number(const json& object, const char* key, std::uint32_t& out) {
  const auto at = object.find(key);
  if (at == object.end() || !at->is_number_unsigned() || at->get<std::uint64_t>() > 0xffffffffU) return false;
  out = at->get<std::uint32_t>();
  return true;
}

int hex(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

bool read_digest(const json& object, image::Digest& out) {
  std::string text;
  if (!read_text(object, "source_digest", text) || text.size() != out.size() * 2) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex(text[i * 2]);
    const int low = hex(text[i * 2 + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

}  // namespace

std::string report_text(const Diagnostics& diagnostics, const compile::Output* output) {
  json report;
  report["errors"] = json::array();
  for (const auto& error : diagnostics.errors()) {
    report["errors"].push_back({{"file", error.where.file},
                                {"line", error.where.line},
                                {"column", error.where.column},
                                {"what", error.what},
                                {"remedy", error.remedy}});
  }
  report["unlisted"] = diagnostics.unlisted();
  report["compiled"] = output != nullptr;
  if (output != nullptr) {
    for (const auto& [name, field] : kSummary) report["summary"][name] = output->summary.*field;
    std::string digest;
    for (const auto byte : output->source_digest) {
      digest += "0123456789abcdef"[byte >> 4U];
      digest += "0123456789abcdef"[byte & 15U];
    }
    report["source_digest"] = digest;
  }
  return report.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<CompileReport> parse_report(std::string_view text) {
  const auto report = json::parse(text, nullptr, false);
  if (!report.is_object()) return std::nullopt;
  CompileReport out;
  const auto errors = report.find("errors");
  const auto compiled = report.find("compiled");
  std::uint32_t unlisted = 0;
  if (errors == report.end() || !errors->is_array() || compiled == report.end() || !compiled->is_boolean() ||
      !read_number(report, "unlisted", unlisted)) {
    return std::nullopt;
  }
  for (const auto& entry : *errors) {
    Error error;
    if (!entry.is_object() || !read_text(entry, "file", error.where.file) ||
        !read_number(entry, "line", error.where.line) || !read_number(entry, "column", error.where.column) ||
        !read_text(entry, "what", error.what) || !read_text(entry, "remedy", error.remedy)) {
      return std::nullopt;
    }
    out.diagnostics.add(std::move(error));
  }
  for (std::uint32_t i = 0; i < unlisted && i < Diagnostics::kMost; ++i) out.diagnostics.add({}, "and more");
  out.compiled = compiled->get<bool>();
  // Compiled, or errors: never both, never neither.
  if (out.compiled != out.diagnostics.empty()) return std::nullopt;
  if (!out.compiled) return out;
  const auto summary = report.find("summary");
  if (summary == report.end() || !summary->is_object() || !read_digest(report, out.source_digest))
    return std::nullopt;
  for (const auto& [name, field] : kSummary) {
    if (!read_number(*summary, name, out.summary.*field)) return std::nullopt;
  }
  return out;
}

}  // namespace sluice
