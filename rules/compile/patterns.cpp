#include "rules/compile/patterns.hpp"

#include <hs.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <tuple>

#include "rules/image/platform.hpp"

namespace sluice::compile {
namespace {

constexpr unsigned kFlags = HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH;

struct FreeError {
  void operator()(hs_compile_error_t* error) const noexcept { hs_free_compile_error(error); }
};
struct FreeDatabase {
  void operator()(hs_database_t* database) const noexcept { hs_free_database(database); }
};
struct Free {
  void operator()(void* memory) const noexcept { std::free(memory); }
};

}  // namespace

std::uint64_t hyperscan_platform() { return image::platform(hs_version()); }

// Hyperscan says where in the expression by "at index N".
void Patterns::report(const Word& regex, const char* message) {
  std::string_view what = message == nullptr ? "no reason given" : message;
  auto spot = regex.spot;
  constexpr std::string_view kAt = " at index ";
  if (const auto at = what.find(kAt); at != std::string_view::npos) {
    std::uint32_t index = 0;
    const auto digits = what.substr(at + kAt.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (index <= regex.text.size()) spot.column += index;
  }
  while (what.ends_with('.')) what.remove_suffix(1);
  notes_.error(spot, "the pattern can't be looked for: " + std::string{what},
               "write it as Hyperscan knows it: no look-around, no back-references, never empty");
}

bool Patterns::check(const Word& regex) {
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_expression_info(regex.text.c_str(), kFlags, &info, &error) != HS_SUCCESS) {
    const std::unique_ptr<hs_compile_error_t, FreeError> owned{error};
    report(regex, error == nullptr ? nullptr : error->message);
    return false;
  }
  const std::unique_ptr<hs_expr_info_t, Free> owned{info};
  if (info->min_width == 0) {
    report(regex, "it matches nothing at all");
    return false;
  }
  return true;
}

std::uint32_t Patterns::add(const Word& regex, std::uint32_t patch, std::uint16_t protocol,
                            std::uint16_t field) {
  image::Pattern pattern;
  pattern.patch = patch;
  pattern.protocol = protocol;
  pattern.field = field;
  rows_.push_back({regex, pattern});
  return static_cast<std::uint32_t>(rows_.size() - 1);
}

bool Patterns::compile() {
  if (rows_.empty()) return true;
  if (rows_.size() > image::kMostPatterns) {
    notes_.error(rows_.back().regex.spot, "more than " + std::to_string(image::kMostPatterns) + " patterns",
                 "use fewer patches");
    return false;
  }
  for (const auto& row : rows_) {
    const auto same = [&](const Compiled& database) {
      return database.protocol == row.pattern.protocol && database.field == row.pattern.field;
    };
    if (std::none_of(databases_.begin(), databases_.end(), same)) {
      databases_.push_back({row.pattern.protocol, row.pattern.field, {}});
    }
  }
  std::sort(databases_.begin(), databases_.end(), [](const Compiled& a, const Compiled& b) {
    return std::tie(a.protocol, a.field) < std::tie(b.protocol, b.field);
  });
  bool fine = true;
  for (std::uint32_t i = 0; i < databases_.size(); ++i) {
    for (auto& row : rows_) {
      if (row.pattern.protocol == databases_[i].protocol && row.pattern.field == databases_[i].field) {
        row.pattern.database = i;
      }
    }
    fine = compile_one(databases_[i]) && fine;
  }
  return fine;
}

bool Patterns::compile_one(Compiled& database) {
  std::vector<const char*> expressions;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].pattern.protocol != database.protocol || rows_[i].pattern.field != database.field) continue;
    expressions.push_back(rows_[i].regex.text.c_str());
    flags.push_back(kFlags);
    ids.push_back(i);
  }
  hs_database_t* compiled = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(expressions.data(), flags.data(), ids.data(), static_cast<unsigned>(ids.size()),
                       HS_MODE_BLOCK, nullptr, &compiled, &error) != HS_SUCCESS) {
    const std::unique_ptr<hs_compile_error_t, FreeError> owned{error};
    const bool known = error != nullptr && error->expression >= 0 &&
                       static_cast<std::size_t>(error->expression) < ids.size();
    report(rows_[known ? ids[static_cast<std::size_t>(error->expression)] : ids[0]].regex,
           error == nullptr ? nullptr : error->message);
    return false;
  }
  const std::unique_ptr<hs_database_t, FreeDatabase> owned{compiled};
  char* bytes = nullptr;
  std::size_t size = 0;
  if (hs_serialize_database(compiled, &bytes, &size) != HS_SUCCESS) {
    report(rows_[ids[0]].regex, "its database can't be written");
    return false;
  }
  const std::unique_ptr<char, Free> owned_bytes{bytes};
  database.bytes.assign(bytes, bytes + size);
  return true;
}

void Patterns::write(image::Writer& writer) const {
  for (const auto& row : rows_) writer.patterns.push_back(row.pattern);
  for (const auto& compiled : databases_) {
    writer.blobs.resize((writer.blobs.size() + image::kAlignment - 1) & ~(image::kAlignment - 1));
    image::Database database;
    database.offset = writer.blobs.size();
    database.size = compiled.bytes.size();
    database.protocol = compiled.protocol;
    database.field = compiled.field;
    writer.databases.push_back(database);
    writer.blobs.insert(writer.blobs.end(), compiled.bytes.begin(), compiled.bytes.end());
  }
}

}  // namespace sluice::compile
