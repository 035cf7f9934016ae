// Notes: what a compile run has to say about its sources. A Spot is a place in one of them; Notes turns it
// into a Where. One thread; lives as long as one compile.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "rules/base/result.hpp"
#include "rules/compile/compile.hpp"

namespace sluice::compile {

struct Spot {
  std::uint32_t file = 0;  // index in the sources
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool operator==(const Spot&) const = default;
};

// A word and where it stands.
struct Word {
  std::string text;
  Spot spot;
};

class Notes {
 public:
  explicit Notes(std::span<const Source> sources) : sources_{sources} {}

  void error(const Spot& spot, std::string what, std::string remedy = {}) {
    found_.add(where(spot), std::move(what), std::move(remedy));
  }
  [[nodiscard]] Where where(const Spot& spot) const {
    return {spot.file < sources_.size() ? sources_[spot.file].name : std::string{}, spot.line, spot.column};
  }
  // `file:line` of another place, for a sentence.
  [[nodiscard]] std::string at(const Spot& spot) const {
    return where(spot).file + ":" + std::to_string(spot.line);
  }

  [[nodiscard]] std::span<const Source> sources() const noexcept { return sources_; }
  [[nodiscard]] Diagnostics& found() noexcept { return found_; }
  // Is one more suggestion worth its time? Whoever has many errors is helped by the first.
  [[nodiscard]] bool suggests() const noexcept { return found_.errors().size() < 200; }
  [[nodiscard]] bool clean() const noexcept { return found_.empty(); }

 private:
  std::span<const Source> sources_;
  Diagnostics found_;
};

// `"text"`, for a sentence: at most 60 bytes of it, without control characters.
std::string quoted(std::string_view text);

}  // namespace sluice::compile
