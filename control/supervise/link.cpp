#include "control/supervise/link.hpp"

#include <ctime>

namespace sluice {

Time monotonic_now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return {static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec)};
}

std::vector<std::uint32_t> stalled_workers(const channel::SharedMemory& shared, Time now, Duration most) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t worker = 0; worker < shared.sizes().workers; ++worker) {
    if (now - shared.heartbeat(worker) > most) out.push_back(worker);
  }
  return out;
}

void Link::run() {
  auto wait = kShortestWait;
  for (;;) {
    bool there = false;
    {
      const std::lock_guard client{client_lock_};
      there = client_ && client_->connected();
    }
    if (there) {
      look();
      wait = kShortestWait;
    } else if (connect()) {
      wait = kShortestWait;
      if (calls_.connected) calls_.connected();
    } else {
      wait = Duration{std::min(wait.ns * 2, kLongestWait.ns)};
    }
    std::unique_lock lock{lock_};
    const auto pause = status_.connected ? kLook : wait;
    if (wake_.wait_for(lock, std::chrono::nanoseconds{pause.ns}, [this] { return stop_; })) return;
  }
}

void Link::stop() {
  const std::lock_guard lock{lock_};
  stop_ = true;
  wake_.notify_all();
}

bool Link::connect() {
  auto made = channel::Client::connect(path_, kAnswer);
  if (!made) {
    bool news = false;
    {
      const std::lock_guard lock{lock_};
      news = status_.error != made.error().text();
      status_.error = made.error().text();
    }
    if (news) calls_.say("no dataplane: " + made.error().text());
    return false;
  }
  const auto state = made->state();
  {
    const std::lock_guard client{client_lock_};
    client_.emplace(std::move(*made));
    const std::lock_guard lock{lock_};
    auto memory = channel::SharedMemory::open(client_->shared().fd());
    if (memory) shared_ = std::make_shared<channel::SharedMemory>(std::move(*memory));
    status_ = {};
    status_.connected = true;
    status_.state = state;
  }
  calls_.say("connected to the dataplane, process " + std::to_string(state.pid) + ", generation " +
             std::to_string(state.running));
  if (!state.remark.get().empty()) calls_.say("the dataplane says: " + std::string{state.remark.get()});
  return true;
}

void Link::look() {
  if (!ask()) return;
  std::vector<std::uint32_t> now;
  bool news = false;
  {
    const std::lock_guard lock{lock_};
    if (shared_) now = stalled_workers(*shared_, monotonic_now(), kStalled);
    news = now != status_.stalled;
    status_.stalled = now;
  }
  if (!news) return;
  if (now.empty()) calls_.say("all workers of the dataplane are alive");
  for (const auto worker : now)
    calls_.say("worker " + std::to_string(worker) + " of the dataplane does not answer");
}

void Link::lost(const Error& why) {
  {
    const std::lock_guard lock{lock_};
    status_.connected = false;
    status_.error = why.text();
  }
  calls_.say("lost the dataplane: " + why.text());
}

template <class Ask>
auto Link::with_client(Ask&& ask) -> decltype(ask(std::declval<channel::Client&>())) {
  const std::lock_guard client{client_lock_};
  if (!client_ || !client_->connected()) return failure("the dataplane is not connected");
  auto answer = ask(*client_);
  if (!client_->connected()) lost(answer ? Error{{}, "the connection is closed", {}} : answer.error());
  return answer;
}

std::optional<channel::State> Link::ask() {
  const auto state = with_client([](channel::Client& client) -> Result<channel::State> {
    if (auto done = client.status(kAnswer); !done) return tl::unexpected{done.error()};
    return client.state();
  });
  if (!state) return {};
  const std::lock_guard lock{lock_};
  status_.state = *state;
  return *state;
}

Result<channel::Answer> Link::publish(int image, Generation generation, const channel::Digest& digest,
                                      Duration confirm_within) {
  return with_client([&](channel::Client& client) {
    return client.publish(image, generation, digest, confirm_within, kPublish);
  });
}

Result<channel::Answer> Link::confirm(Generation generation) {
  return with_client([&](channel::Client& client) { return client.confirm(generation, kAnswer); });
}

LinkStatus Link::status() const {
  const std::lock_guard lock{lock_};
  return status_;
}

std::shared_ptr<channel::SharedMemory> Link::shared() const {
  const std::lock_guard lock{lock_};
  return shared_;
}

}  // namespace sluice
