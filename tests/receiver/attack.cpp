#include "tests/receiver/attack.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace sluice::receiver {
namespace {

constexpr std::array<const char*, kKinds> kKindNames = {"data", "fragments", "piece",  "fin",  "reset",
                                                        "syn",  "keepalive", "listen", "deaf", "pass"};
constexpr std::array<const char*, kSpoils> kSpoilNames = {"",
                                                          "checksum",
                                                          "urgent",
                                                          "no ack",
                                                          "reserved bits",
                                                          "acknowledges ahead",
                                                          "acknowledges behind",
                                                          "old stamp",
                                                          "no stamp",
                                                          "odd option",
                                                          "low ttl",
                                                          "beyond window",
                                                          "below start",
                                                          "trailer"};

Bytes bytes_of(const Plan& plan, const Move& move) {
  const std::string& content = plan.contents[move.content];
  const auto from = content.begin() + move.offset;
  return {from, from + move.length};
}

void set_stamp(build::Segment& segment, std::uint32_t stamp) {
  if (segment.options.size() < 12) return;
  for (unsigned i = 0; i < 4; ++i) segment.options[4 + i] = static_cast<std::uint8_t>(stamp >> (24 - 8 * i));
}

Bytes spoiled(const Course& course, build::Segment segment, const Move& move) {
  build::Link link = course.link();
  switch (move.spoil) {
    case Spoil::none:
    case Spoil::checksum:
      break;
    case Spoil::urgent:
      segment.flags |= tcp_flag::urg;
      segment.urgent = 1 + move.detail % 4;
      break;
    case Spoil::no_ack:
      segment.flags &= static_cast<std::uint8_t>(~tcp_flag::ack);
      break;
    case Spoil::reserved:
      segment.reserved = static_cast<std::uint8_t>(1 + move.detail % 14);
      break;
    case Spoil::acknowledges_ahead:
      segment.acknowledgement += 1 + move.detail % 3;
      break;
    case Spoil::acknowledges_behind:
      segment.acknowledgement -= 1 + move.detail % 100'000;
      break;
    case Spoil::old_stamp:
      set_stamp(segment, course.clock() - 1 - move.detail % 2000);
      break;
    case Spoil::no_stamp:
      segment.options.clear();
      break;
    case Spoil::odd_option: {
      static constexpr std::uint8_t kOdd[][4] = {{19, 4, 0, 0}, {3, 3, 1, 0}, {200, 4, 1, 2}, {8, 0, 0, 0}};
      const auto& odd = kOdd[move.detail % 4];
      segment.options.insert(segment.options.end(), std::begin(odd), std::end(odd));
      break;
    }
    case Spoil::low_ttl:
      link.ttl = static_cast<std::uint8_t>(1 + move.detail % 3);
      break;
    case Spoil::beyond_window:
      segment.sequence += 65'000 + move.detail % 70'000;
      break;
    case Spoil::below_start:
      segment.sequence -= 1 + move.offset + move.detail % 40;
      break;
    case Spoil::trailer:
      link.trailer = build::bytes("behind the datagram");
      break;
  }
  Bytes frame = build::tcp(link, segment);
  if (move.spoil == Spoil::checksum) frame[50] = static_cast<std::uint8_t>(frame[50] + 1 + move.detail % 254);
  return frame;
}

// The datagram of a frame in two to four fragments, at multiples of 8 bytes; in any order, now and then one
// twice, one with other bytes, one that reaches into the next, or one left out.
void send_fragments(Course& course, const Bytes& frame, std::uint32_t detail) {
  constexpr std::uint32_t kStart = 34;  // behind Ethernet and IP
  const auto size = static_cast<std::uint32_t>(frame.size()) - kStart;
  const std::uint32_t blocks = (size + 7) / 8;
  // Mostly behind the header of TCP: a first fragment that splits it is refused for that alone.
  const std::uint32_t header = (detail >> 14U & 7U) == 0 ? 1 : (frame[kStart + 12] >> 4U) / 2U + 1;
  const std::uint32_t room = blocks > header ? blocks - header : 1;
  std::vector<std::uint32_t> cuts = {0, std::min(header + detail % room, blocks),
                                     std::min(header + detail / 7 % room, blocks), blocks};
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  struct Part {
    std::uint32_t from;
    std::uint32_t to;
    bool other;
  };
  std::vector<Part> parts;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) parts.push_back({cuts[i], cuts[i + 1], false});
  switch (detail >> 8U & 15U) {
    case 0:
      parts.push_back(parts.front());
      break;
    case 1:
      parts.push_back({parts.back().from, parts.back().to, true});
      break;
    case 2:
      parts.front().to = std::min(parts.front().to + 1, blocks);
      break;
    case 3:
      if (parts.size() > 1) parts.pop_back();
      break;
    default:
      break;
  }
  if ((detail >> 12U & 1U) != 0) std::reverse(parts.begin(), parts.end());
  if ((detail >> 13U & 1U) != 0) std::rotate(parts.begin(), parts.begin() + 1, parts.end());
  for (const Part& part : parts) {
    build::Link link = course.link();
    link.identification = static_cast<std::uint16_t>(detail >> 16U);
    const bool last = part.to == blocks;
    link.fragment = static_cast<std::uint16_t>(part.from | (last ? 0U : 0x2000U));
    const auto from = frame.begin() + kStart + part.from * 8;
    const auto to = last ? frame.end() : frame.begin() + kStart + part.to * 8;
    Bytes payload{from, to};
    if (part.other && !payload.empty()) payload.back() ^= 5U;
    course.send(build::ip(link, 6, payload));
  }
}

