// Client: the daemon's end of the contract. One thread at a time. Each call waits for its answer up to its
// timeout; after a failure that is not the server's refusal of what was asked, connected() is false and a new
// Client is needed.
#pragma once

#include <optional>

#include "dataplane/channel/contract.hpp"

namespace sluice::channel {

class Client {
 public:
  // Connects, checks who listens, takes the first State and the shared memory.
  static Result<Client> connect(const std::string& path, Duration timeout);

  // As it was when connected, or at the last status().
  [[nodiscard]] const State& state() const noexcept { return state_; }
  [[nodiscard]] SharedMemory& shared() noexcept { return *shared_; }
  [[nodiscard]] bool connected() const noexcept { return socket_.open(); }

  // `image` as seal() makes it. What the server answers; a refusal is an Answer with done == 0.
  Result<Answer> publish(int image, Generation generation, const Digest& digest, Duration confirm_within,
                         Duration timeout);
  Result<Answer> confirm(Generation generation, Duration timeout);
  Result<void> status(Duration timeout);

 private:
  template <class Reply, class Request>
  Result<Reply> ask(const Request& request, int fd, Duration timeout);

  Descriptor socket_;
  std::uint32_t last_id_ = 0;
  State state_{};
  std::optional<SharedMemory> shared_;
};

}  // namespace sluice::channel
