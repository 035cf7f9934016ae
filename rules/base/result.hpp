// How rules/ and control/ say that something failed. An Error is written for the person who must mend it and
// prints as `file:line:column: what, and what would mend it`. Context is added where it is known; only the
// top level prints.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace sluice {

// A place in a file that a person wrote. Lines and columns count from 1; 0 means unknown and is not printed.
struct Where {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool operator==(const Where&) const = default;
};

struct Error {
  Where where;
  std::string what;    // what is wrong
  std::string remedy;  // what would mend it; may be empty

  [[nodiscard]] std::string text() const;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> failure(std::string what, std::string remedy = {}, Where where = {}) {
  return tl::unexpected<Error>{Error{std::move(where), std::move(what), std::move(remedy)}};
}

// All that is wrong with an input, in the order found, so that a person can mend everything at once. Bounded:
// after kMost errors the rest is only counted.
class Diagnostics {
 public:
  static constexpr std::size_t kMost = 1000;

  void add(Error error);
  void add(Where where, std::string what, std::string remedy = {}) {
    add(Error{std::move(where), std::move(what), std::move(remedy)});
  }
  [[nodiscard]] bool empty() const noexcept { return errors_.empty(); }
  [[nodiscard]] const std::vector<Error>& errors() const noexcept { return errors_; }
  [[nodiscard]] std::size_t unlisted() const noexcept { return unlisted_; }

 private:
  std::vector<Error> errors_;
  std::size_t unlisted_ = 0;
};

}  // namespace sluice
