// For tests: random expressions, each with its text and its meaning computed in the most literal way from
// lists of values. Shares no code with the parser, the compiler or the evaluator.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "rules/language/language_fixture.hpp"

namespace sluice::language::reference {

struct Random {
  std::mt19937_64 engine;
  explicit Random(std::uint64_t seed) : engine{seed} {}
  std::uint64_t below(std::uint64_t limit) { return engine() % limit; }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <class List>
  auto of(const List& list) {
    return list[below(std::size(list))];
  }
};

struct Thing {
  __int128 number = 0;
  std::string bytes;
};
using Things = std::vector<Thing>;

struct Operand {
  std::string text;
  std::function<Things(const fixture::Frame&)> values;
  bool numeric = true;
  bool by_character = false;
  std::uint16_t field = fixture::kU8;
  bool plain = true;  // a field as it is
};

struct Test {
  std::string text;
  std::function<bool(const fixture::Frame&)> holds;
};

class Maker {
 public:
  explicit Maker(Random& random) : random_{random} {}

  fixture::Frame frame(std::size_t most) {
    fixture::Frame frame;
    const auto count = random_.below(most + 1);
    for (std::size_t i = 0; i < count; ++i) {
      const auto field = random_.of(kUsed);
      if (numeric(field)) {
        frame.number(field, static_cast<std::uint64_t>(number(field)));
      } else {
        frame.bytes(field, bytes(field));
      }
    }
    return frame;
  }

  Test test(unsigned depth) {
    if (depth != 0 && random_.chance(60)) return logic(depth);
    switch (random_.below(8)) {
      case 0:
        return exists();
      case 1:
        return membership();
      case 2:
        return contains();
      case 3:
        return masked();
      case 4:
        return between_fields();
      default:
        return comparison();
    }
  }

 private:
  static constexpr std::array<std::uint16_t, 8> kUsed = {fixture::kU8,    fixture::kU16,  fixture::kI16,
                                                         fixture::kBytes, fixture::kText, fixture::kToy,
                                                         fixture::kIp,    fixture::kMac};
  static bool numeric(std::uint16_t field) { return field >= fixture::kU8 && field <= fixture::kI64; }
  static std::size_t address_size(std::uint16_t field) {
    return field == fixture::kIp ? 4 : field == fixture::kMac ? 6 : 0;
  }

  std::int64_t number(std::uint16_t field) {
    const auto small = static_cast<std::int64_t>(random_.below(6));
    return field == fixture::kI16 ? small - 3 : random_.chance(80) ? small : 200 + small;
  }
  std::string bytes(std::uint16_t field) {
    const std::size_t fixed = address_size(field);
    std::string out;
    const auto size = fixed != 0 ? fixed : random_.below(5) + (field == fixture::kText ? 0 : 1);
    for (std::size_t i = 0; i < size; ++i) {
      out += field == fixture::kText ? random_.of(std::string_view{"abAB."})
                                     : static_cast<char>(random_.of(std::array{0, 1, 2, 255}));
    }
    return out;
  }

  // Text.

