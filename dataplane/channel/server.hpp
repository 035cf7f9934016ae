// Server: the dataplane's end of the contract. Runs on a thread that is not a worker; it allocates. What it
// is asked to do it hands to a Handler on the same thread. A client that lies, floods or stalls loses its
// connection; it can't stop the thread.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/channel/contract.hpp"

namespace sluice::channel {

class Handler {
 public:
  // Fills all but the header.
  virtual void state(State& state) noexcept = 0;
  // Makes `image` run from the next burst on and returns when every worker uses it; on failure nothing has
  // changed. The image's header names `generation`, which is greater than what runs; else nothing of it was
  // checked.
  virtual Result<void> publish(std::vector<std::uint8_t> image, Generation generation,
                               Duration confirm_within) = 0;
  virtual Result<void> confirm(Generation generation) = 0;

 protected:
  ~Handler() = default;
};

class Server {
 public:
  // `listener` as listen_at() makes it. `shared` and `handler` live longer.
  Server(Descriptor listener, const SharedMemory& shared, Handler& handler,
         std::size_t most_image_bytes = 256U << 20U) noexcept
      : listener_{std::move(listener)},
        shared_{shared},
        handler_{handler},
        most_image_bytes_{most_image_bytes} {}

  // Waits up to `timeout` for something to do and does it: at most one connection and one request.
  void serve(Duration timeout);

  [[nodiscard]] bool connected() const noexcept { return client_.open(); }

 private:
  void accept_client();
  void answer_client();
  bool handle(ByteView message, Descriptor fd);
  Result<void> publish(const Publish& request, const Descriptor& fd);
  bool send_answer(std::uint32_t id, const Result<void>& outcome);
  bool send_state(std::uint32_t id, int fd);

  Descriptor listener_;
  Descriptor client_;
  const SharedMemory& shared_;
  Handler& handler_;
  std::size_t most_image_bytes_;
};

}  // namespace sluice::channel
