// Text that becomes JSON: appended to a string, escaped. What is no UTF-8 becomes U+FFFD, so that every
// reader accepts the line.
#pragma once

#include <string>
#include <string_view>

namespace sluice::events {

// With the quotes.
void append_json(std::string& out, std::string_view text);

// An object or array that is being written: puts the commas.
class JsonList {
 public:
  JsonList(std::string& out, char open, char close) : out_{out}, close_{close} { out_ += open; }
  ~JsonList() { out_ += close_; }
  JsonList(const JsonList&) = delete;
  JsonList& operator=(const JsonList&) = delete;

  // The next key; the value is appended by the caller.
  std::string& key(std::string_view name) {
    next();
    append_json(out_, name);
    out_ += ':';
    return out_;
  }
  std::string& next() {
    if (!first_) out_ += ',';
    first_ = false;
    return out_;
  }
  void text(std::string_view name, std::string_view value) { append_json(key(name), value); }
  void number(std::string_view name, unsigned long value) { key(name) += std::to_string(value); }
  void boolean(std::string_view name, bool value) { key(name) += value ? "true" : "false"; }

 private:
  std::string& out_;
  char close_;
  bool first_ = true;
};

}  // namespace sluice::events