  std::string space() { return random_.chance(80) ? " " : random_.chance(50) ? "  " : "\n"; }
  std::string written(std::int64_t value) {
    if (value < 0) return "-" + std::to_string(-value);
    if (random_.chance(15)) return "0" + octal(value);
    if (random_.chance(15)) return "0x" + hex(static_cast<unsigned>(value), 1);
    return std::to_string(value);
  }
  static std::string octal(std::int64_t value) {
    std::string out;
    for (; value != 0; value /= 8) out.insert(out.begin(), static_cast<char>('0' + value % 8));
    return out.empty() ? "0" : out;
  }
  static std::string hex(unsigned value, std::size_t least) {
    std::string out;
    for (; value != 0 || out.size() < least; value /= 16)
      out.insert(out.begin(), "0123456789abcdef"[value % 16]);
    return out;
  }
  static unsigned at(const std::string& bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }
  static std::string dotted(const std::string& bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); ++i) out += (i == 0 ? "" : ".") + std::to_string(at(bytes, i));
    return out;
  }
  std::string hexed(const std::string& bytes) {
    const auto separator = random_.of(std::string_view{":-."});
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (i != 0) out += separator;
      out += hex(at(bytes, i), 2);
    }
    return out;
  }
  static std::string quoted(const std::string& bytes) {
    std::string out = "\"";
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      out += bytes[i] >= '.' && bytes[i] <= 'z' && bytes[i] != '\\' ? std::string{bytes[i]}
                                                                    : "\\x" + hex(at(bytes, i), 2);
    }
    return out + "\"";
  }
  std::string written(const std::string& bytes, const Operand& beside) {
    if (beside.plain && beside.field == fixture::kIp) return dotted(bytes);
    if (beside.plain && beside.field == fixture::kMac) return hexed(bytes);
    const bool must_quote = bytes.empty() || (beside.field == fixture::kText && beside.by_character);
    return must_quote || random_.chance(50) ? quoted(bytes) : hexed(bytes);
  }

  // Operands.

  Operand field(std::uint16_t which) {
    Operand operand;
    operand.text = fixture::kFields[which].name;
    operand.field = which;
    operand.numeric = numeric(which);
    operand.by_character = which == fixture::kText;
    operand.values = [which](const fixture::Frame& frame) {
      Things things;
      for (const auto& value : frame.values()) {
        if (value.field.field != which) continue;
        if (which == fixture::kI16) {
          things.push_back({static_cast<std::int64_t>(value.number), ""});
        } else if (numeric(which)) {
          things.push_back({value.number, ""});
        } else {
          things.push_back({0, std::string{text_of(value.bytes())}});
        }
      }
      return things;
    };
    return operand;
  }

  template <class Change>
  static void change(Operand& operand, Change change) {
    operand.values = [before = operand.values, change](const fixture::Frame& frame) {
      Things things;
      for (auto thing : before(frame)) {
        if (change(thing)) things.push_back(std::move(thing));
      }
      return things;
    };
    operand.plain = false;
  }

  void slice(Operand& operand) {
    struct Part {
      int start;
      int count;
    };
    std::vector<Part> parts;
    std::string text;
    for (std::size_t i = random_.below(3) + 1; i != 0; --i) {
      const int start = static_cast<int>(random_.below(7)) - 3;
      const int count = static_cast<int>(random_.below(4));
      parts.push_back({start, count});
      text += text.empty() ? "[" : ",";
      if (count == 1 && random_.chance(50)) {
        text += std::to_string(start);
      } else if (count == 0) {
        text += (start == 0 && random_.chance(50) ? "" : std::to_string(start)) + ":";
      } else if (count > 1 && (start >= 0 || start + count - 1 < 0) && random_.chance(40)) {
        text += std::to_string(start) + "-" + std::to_string(start + count - 1);
      } else {
        text += (start == 0 && random_.chance(50) ? "" : std::to_string(start)) + ":" + std::to_string(count);
      }
    }
    operand.text += text + "]";
    operand.by_character = false;
    change(operand, [parts](Thing& thing) {
      std::string out;
      const int size = static_cast<int>(thing.bytes.size());
      for (const auto& part : parts) {
        const int first = part.start < 0 ? size + part.start : part.start;
        const int count = part.count == 0 ? size - first : part.count;
        if (first < 0 || first >= size || first + count > size) break;
        out += thing.bytes.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
      }
      thing.bytes = out;
      return true;
    });
  }

  void arithmetic(Operand& operand) {
    const auto by = static_cast<std::int64_t>(random_.below(5)) + 1;
    const char op = random_.of(std::string_view{"+-*/%"});
    operand.text = "{" + operand.text + " " + op + " " + std::to_string(by) + "}";
    change(operand, [op, by](Thing& thing) {
      auto& n = thing.number;
      n = op == '+' ? n + by : op == '-' ? n - by : op == '*' ? n * by : op == '/' ? n / by : n % by;
      return true;
    });
    operand.field = fixture::kI64;
  }

  void bit_mask(Operand& operand) {
    const auto mask = static_cast<std::int64_t>(random_.below(8));
    operand.text = "{" + operand.text + " & " + written(mask) + "}";
    change(operand, [mask](Thing& thing) {
      thing.number &= mask;
      return true;
    });
  }

  Operand operand() {
    auto out = field(random_.of(kUsed));
    if (!out.numeric) {
      if (out.field == fixture::kText && random_.chance(20)) fold(out);
      for (int i = 0; i < 2; ++i) {
        if (random_.chance(35)) slice(out);
      }
      if (out.plain && random_.chance(10)) length(out);
    }
    if (out.numeric && out.plain && random_.chance(8)) count(out);
    if (out.numeric && random_.chance(15) && out.field != fixture::kI16) bit_mask(out);
    if (out.numeric && random_.chance(20)) arithmetic(out);
    return out;
  }

  void fold(Operand& operand) {
    const bool lower = random_.chance(50);
    operand.text = (lower ? "lower(" : "upper(") + operand.text + ")";
    change(operand, [lower](Thing& thing) {
      for (auto& c : thing.bytes) c = static_cast<char>(lower ? std::tolower(c) : std::toupper(c));
      return true;
    });
  }
  void length(Operand& operand) {
    operand.text = "len(" + operand.text + ")";
    operand.numeric = true;
    operand.field = fixture::kU32;
    change(operand, [](Thing& thing) {
      thing.number = static_cast<__int128>(thing.bytes.size());
      return true;
    });
  }
  void count(Operand& operand) {
    operand.text = "count(" + operand.text + ")";
    operand.field = fixture::kU32;
    operand.plain = false;
    operand.values = [before = operand.values](const fixture::Frame& frame) {
      const auto count = before(frame).size();
      return count == 0 ? Things{} : Things{{static_cast<__int128>(count), ""}};
    };
  }

  // Tests.

  static int order(const Thing& a, const Thing& b, const Operand& by) {
    if (by.numeric) return a.number < b.number ? -1 : a.number > b.number ? 1 : 0;
    if (!by.by_character && a.bytes.size() != b.bytes.size()) return a.bytes.size() < b.bytes.size() ? -1 : 1;
    return a.bytes.compare(b.bytes);
  }

  struct Sign {
    const char* text;
    char relation;  // = ! < L > G
    bool all;
  };
  static constexpr std::array<Sign, 15> kSigns = {{{"==", '=', false},
                                                   {"eq", '=', false},
                                                   {"any_eq", '=', false},
                                                   {"!=", '!', true},
                                                   {"ne", '!', true},
                                                   {"===", '=', true},
                                                   {"all_eq", '=', true},
                                                   {"!==", '!', false},
                                                   {"any_ne", '!', false},
                                                   {"<", '<', false},
                                                   {"lt", '<', false},
                                                   {"<=", 'L', false},
                                                   {">", '>', false},
                                                   {">=", 'G', false},
                                                   {"ge", 'G', false}}};
  static bool stands(char relation, int order) {
    switch (relation) {
      case '=':
        return order == 0;
      case '!':
        return order != 0;
      case '<':
        return order < 0;
      case 'L':
        return order <= 0;
      case '>':
        return order > 0;
      default:
        return order >= 0;
    }
  }

  template <class Holds>
  static bool ask(const Things& things, bool all, Holds holds) {
    if (things.empty()) return false;
    for (const auto& thing : things) {
      if (holds(thing) != all) return !all;
    }
    return all;
  }

  std::string quantifier(bool& all) {
    if (random_.chance(70)) return "";
    all = random_.chance(50);
    return all ? "all " : "any ";
  }

  Thing literal(const Operand& beside) {
    if (beside.numeric) {
      std::uint16_t like = beside.field;
      if (like == fixture::kI64) like = fixture::kI16;
      if (like == fixture::kU32) like = fixture::kU8;
      return {number(like), ""};
    }
    auto out = bytes(beside.field);
    if (!beside.plain) out = out.substr(0, 1 + random_.below(out.size() + 1));
    return {0, out};
  }
  std::string written(const Thing& thing, const Operand& beside) {
    return beside.numeric ? written(static_cast<std::int64_t>(thing.number)) : written(thing.bytes, beside);
  }

  Test comparison() {
    const auto left = operand();
    if (left.plain && left.field == fixture::kIp && random_.chance(40)) return network(left);
    const auto right = literal(left);
    const auto sign = random_.of(kSigns);
    bool all = sign.all;
    const auto prefix = quantifier(all);
    const bool word = sign.text[0] >= 'a';
    const auto gap = word || random_.chance(70) ? " " : "";
    return {
        prefix + left.text + " " + sign.text + gap + written(right, left), [=](const fixture::Frame& frame) {
          return ask(left.values(frame), all,
                     [&](const Thing& thing) { return stands(sign.relation, order(thing, right, left)); });
        }};
  }

  Test network(const Operand& left) {
    const auto address = bytes(fixture::kIp);
    const auto prefix = static_cast<unsigned>(random_.below(33));
    const bool equal = random_.chance(50);
    const auto bits = [](const std::string& bytes, unsigned count) {
      std::string out;
      for (unsigned i = 0; i < count; ++i) out += (at(bytes, i / 8) >> (7 - i % 8) & 1U) != 0 ? '1' : '0';
      return out;
    };
    return {left.text + (equal ? " == " : " != ") + dotted(address) + "/" + std::to_string(prefix),
            [=](const fixture::Frame& frame) {
              return ask(left.values(frame), !equal, [&](const Thing& thing) {
                return (bits(thing.bytes, prefix) == bits(address, prefix)) == equal;
              });
            }};
  }

  Test exists() {
    auto of = field(random_.of(kUsed));
    if (!of.numeric && random_.chance(60)) slice(of);
    return {of.text, [=](const fixture::Frame& frame) {
              const auto things = of.values(frame);
              return std::any_of(things.begin(), things.end(),
                                 [&](const Thing& thing) { return of.plain || !thing.bytes.empty(); });
            }};
  }

  Test masked() {
    auto of = field(random_.of(std::array<std::uint16_t, 2>{fixture::kU8, fixture::kU16}));
    const auto mask = static_cast<std::int64_t>(random_.below(8));
    return {of.text + " & " + written(mask), [=](const fixture::Frame& frame) {
              return ask(of.values(frame), false,
                         [&](const Thing& thing) { return (thing.number & mask) != 0; });
            }};
  }

  Test membership() {
    const auto left = operand();
    std::vector<std::pair<Thing, Thing>> ranges;
    std::string text;
    for (std::size_t i = random_.below(4) + 1; i != 0; --i) {
      auto low = literal(left);
      auto high = random_.chance(40) ? literal(left) : low;
      if (order(low, high, left) > 0) std::swap(low, high);
      text += (text.empty() ? "" : random_.chance(50) ? "," : ", ") + written(low, left);
      if (order(low, high, left) != 0) text += (random_.chance(50) ? ".." : " .. ") + written(high, left);
      ranges.emplace_back(low, high);
    }
    bool all = false;
    const auto prefix = quantifier(all);
    const bool inverted = random_.chance(30);
    return {
        prefix + left.text + (inverted ? random_.chance(50) ? " not in {" : " !in {" : " in {") + text + "}",
        [=](const fixture::Frame& frame) {
          const auto things = left.values(frame);
          for (const auto& [low, high] : ranges) {
            const auto inside = [&, &low = low, &high = high](const Thing& thing) {
              return order(thing, low, left) >= 0 && order(thing, high, left) <= 0;
            };
            if (ask(things, all && !inverted, inside)) return !inverted;
          }
          return inverted;
        }};
  }

  Test contains() {
    auto left = field(random_.of(std::array{fixture::kBytes, fixture::kText, fixture::kToy}));
    if (left.field == fixture::kText && random_.chance(30)) fold(left);
    if (random_.chance(40)) slice(left);
    auto needle = bytes(left.field).substr(0, 1 + random_.below(2));
    if (needle.empty()) needle = "a";
    bool all = false;
    const auto prefix = quantifier(all);
    return {prefix + left.text + " contains " + written(needle, left), [=](const fixture::Frame& frame) {
              return ask(left.values(frame), all,
                         [&](const Thing& thing) { return thing.bytes.find(needle) != std::string::npos; });
            }};
  }

  Test between_fields() {
    auto left = operand();
    auto right = operand();
    const bool fit = left.numeric == right.numeric &&
                     (left.numeric || !left.plain || !right.plain || left.field == right.field);
    const bool folded =
        !left.numeric && (left.field != right.field) && (left.by_character || right.by_character);
    if (!fit || folded) right = left;
    const auto sign = random_.of(kSigns);
    bool all = sign.all;
    const auto prefix = quantifier(all);
    return {prefix + left.text + " " + sign.text + " " + right.text, [=](const fixture::Frame& frame) {
              const auto others = right.values(frame);
              return !others.empty() && ask(left.values(frame), all, [&](const Thing& a) {
                return ask(others, all,
                           [&](const Thing& b) { return stands(sign.relation, order(a, b, left)); });
              });
            }};
  }

  Test logic(unsigned depth) {
    auto a = test(depth - 1);
    if (random_.chance(25)) {
      return {(random_.chance(50) ? "!(" : "not (") + a.text + ")",
              [a](const fixture::Frame& frame) { return !a.holds(frame); }};
    }
    auto b = test(depth - 1);
    const bool both = random_.chance(50);
    const auto sign = both ? (random_.chance(50) ? "&&" : "and") : (random_.chance(50) ? "||" : "or");
    return {"(" + a.text + ")" + space() + sign + space() + "(" + b.text + ")",
            [=](const fixture::Frame& frame) {
              return both ? a.holds(frame) && b.holds(frame) : a.holds(frame) || b.holds(frame);
            }};
  }

  Random& random_;
};

}  // namespace sluice::language::reference
