#include "rules/compile/guard.hpp"

#include "rules/base/utf8.hpp"

namespace sluice::compile {
namespace {

bool characters(std::string_view text, std::uint32_t file, Notes& notes) {
  Spot spot{file, 1, 1};
  for (std::size_t at = 0; at < text.size();) {
    const auto length = utf8_length(bytes_of(text.substr(at, 4)));
    if (length == 0) {
      notes.error(spot, "not UTF-8", "save the file as UTF-8");
      return false;
    }
    if (text[at] == '\0') {
      notes.error(spot, "a NUL character", "remove it");
      return false;
    }
    if (text[at] == '\n') {
      ++spot.line;
      spot.column = 1;
    } else {
      ++spot.column;
    }
    at += length;
  }
  return true;
}

// Walks brackets, dots and the starts of headers outside of strings and comments. It need not judge TOML, but
// follows the TOML that is right, so that up to the first mistake it knows where it is.
class Structure {
 public:
  Structure(std::string_view text, std::uint32_t file, Notes& notes)
      : text_{text}, spot_{file, 1, 1}, notes_{notes} {}

  bool check() {
    bool line_start = true;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (line_start && c == '[' && brackets_ == 0 && !header()) return false;
      if (c == '\n') {
        line_start = true;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        line_start = false;
      }
      if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') step();
      } else if (c == '"' || c == '\'') {
        string(c);
      } else {
        if (c == '[' || c == '{') ++brackets_;
        if ((c == ']' || c == '}') && brackets_ > 0) --brackets_;
        if (c == '.') ++dots_;
        if (c == '\n' || c == '=' || c == ',' || c == '{') dots_ = 0;
        if (brackets_ > kMostDepth || dots_ > kMostDepth) {
          notes_.error(spot_, "nested deeper than " + std::to_string(kMostDepth),
                       "no part of a configuration is");
          return false;
        }
        step();
      }
    }
    return true;
  }

 private:
  // Behind one or two brackets stands a name.
  bool header() {
    auto at = at_ + (text_.substr(at_, 2) == "[[" ? 2U : 1U);
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t')) ++at;
    if (at == text_.size()) return true;
    const char c = text_[at];
    const bool bare =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (bare || c == '"' || c == '\'' || c == ']') return true;
    notes_.error(spot_, "not TOML: a table without a name", "write it as [[zone]]");
    return false;
  }

  void step() {
    if (text_[at_] == '\n') {
      ++spot_.line;
      spot_.column = 1;
    } else if ((static_cast<unsigned char>(text_[at_]) & 0xc0U) != 0x80U) {
      ++spot_.column;
    }
    ++at_;
  }
  void steps(std::size_t count) {
    for (; count != 0 && at_ < text_.size(); --count) step();
  }

  void string(char quote) {
    const std::string three(3, quote);
    const bool many_lines = text_.substr(at_, 3) == three;
    steps(many_lines ? 3 : 1);
    while (at_ < text_.size()) {
      if (quote == '"' && text_[at_] == '\\') {
        steps(2);
      } else if (many_lines ? text_.substr(at_, 3) == three : text_[at_] == quote) {
        steps(many_lines ? 3 : 1);
        // One or two quotes more belong to the text.
        for (int more = 0; many_lines && more < 2 && at_ < text_.size() && text_[at_] == quote; ++more)
          step();
        return;
      } else if (!many_lines && text_[at_] == '\n') {
        return;  // not TOML: the library says so; what follows is looked at as if outside
      } else {
        step();
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Spot spot_;
  std::size_t brackets_ = 0;
  std::size_t dots_ = 0;
  Notes& notes_;
};

}  // namespace

bool guard(std::string_view text, std::uint32_t file, Notes& notes) {
  return characters(text, file, notes) && Structure{text, file, notes}.check();
}

}  // namespace sluice::compile
