// Frames: parsed, in pieces, and hashed.
#include "dataplane/flow/fragments.hpp"
#include "dataplane/flow/siphash.hpp"
#include "dataplane/packet/checksum.hpp"
#include "tests/complexity/workload.hpp"

namespace sluice::complexity {
namespace {

class Unheard final : public Fragments::Endings {
 public:
  void ended(const Packet&, Fragments::Custody, std::uint32_t, Reason) noexcept override {}
};

std::function<void()> parsing(Bytes frame, std::size_t times = 1) {
  auto kept = std::make_shared<Bytes>(std::move(frame));
  return [kept, times] {
    for (std::size_t i = 0; i < times; ++i) {
      for (const auto lengths : {Lengths::strict, Lengths::captured}) {
        Packet packet;
        keep(parse(build::frame_over(*kept), Checksums::verify, packet, lengths));
        keep(packet);
      }
    }
  };
}

// A chain of headers of eight bytes; the last names TCP.
Bytes chain(std::size_t n, std::uint8_t type) {
  Bytes out(n / 8 * 8);
  for (std::size_t at = 0; at < out.size(); at += 8) {
    out[at] = at + 8 < out.size() ? type : 6;
    out[at + 2] = 1;  // PadN over the other four
    out[at + 3] = 4;
  }
  return out;
}

using Pieces = std::vector<Bytes>;

std::function<void()> joining(std::shared_ptr<Pieces> pieces) {
  auto fragments = std::make_shared<Fragments>(FragmentLimits{}, Secret{1, 2, 3});
  auto unheard = std::make_shared<Unheard>();
  auto joint = std::make_shared<Bytes>(Fragments::kGreatestFrame);
  return [=] {
    Time now{1'000'000'000};
    std::uint64_t whole = 0;
    for (auto& piece : *pieces) {
      Packet packet;
      (void)parse(build::frame_over(piece), Checksums::verify, packet);
      const auto taken = fragments->take(packet, 1, 1, Fragments::Custody::held, now, *unheard);
      if (taken.outcome == Fragments::Outcome::whole) {
        fragments->join(taken.whole, joint->data());
        ++whole;
      }
      now = now + milliseconds(1);
      fragments->expire(now, 64, *unheard);
    }
    keep(whole);
  };
}

build::Link link_of(std::size_t number) {
  build::Link link;
  link.source = "10.0." + std::to_string(number / 250 % 250) + "." + std::to_string(1 + number % 250);
  link.fragment = 0;
  return link;
}

}  // namespace

void add_packets(Workloads& all) {
  all.push_back({"parse a payload of n bytes",
                 [](std::size_t n) { return parsing(build::tcp({}, {.payload = Bytes(n)})); }, 8, 15, 15});
  for (const std::uint8_t type : {std::uint8_t{60}, std::uint8_t{0}, std::uint8_t{43}}) {
    all.push_back({"parse n bytes of IPv6 headers of type " + std::to_string(type),
                   [type](std::size_t n) {
                     build::Link link{.source = "fd00::1", .destination = "fd00::2"};
                     link.extensions = chain(n, type);
                     link.first_extension = type;
                     return parsing(build::tcp(link, {}));
                   },
                   4, 15, 15});
  }
  all.push_back({"parse n bytes of noise",
                 [](std::size_t n) {
                   std::mt19937 random{1};
                   Bytes frame(n);
                   for (auto& byte : frame) byte = static_cast<std::uint8_t>(random());
                   return parsing(std::move(frame));
                 },
                 6, 16, 16});
  all.push_back({"parse n frames full of TCP options",
                 [](std::size_t n) {
                   build::Segment segment;
                   segment.options = Bytes(40, 1);
                   return parsing(build::tcp({}, segment), n);
                 },
                 8, 20, 13});
  all.push_back({"hash n bytes",
                 [](std::size_t n) -> std::function<void()> {
                   auto bytes = std::make_shared<Bytes>(n);
                   return [bytes] {
                     keep(siphash({}, *bytes));
                     keep(internet_checksum(*bytes));
                   };
                 },
                 8, 20, 16});
  all.push_back({"join n datagrams of two pieces",
                 [](std::size_t n) {
                   auto pieces = std::make_shared<Pieces>();
                   for (std::size_t i = 0; i < n; ++i) {
                     const auto whole = build::udp(link_of(i), {.payload = Bytes(64)});
                     for (auto& piece : build::fragments(whole, 32, static_cast<std::uint32_t>(i)))
                       pieces->push_back(std::move(piece));
                   }
                   return joining(pieces);
                 },
                 8, 17, 12});
  all.push_back({"take n first pieces of as many datagrams",
                 [](std::size_t n) {
                   auto pieces = std::make_shared<Pieces>();
                   for (std::size_t i = 0; i < n; ++i) {
                     const auto whole = build::udp(link_of(i), {.payload = Bytes(64)});
                     pieces->push_back(build::fragments(whole, 32, static_cast<std::uint32_t>(i))[0]);
                   }
                   return joining(pieces);
                 },
                 12, 17, 14});
  all.push_back({"take n pieces of one source that never become whole, eight bytes each",
                 [](std::size_t n) {
                   auto pieces = std::make_shared<Pieces>();
                   for (std::size_t i = 0; pieces->size() < n; ++i) {
                     auto some = build::fragments(build::udp(link_of(0), {.payload = Bytes(504)}), 8,
                                                  static_cast<std::uint32_t>(i));
                     some.erase(some.begin() + 1);
                     std::reverse(some.begin(), some.end());
                     for (auto& piece : some) pieces->push_back(std::move(piece));
                   }
                   return joining(pieces);
                 },
                 8, 17, 12});
  all.push_back({"join one datagram of n bytes, pieces backwards",
                 [](std::size_t n) {
                   auto link = link_of(0);
                   auto pieces = std::make_shared<Pieces>(build::fragments(
                       build::udp(link, {.payload = Bytes(n)}),
                       static_cast<std::uint32_t>(std::max<std::size_t>(8, n / 32 / 8 * 8)), 1));
                   std::reverse(pieces->begin(), pieces->end());
                   return joining(pieces);
                 },
                 8, 15, 15});
}

}  // namespace sluice::complexity
