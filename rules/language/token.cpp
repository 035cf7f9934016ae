#include "rules/language/token.hpp"

#include <array>
#include <utility>

namespace sluice::language {
namespace {

constexpr bool digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr int hex(char c) noexcept {
  if (digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
constexpr bool word_start(char c) noexcept { return letter(c) || digit(c) || c == '.' || c == ':'; }
constexpr bool word_rest(char c) noexcept { return word_start(c) || c == '-' || c == '/'; }

struct Spelling {
  std::string_view text;
  TokenKind kind;
};

constexpr std::array kWords = {
    Spelling{"eq", TokenKind::equal},
    Spelling{"any_eq", TokenKind::equal},
    Spelling{"ne", TokenKind::not_equal},
    Spelling{"all_ne", TokenKind::not_equal},
    Spelling{"all_eq", TokenKind::all_equal},
    Spelling{"any_ne", TokenKind::any_not_equal},
    Spelling{"lt", TokenKind::less},
    Spelling{"le", TokenKind::less_equal},
    Spelling{"gt", TokenKind::greater},
    Spelling{"ge", TokenKind::greater_equal},
    Spelling{"contains", TokenKind::contains},
    Spelling{"matches", TokenKind::matches},
    Spelling{"in", TokenKind::in},
    Spelling{"and", TokenKind::all_of},
    Spelling{"or", TokenKind::any_of},
    Spelling{"not", TokenKind::inverse},
    Spelling{"any", TokenKind::any},
    Spelling{"all", TokenKind::all},
    Spelling{"bitwise_and", TokenKind::mask},
};

// The longest first.
constexpr std::array kSigns = {
    Spelling{"===", TokenKind::all_equal},    Spelling{"!==", TokenKind::any_not_equal},
    Spelling{"==", TokenKind::equal},         Spelling{"!=", TokenKind::not_equal},
    Spelling{"~=", TokenKind::any_not_equal}, Spelling{"<=", TokenKind::less_equal},
    Spelling{">=", TokenKind::greater_equal}, Spelling{"&&", TokenKind::all_of},
    Spelling{"||", TokenKind::any_of},        Spelling{"..", TokenKind::dots},
    Spelling{"<", TokenKind::less},           Spelling{">", TokenKind::greater},
    Spelling{"!", TokenKind::inverse},        Spelling{"~", TokenKind::matches},
    Spelling{"&", TokenKind::mask},           Spelling{"(", TokenKind::open},
    Spelling{")", TokenKind::close},          Spelling{"[", TokenKind::open_slice},
    Spelling{"]", TokenKind::close_slice},    Spelling{"{", TokenKind::open_set},
    Spelling{"}", TokenKind::close_set},      Spelling{",", TokenKind::comma},
    Spelling{"#", TokenKind::layer},          Spelling{"+", TokenKind::plus},
    Spelling{"-", TokenKind::minus},          Spelling{"*", TokenKind::star},
    Spelling{"/", TokenKind::slash},          Spelling{"%", TokenKind::percent},
};

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0U | point >> 6U);
    put(0x80U | (point & 0x3fU));
  } else if (point < 0x10000) {
    put(0xe0U | point >> 12U);
    put(0x80U | (point >> 6U & 0x3fU));
    put(0x80U | (point & 0x3fU));
  } else {
    put(0xf0U | point >> 18U);
    put(0x80U | (point >> 12U & 0x3fU));
    put(0x80U | (point >> 6U & 0x3fU));
    put(0x80U | (point & 0x3fU));
  }
}

class Lexer {
 public:
  Lexer(std::string_view text, Report& report) : text_{text}, report_{report} {}

  std::vector<Token> run() {
    while (true) {
      while (at_ < text_.size() && std::string_view{" \t\r\n"}.find(text_[at_]) != std::string_view::npos)
        ++at_;
      if (at_ == text_.size()) break;
      start_ = at_;
      one();
      if (report_.full()) break;
    }
    start_ = at_ = text_.size();
    push(TokenKind::end);
    return std::move(out_);
  }

 private:
  void push(TokenKind kind, std::string bytes = {}) {
    out_.push_back({kind, static_cast<std::uint32_t>(start_), static_cast<std::uint32_t>(at_ - start_),
                    std::move(bytes)});
  }

  void one() {
    const char c = text_[at_];
    if (c == '"') return string(false);
    if ((c == 'r' || c == 'R') && at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
      ++at_;
      return string(true);
    }
    if (c == '\'') return character();
    if (slices_ != 0 && digit(c)) {
      while (at_ < text_.size() && (digit(text_[at_]) || letter(text_[at_]))) ++at_;
      return push(TokenKind::integer);
    }
    if (slices_ != 0 && c == ':') {
      ++at_;
      return push(TokenKind::colon);
    }
    if (word_start(c) && text_.substr(at_, 2) != "..") return word();
    for (const auto& sign : kSigns) {
      if (text_.substr(at_, sign.text.size()) != sign.text) continue;
      at_ += sign.text.size();
      if (sign.kind == TokenKind::open_slice) ++slices_;
      if (sign.kind == TokenKind::close_slice && slices_ != 0) --slices_;
      return push(sign.kind);
    }
    wrong_sign(c);
  }

