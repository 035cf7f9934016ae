// What is spoilt in a message, and in the order and overlap of the segments that carry it.
#include <algorithm>
#include <cstring>

#include "tests/traffic/generator.hpp"

namespace sluice::traffic {
namespace {

namespace flag = model::flag;

}  // namespace

// A message in place of the one that was due, most often one that is denied.
void Generator::odd_content(Session& session, const Action& action, Message& out) {
  const Message& due = action.content;
  out.size = due.size;
  std::copy_n(due.bytes.begin(), due.size, out.bytes.begin());
  if (due.size < 8) {
    write_request(out, random_, {static_cast<std::uint8_t>(random_.between(1, 6)), -1}, ++session.transaction,
                  1, random_.below(100), 2);
  }
  auto* bytes = out.bytes.data();
  const auto transaction = static_cast<std::uint16_t>(get16(bytes));
  switch (random_.below(18)) {
    case 0:
    case 1:  // another function, the same body
      bytes[7] = random_.percent(50) ? static_cast<std::uint8_t>(random_.between(1, 24)) : random_.byte();
      break;
    case 2:
    case 3:  // elsewhere
      put16(bytes + 8,
            random_.percent(50) ? random_.below(65536) : get16(bytes + 8) + random_.between(1, 400));
      break;
    case 4:  // more of it
      put16(bytes + 10, random_.percent(50) ? random_.between(0, 300) : random_.below(65536));
      break;
    case 5:
      bytes[6] = random_.byte();
      break;
    case 6:
    case 7:  // a length that lies
      put16(bytes + 4,
            random_.percent(60) ? get16(bytes + 4) + random_.between(0, 4) - 2 : random_.below(65536));
      break;
    case 8:
      put16(bytes + 2, random_.percent(50) ? 1U << random_.below(16) : random_.below(65536));
      break;
    case 9:  // an exception
      bytes[7] |= 0x80U;
      if (random_.percent(50)) {
        bytes[8] = static_cast<std::uint8_t>(random_.below(12));
        out.size = 9;
        put16(bytes + 4, 3);
      }
      break;
    case 10:
    case 11:
    case 12: {  // any request
      model::FunctionId id = random_.one_of(model::named_functions()).id;
      if (random_.percent(40)) id = {random_.byte(), -1};
      write_request(out, random_, id, transaction, random_.percent(80) ? bytes[6] : random_.byte(),
                    random_.below(65536), random_.between(1, 40));
      break;
    }
    case 13: {  // sub-functions
      std::uint8_t body[6] = {0, random_.byte(), 0, 0, 0, 0};
      if (random_.percent(20)) body[0] = random_.byte();
      const bool diagnostics = random_.percent(50);
      if (!diagnostics) std::swap(body[0], body[1]);
      write_raw(out, transaction, bytes[6], diagnostics ? 8 : 43, body, random_.between(1, 6));
      break;
    }
    case 14: {  // another protocol
      static constexpr std::uint8_t kTls[] = {22, 3, 1, 0, 60, 1, 0, 0, 56, 3, 3, 1, 2, 3, 4, 5};
      static constexpr char kHttp[] = "GET / HTTP/1.1\r\n\r\n";
      static constexpr std::uint8_t kRtu[] = {1, 3, 0, 0, 0, 10, 0xc5, 0xcd};
      static constexpr std::uint8_t kTpkt[] = {3, 0,    0, 22, 17, 0xe0, 0, 0, 0, 1,
                                               0, 0xc1, 2, 1,  0,  0xc2, 2, 1, 2};
      const auto which = random_.below(4);
      const void* from = which == 0   ? static_cast<const void*>(kTls)
                         : which == 1 ? kHttp
                         : which == 2 ? static_cast<const void*>(kRtu)
                                      : kTpkt;
      out.size = which == 0 ? 16 : which == 1 ? 18 : which == 2 ? 8 : 19;
      std::memcpy(bytes, from, out.size);
      break;
    }
    case 15:  // cut or longer
      out.size = random_.percent(50) ? random_.between(1, out.size)
                                     : std::min(out.size + random_.between(1, 20), 1000U);
      break;
    case 16: {  // behind the allowed one, or in front of it
      Message& second = scratch_;
      write_request(second, random_, {static_cast<std::uint8_t>(random_.between(1, 24)), -1},
                    static_cast<std::uint16_t>(transaction + 1), bytes[6], random_.below(65536),
                    random_.between(1, 9));
      if (random_.percent(50)) {
        std::memcpy(bytes + out.size, second.bytes.data(), second.size);
      } else {
        std::memmove(bytes + second.size, bytes, out.size);
        std::memcpy(bytes, second.bytes.data(), second.size);
      }
      out.size += second.size;
      break;
    }
    default:
      for (std::uint32_t i = 0; i <= random_.below(3); ++i)
        bytes[random_.below(out.size)] ^= static_cast<std::uint8_t>(1U << random_.below(8));
  }
}

void Generator::spoil_content(Session& session, Action action) {
  evil_.size = 0;
  if (random_.percent(15)) {  // an answer that nobody waits for, or a question of the wrong end
    action.from = random_.percent(70) ? 1 - session.client : session.client;
    Message& question = scratch_;
    write_request(question, random_, {static_cast<std::uint8_t>(random_.between(1, 24)), -1},
                  random_.percent(50) ? session.transaction : 7, 1, random_.below(100),
                  random_.between(1, 9));
    if (random_.percent(70))
      write_answer(evil_, random_, question);
    else
      evil_ = question;
  } else {
    odd_content(session, action, evil_);
    if (action.content.size == 0 && random_.percent(80)) action.from = session.client;
  }
  action.content.size = evil_.size;
  std::copy_n(evil_.bytes.begin(), evil_.size, action.content.bytes.begin());
  action.flags = flag::psh | flag::ack;
  Frame& frame = say(session, action);
  frame.mutated = session.allowed;
  frame.session = 0xff;
  session.next[action.from] += action.content.size;
  // Perhaps it was denied, and the session is over; else it stumbles on for a while.
  session.life = std::min(session.life, random_.between(2, 6));
}

// The same bytes or others in several segments, in any order.
void Generator::spoil_schedule(Session& session, const Action& action) {
  Segment segment = segment_of(session, action);
  const auto send = [&](const std::uint8_t* bytes, std::uint32_t at, std::uint32_t size) {
    segment.payload = bytes + at;
    segment.sequence = session.next[action.from] + at;
    segment.size = size;
    put(session, action.from, segment).mutated = session.allowed;
  };
  const std::uint32_t size = action.content.size;
  const auto* honest = action.content.bytes.data();
  odd_content(session, action, evil_);
  const std::uint32_t cut = size > 1 ? random_.between(1, size - 1) : 0;
  switch (random_.below(9)) {
    case 0:  // split, in order
      send(honest, 0, cut);
      send(honest, cut, size - cut);
      break;
    case 1:  // split, the end first
      send(honest, cut, size - cut);
      send(honest, 0, cut);
      break;
    case 2: {  // many pieces, any order
      std::uint32_t at[6] = {};
      const auto pieces = random_.between(2, 5);
      for (std::uint32_t i = 1; i < pieces; ++i) at[i] = size * i / pieces;
      at[pieces] = size;
      std::uint32_t order[5] = {0, 1, 2, 3, 4};
      for (std::uint32_t i = pieces - 1; i > 0; --i) std::swap(order[i], order[random_.below(i + 1)]);
      for (std::uint32_t i = 0; i < pieces; ++i) send(honest, at[order[i]], at[order[i] + 1] - at[order[i]]);
      break;
    }
    case 3:  // first the allowed one, then another in its place
      send(honest, 0, size);
      evil_.size = std::min(evil_.size, size);
      send(evil_.bytes.data(), 0, evil_.size);
      break;
    case 4: {  // the same after it was acknowledged
      send(honest, 0, size);
      Segment ack = segment;
      ack.from = session.port[1 - action.from];
      ack.to = session.port[action.from];
      ack.sequence = session.next[1 - action.from];
      ack.acknowledgement = session.next[action.from] + (random_.percent(50) ? size : cut);
      ack.size = 0;
      put(session, 1 - action.from, ack).mutated = session.allowed;
      send(evil_.bytes.data(), 0, std::min(evil_.size, size));
      break;
    }
    case 5:  // overlap: part of the allowed one, then another that begins inside of it
      send(honest, 0, cut);
      send(evil_.bytes.data(), cut / 2,
           size > cut / 2 ? std::min(size, evil_.size) - std::min(cut / 2, std::min(size, evil_.size)) : 0);
      break;
    case 6:  // behind a hole something else, then what fills the hole
      segment.payload = evil_.bytes.data();
      segment.sequence = session.next[action.from] + size;
      segment.size = evil_.size;
      put(session, action.from, segment).mutated = session.allowed;
      break;
    case 7:  // the end of another message behind a hole
      if (evil_.size == size) send(evil_.bytes.data(), cut, size - cut);
      break;
    default:  // a keepalive with a byte of garbage
      segment.payload = evil_.bytes.data();
      segment.sequence = session.next[action.from] - 1;
      segment.size = 1;
      put(session, action.from, segment).mutated = session.allowed;
  }
  // What is due comes all the same.
  if (random_.percent(80)) say(session, action);
  perform(session, action);
}

}  // namespace sluice::traffic
