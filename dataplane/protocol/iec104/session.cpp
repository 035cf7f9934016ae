#include "dataplane/protocol/iec104/session.hpp"

namespace sluice::iec104 {
namespace {

constexpr std::uint16_t kNumbers = 0x7fff;  // 104 5.1: 15 bits

constexpr std::uint16_t after(std::uint16_t number) noexcept {
  return static_cast<std::uint16_t>((number + 1U) & kNumbers);
}
constexpr std::uint16_t distance(std::uint16_t from, std::uint16_t to) noexcept {
  return static_cast<std::uint16_t>((to - from) & kNumbers);
}

constexpr Role other(Role role) noexcept { return role == Role::client ? Role::server : Role::client; }

}  // namespace

void Session::begin(bool from_start) noexcept {
  if (begun_) return;
  begun_ = true;
  if (!from_start) return;
  transfer_ = Transfer::stopped;
  for (auto& sent : sent_) sent.next_known = sent.acknowledged_known = true;
}

// Only what was sent can be acknowledged, and nothing twice taken back.
Malformed Session::acknowledge(Role role, std::uint16_t received) noexcept {
  auto& theirs = by(other(role));
  const bool good = !theirs.next_known || !theirs.acknowledged_known ||
                    distance(theirs.acknowledged, received) <= distance(theirs.acknowledged, theirs.next);
  theirs.acknowledged = received;
  theirs.acknowledged_known = true;
  return good ? Malformed::fine : Malformed::bad_value;
}

// 104 5.3: the controlling station waits for the confirmation; the controlled one sends until it has
// confirmed the end.
bool Session::may_inform(Role role) const noexcept {
  switch (transfer_) {
    case Transfer::unknown:
    case Transfer::started:
      return true;
    case Transfer::stopping:
      return role == Role::server;
    case Transfer::stopped:
    case Transfer::starting:
      return false;
  }
  return false;
}

Malformed Session::information(Role role, std::uint16_t sent, std::uint16_t received) noexcept {
  auto& ours = by(role);
  bool good = may_inform(role);
  if (ours.next_known) {
    // 104 5.5: k is at most 32,767; one more, and nothing tells which are acknowledged.
    const bool full = ours.acknowledged_known && ours.acknowledged == after(ours.next);
    good = good && ours.next == sent && !full;
  }
  ours.next = after(sent);
  ours.next_known = true;
  const auto acknowledged = acknowledge(role, received);
  return good ? acknowledged : Malformed::bad_value;
}

// Of something that was asked for, or has been reached: an impatient end asks twice.
Malformed Session::confirm(Transfer waited, Transfer reached) noexcept {
  const bool good = transfer_ == Transfer::unknown || transfer_ == waited || transfer_ == reached;
  transfer_ = reached;
  return good ? Malformed::fine : Malformed::bad_value;
}

// Of what its sender may send.
Malformed Session::unnumbered(Unnumbered what) noexcept {
  switch (what) {
    case Unnumbered::startdt_act:
      if (transfer_ == Transfer::stopped || transfer_ == Transfer::stopping) transfer_ = Transfer::starting;
      return Malformed::fine;
    case Unnumbered::startdt_con:
      return confirm(Transfer::starting, Transfer::started);
    case Unnumbered::stopdt_act:
      if (transfer_ != Transfer::stopped) transfer_ = Transfer::stopping;
      return Malformed::fine;
    case Unnumbered::stopdt_con:
      return confirm(Transfer::stopping, Transfer::stopped);
    case Unnumbered::testfr_act:
    case Unnumbered::testfr_con:
      return Malformed::fine;
  }
  return Malformed::bad_value;
}

}  // namespace sluice::iec104
