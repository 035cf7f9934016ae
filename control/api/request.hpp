// What requests carry, read and bounded before anything is done with it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "control/api/service.hpp"
#include "rules/base/result.hpp"

namespace sluice::api {

inline constexpr std::size_t kMostHeader = 16U << 10U;
inline constexpr std::size_t kMostBody = 2 * compile::kMostText;  // sources grow when they are escaped
inline constexpr std::size_t kMostMessage = 1024;

struct Target {
  std::string_view path;
  std::string_view query;
  // The value of a query's key as a number; nothing when it is absent; an error when it is no number below
  // 2^31.
  [[nodiscard]] Result<std::optional<std::uint32_t>> number(std::string_view key) const;
};
Target split(std::string_view target) noexcept;

// The body of POST /v1/commit: {"path": TEXT} or {"sources": [{"name": TEXT, "text": TEXT}]}, and "message".
Result<CommitOrder> read_commit(std::string_view body);
std::string write_commit(const CommitOrder& order);

}  // namespace sluice::api
