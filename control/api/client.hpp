// Client: one request to the daemon, as the command line makes it. Blocks. One thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "control/api/service.hpp"
#include "rules/base/result.hpp"

namespace sluice::api {

inline constexpr std::string_view kDefaultSocket = "/run/sluice/api.sock";

Result<Reply> get(const std::string& socket, const std::string& target);
Result<Reply> post(const std::string& socket, const std::string& target, const std::string& body);

// Gives each line of the answer to `take` as it comes, until the daemon ends it or `take` says false. An
// answer of 400 or more is returned instead.
Result<Reply> stream(const std::string& socket, const std::string& target,
                     const std::function<bool(std::string_view)>& take);

}  // namespace sluice::api
