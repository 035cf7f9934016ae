// Link: the daemon's connection to the dataplane: found, kept, found again. run() is a thread of its own; the
// rest may be called from any thread. Losing the dataplane is nothing that the daemon could mend: it waits
// with growing patience and tries again. What is read from the shared memory of a dataplane that has died
// stays readable until the next one is there.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "control/ruleset/committer.hpp"
#include "dataplane/channel/client.hpp"
#include "rules/base/clock.hpp"

namespace sluice {

// What is known of the dataplane, for people.
struct LinkStatus {
  bool connected = false;
  std::string error;  // why not
  channel::State state;
  std::vector<std::uint32_t> stalled;  // workers whose heart has stopped
};

class Link final : public Dataplane {
 public:
  static constexpr Duration kShortestWait = milliseconds(50);
  static constexpr Duration kLongestWait = seconds(2);
  static constexpr Duration kLook = milliseconds(500);  // between looks at a dataplane that is there
  static constexpr Duration kAnswer = seconds(5);
  static constexpr Duration kPublish = seconds(60);  // databases are deserialised, scratch is allocated
  static constexpr Duration kStalled = seconds(1);

  // `say` is for the log; `connected` is called after each connect, without any lock held.
  struct Calls {
    std::function<void(const std::string&)> say;
    std::function<void()> connected;
  };
  Link(std::string path, Calls calls) : path_{std::move(path)}, calls_{std::move(calls)} {}

  void run();
  void stop();

  std::optional<channel::State> ask() override;
  Result<channel::Answer> publish(int image, Generation generation, const channel::Digest& digest,
                                  Duration confirm_within) override;
  Result<channel::Answer> confirm(Generation generation) override;

  [[nodiscard]] LinkStatus status() const;
  // Of the dataplane that is, or was last, connected; null before the first.
  [[nodiscard]] std::shared_ptr<channel::SharedMemory> shared() const;

 private:
  bool connect();
  void look();
  void lost(const Error& why);
  template <class Ask>
  auto with_client(Ask&& ask) -> decltype(ask(std::declval<channel::Client&>()));

  std::string path_;
  Calls calls_;

  std::mutex client_lock_;  // held while the dataplane is asked
  std::optional<channel::Client> client_;

  mutable std::mutex lock_;  // of what follows; taken last
  std::condition_variable wake_;
  bool stop_ = false;
  LinkStatus status_;
  std::shared_ptr<channel::SharedMemory> shared_;
};

// Workers whose last heartbeat is older than `most`.
std::vector<std::uint32_t> stalled_workers(const channel::SharedMemory& shared, Time now, Duration most);

Time monotonic_now() noexcept;

}  // namespace sluice
