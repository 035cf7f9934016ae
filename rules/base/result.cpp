#include "rules/base/result.hpp"

namespace sluice {

std::string Error::text() const {
  std::string out = where.file;
  if (!out.empty()) {
    if (where.line != 0) {
      out += ':' + std::to_string(where.line);
      if (where.column != 0) out += ':' + std::to_string(where.column);
    }
    out += ": ";
  }
  out += what;
  if (!remedy.empty()) out += "; " + remedy;
  return out;
}

void Diagnostics::add(Error error) {
  if (errors_.size() < kMost) {
    errors_.push_back(std::move(error));
  } else {
    ++unlisted_;
  }
}

}  // namespace sluice
