// Nodes and constants of the program being written. Full at kMostNodes, which is reported once; what is
// written after that is lost, and the program is of no use.
#pragma once

#include <cstring>
#include <vector>

#include "rules/base/bytes.hpp"
#include "rules/language/language.hpp"
#include "rules/language/report.hpp"

namespace sluice::language {

class Emitter {
 public:
  explicit Emitter(Report& report) : report_{report} {}

  std::uint32_t emit(Op op, Node node = {}) {
    node.op = static_cast<std::uint8_t>(op);
    if (out_.nodes.size() == kMostNodes) {
      if (!full_) {
        report_.add(0, "the expression needs more than " + std::to_string(kMostNodes) + " steps",
                    "split it into several rules");
      }
      full_ = true;
      return 0;
    }
    out_.nodes.push_back(node);
    return static_cast<std::uint32_t>(out_.nodes.size() - 1);
  }

  // `node` with `bytes` as its run of constants.
  Node with_run(ByteView bytes, Node node = {}) {
    node.b = static_cast<std::uint32_t>(out_.constants.size());
    node.number = bytes.size();
    out_.constants.insert(out_.constants.end(), bytes.begin(), bytes.end());
    return node;
  }

  // Lets `jumps` lead to the node that comes next.
  void land(const std::vector<std::uint32_t>& jumps) {
    for (const auto from : jumps) {
      if (!full_) out_.nodes[from].a = static_cast<std::uint32_t>(out_.nodes.size());
    }
  }

  // The node written last becomes another operation.
  void change_last(Op op) {
    if (!full_) out_.nodes.back().op = static_cast<std::uint8_t>(op);
  }

  Compiled take() { return std::move(out_); }

 private:
  Report& report_;
  Compiled out_;
  bool full_ = false;
};

// Puts the bytes of a record, as they lie in memory, behind those in `out`.
template <class Record>
void append_record(std::vector<std::uint8_t>& out, const Record& record) {
  static_assert(std::has_unique_object_representations_v<Record>);
  const auto at = out.size();
  out.resize(at + sizeof(record));
  std::memcpy(out.data() + at, &record, sizeof(record));
}

}  // namespace sluice::language
