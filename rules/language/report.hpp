// Where in the text of one expression something is wrong. Columns count characters (UTF-8), lines count from
// where the text stands in its file.
#pragma once

#include <string>
#include <string_view>

#include "rules/base/result.hpp"

namespace sluice::language {

class Report {
 public:
  static constexpr std::size_t kMost = 50;  // of one expression

  Report(std::string_view text, const Where& where, Diagnostics& diagnostics)
      : text_{text}, where_{where}, diagnostics_{diagnostics} {}

  void add(std::size_t offset, std::string what, std::string remedy = {}) {
    if (++count_ < kMost) diagnostics_.add(at(offset), std::move(what), std::move(remedy));
    if (count_ == kMost)
      diagnostics_.add(at(offset), "more errors follow in this expression", "mend those above first");
  }
  [[nodiscard]] bool full() const noexcept { return count_ >= kMost; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  [[nodiscard]] Where at(std::size_t offset) const {
    auto where = where_;
    for (std::size_t i = 0; i < offset && i < text_.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text_[i]);
      if (byte == '\n') {
        ++where.line;
        where.column = 1;
      } else if ((byte & 0xc0U) != 0x80U) {
        ++where.column;
      }
    }
    return where;
  }

  std::string_view text_;
  Where where_;
  Diagnostics& diagnostics_;
  std::size_t count_ = 0;
};

}  // namespace sluice::language
