// Detect: virtual patches against one message. Patterns are looked for once per buffer by Hyperscan; a patch
// fires when its pattern was found (if it has one) and its predicate holds (if it has one) for an item. One
// per worker; the set of found patterns is of fixed size and holds for the current message only. Work
// is charged in Steps; when they end, what was found so far stands and the rest is unknown.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/engine/policy.hpp"
#include "dataplane/ruleset/ruleset.hpp"
#include "rules/base/ids.hpp"

namespace sluice {

class Detect {
 public:
  static constexpr std::uint32_t kMostPatterns = 65536;

  Detect(const Registry& registry, std::uint32_t worker);

  // Starts a message whose receiver is `asset` (kNone: no patch applies): looks for the patterns of its
  // protocol in it.
  void begin(const Ruleset& rules, ProtocolId protocol, std::uint32_t asset, ByteView pdu,
             Steps& steps) noexcept;

  // The same message again, joined from its parts.
  void also(const Ruleset& rules, ProtocolId protocol, std::uint32_t asset, ByteView whole,
            Steps& steps) noexcept;

  // Looks for patterns in the buffers that are fields of this item, then asks each patch. The gravest that
  // fires, or none.
  [[nodiscard]] PatchId item(const Ruleset& rules, std::uint32_t asset, const Context& context,
                             Steps& steps) noexcept;

  // Patches that need no item: only a pattern over the whole message.
  [[nodiscard]] PatchId message(const Ruleset& rules, ProtocolId protocol,
                                std::uint32_t asset) const noexcept;

  // Set when Hyperscan could not scan; the message then is not clean but unknown.
  [[nodiscard]] bool failed() const noexcept { return failed_; }

 private:
  void scan(const Ruleset& rules, std::uint32_t database, ByteView bytes, Steps& steps) noexcept;
  [[nodiscard]] bool found(std::uint32_t pattern) const noexcept;
  static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                      void* self) noexcept;

  const Registry& registry_;
  std::uint32_t worker_;
  bool failed_ = false;
  Steps* steps_ = nullptr;              // while Hyperscan runs
  std::vector<std::uint64_t> found_;    // bit by pattern
  std::vector<std::uint32_t> touched_;  // words of found_ that are not zero; reserved to its size
};

}  // namespace sluice