// A datagram of four cells of 8 bytes: ports and number; the rest of the header; checksum, transaction and
// protocol; length, function, address and quantity. The last two have another content each, and every mix of
// them has a right checksum: another transaction, and a write in place of a read. Bit 0 and 1 of `content`
// choose them; bit 0 of `detail` lies about whether more follows.
void send_piece(const Plan& plan, const Move& move, Course& course) {
  constexpr std::uint32_t kStart = 34;
  constexpr std::uint32_t kCells = 4;
  build::Segment segment =
      course.segment(course.first(), {plan.contents[0].begin(), plan.contents[0].begin() + 12});
  segment.options.clear();
  Bytes datagram = build::tcp(course.link(), segment);
  datagram.erase(datagram.begin(), datagram.begin() + kStart);
  if ((move.content & 1U) != 0) {
    const std::uint32_t checksum = static_cast<std::uint32_t>(datagram[16] << 8U | datagram[17]);
    const std::uint32_t other = (checksum + 0xffffU - 0x100U) % 0xffffU;
    datagram[16] = static_cast<std::uint8_t>(other >> 8U);
    datagram[17] = static_cast<std::uint8_t>(other);
    ++datagram[20];
  }
  if ((move.content & 2U) != 0) {
    datagram[27] = static_cast<std::uint8_t>(datagram[27] + 3);
    datagram[29] = static_cast<std::uint8_t>(datagram[29] - 3);
  }
  const bool more = (move.offset + move.length < kCells) != ((move.detail & 1U) != 0);
  build::Link link = course.link();
  link.identification = 77;
  link.fragment = static_cast<std::uint16_t>(move.offset | (more ? 0x2000U : 0U));
  const auto from = datagram.begin() + move.offset * 8;
  course.send(build::ip(link, 6, {from, from + move.length * 8}));
}

void carry_out(const Plan& plan, const Move& move, Course& course) {
  const std::uint32_t number = course.first() + move.offset;
  switch (move.kind) {
    case Kind::data:
      return course.send(spoiled(course, course.segment(number, bytes_of(plan, move)), move));
    case Kind::fragments:
      return send_fragments(course, spoiled(course, course.segment(number, bytes_of(plan, move)), move),
                            move.detail);
    case Kind::piece:
      return send_piece(plan, move, course);
    case Kind::fin: {
      auto segment = course.segment(number, bytes_of(plan, move));
      segment.flags |= tcp_flag::fin;
      return course.send(spoiled(course, segment, move));
    }
    case Kind::reset: {
      auto segment = course.segment(number, {});
      segment.flags = move.detail % 2 == 0 ? tcp_flag::rst : tcp_flag::rst | tcp_flag::ack;
      return course.send(spoiled(course, segment, move));
    }
    case Kind::syn: {
      auto segment = course.segment(course.first() - 1 + move.offset * (move.detail % 2), {});
      segment.flags = tcp_flag::syn;
      return course.send(segment);
    }
    case Kind::keepalive:
      return course.send(spoiled(course, course.segment(number - 1, {0x5a}), move));
    case Kind::listen:
      return course.listen();
    case Kind::deaf:
      return course.forget_answers();
    case Kind::pass:
      return course.pass(move.length);
  }
}

// As an honest sender would: from what is acknowledged on, until all is, or nobody answers.
void end_honestly(const Plan& plan, Course& course) {
  course.lost = course.late = 0;
  const std::string& content = plan.contents[0];
  for (int round = 0; round < 6; ++round) {
    course.listen();
    const std::uint32_t done = course.acknowledged() - course.first();
    if (done >= content.size() || course.reset()) break;
    for (std::size_t at = done; at < content.size(); at += 12) {
      const auto piece = content.substr(at, 12);
      course.send(
          course.segment(course.first() + static_cast<std::uint32_t>(at), {piece.begin(), piece.end()}));
      course.listen();
    }
    course.pass(250);
  }
  course.listen();
}

}  // namespace

std::string carry_out(const Plan& plan, Course& course) {
  course.begin(plan.port, plan.denial, plan.first, plan.timestamps, plan.window);
  course.lost = plan.lost;
  course.late = plan.late;
  if (course.open()) {
    for (const Move& move : plan.moves) carry_out(plan, move, course);
    if (plan.honest_end) end_honestly(plan, course);
  }
  std::string wrong = course.verdict();
  course.finish();
  return wrong;
}

void print(const Plan& plan) {
  std::printf("  port %u, deny %u, first number %u%s%s, window %u, lost %llx, late %llx\n", plan.port,
              static_cast<unsigned>(plan.denial), plan.first, plan.timestamps ? ", timestamps" : "",
              plan.honest_end ? ", honest end" : "", plan.window, static_cast<unsigned long long>(plan.lost),
              static_cast<unsigned long long>(plan.late));
  for (std::size_t i = 0; i < plan.contents.size(); ++i) {
    std::printf("  content %zu:", i);
    for (const char c : plan.contents[i]) std::printf(" %02x", static_cast<unsigned char>(c));
    std::printf("\n");
  }
  for (const Move& move : plan.moves) {
    std::printf("  %-9s offset %3u length %3u content %u detail %08x %s\n",
                kKindNames[static_cast<std::size_t>(move.kind)], move.offset, move.length, move.content,
                move.detail, kSpoilNames[static_cast<std::size_t>(move.spoil)]);
  }
}

}  // namespace sluice::receiver