  void word() {
    while (at_ < text_.size() && word_rest(text_[at_]) && text_.substr(at_, 2) != "..") ++at_;
    const auto spelled = text_.substr(start_, at_ - start_);
    for (const auto& known : kWords) {
      if (spelled == known.text) return push(known.kind);
    }
    push(TokenKind::word);
  }

  void wrong_sign(char c) {
    ++at_;
    if (c == '=') {
      report_.add(start_, "'=' is not an operator", "write '=='");
      return push(TokenKind::equal);
    }
    if (c == '|') {
      report_.add(start_, "'|' is not an operator", "write '||' or 'or'");
      return push(TokenKind::any_of);
    }
    if (c == '^') {
      while (at_ < text_.size() && text_[at_] == '^') ++at_;
      report_.add(start_, "there is no exclusive or", "write (a and not b) or (not a and b)");
      return push(TokenKind::any_of);
    }
    if (c == '$') {
      report_.add(start_, "there are no field references: no frame is selected here",
                  "name the field itself");
      return push(TokenKind::bad);
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f) {
      report_.add(start_, std::string{"'"} + c + "' does not belong into an expression");
    } else {
      report_.add(start_, "a character that does not belong into an expression",
                  "put text into double quotes");
      // One error for a run of them.
      while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) >= 0x7f || text_[at_] == '\0'))
        ++at_;
    }
    push(TokenKind::bad);
  }

  void string(bool raw) {
    ++at_;
    std::string bytes;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] != '\\') {
        bytes.push_back(text_[at_++]);
      } else if (raw) {
        bytes.push_back(text_[at_++]);
        if (at_ < text_.size()) bytes.push_back(text_[at_++]);
      } else {
        escape(bytes);
      }
    }
    if (at_ == text_.size()) {
      report_.add(start_, "the string is not closed", "end it with '\"'");
      return push(TokenKind::bad);
    }
    ++at_;
    push(TokenKind::string, std::move(bytes));
  }

  void character() {
    ++at_;
    std::string bytes;
    while (at_ < text_.size() && text_[at_] != '\'') {
      if (text_[at_] == '\\') {
        escape(bytes);
      } else {
        bytes.push_back(text_[at_++]);
      }
    }
    if (at_ == text_.size()) {
      report_.add(start_, "the character is not closed", "end it with \"'\"");
      return push(TokenKind::bad);
    }
    ++at_;
    if (bytes.size() != 1) {
      report_.add(start_,
                  bytes.empty() ? "there is no character between the quotes"
                                : "more than one byte between the quotes",
                  "put text into double quotes");
      return push(TokenKind::bad);
    }
    push(TokenKind::character, std::move(bytes));
  }

  // At a backslash.
  void escape(std::string& bytes) {
    const auto begin = at_++;
    if (at_ == text_.size()) return;
    const char c = text_[at_];
    constexpr std::string_view kNames = "abfnrtv'\"\\";
    constexpr std::string_view kMeant = "\a\b\f\n\r\t\v'\"\\";
    if (const auto found = kNames.find(c); found != std::string_view::npos) {
      bytes.push_back(kMeant[found]);
      ++at_;
      return;
    }
    if (c >= '0' && c <= '7') {
      unsigned value = 0;
      for (int i = 0; i < 3 && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '7'; ++i) {
        value = value * 8 + static_cast<unsigned>(text_[at_++] - '0');
      }
      if (value > 255) report_.add(begin, "the octal escape is greater than \\377");
      bytes.push_back(static_cast<char>(value));
      return;
    }
    const std::size_t most = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (most == 0) {
      report_.add(begin, std::string{"'\\"} + (c > 0x20 && c < 0x7f ? c : '?') + "' is no escape sequence",
                  "write '\\\\' for a backslash, or a raw string: r\"...\"");
      ++at_;
      return;
    }
    ++at_;
    std::uint64_t value = 0;
    std::size_t count = 0;
    for (; count < most && at_ < text_.size() && hex(text_[at_]) >= 0; ++count) {
      value = value * 16 + static_cast<std::uint64_t>(hex(text_[at_++]));
    }
    if (count == 0 || (most > 2 && count != most)) {
      report_.add(begin, std::string{"'\\"} + c + "' needs " +
                             (most == 2   ? "two"
                              : most == 4 ? "four"
                                          : "eight") +
                             " hex digits");
    } else if (most == 2) {
      bytes.push_back(static_cast<char>(value));
    } else if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
      report_.add(begin, "this is no Unicode character");
    } else {
      append_utf8(bytes, static_cast<std::uint32_t>(value));
    }
  }

  std::string_view text_;
  Report& report_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
  std::size_t slices_ = 0;
  std::vector<Token> out_;
};

}  // namespace

std::vector<Token> tokens(std::string_view text, Report& report) { return Lexer{text, report}.run(); }

}  // namespace sluice::language
