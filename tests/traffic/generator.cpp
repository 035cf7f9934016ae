#include "tests/traffic/generator.hpp"

#include <algorithm>

namespace sluice::traffic {
namespace {

using model::EndKind;
using model::What;
namespace flag = model::flag;

}  // namespace

Generator::Generator(const model::Plant& plant, const model::Allowed& allowed, std::uint64_t seed)
    : plant_{plant},
      allowed_{allowed},
      random_{seed},
      hosts_{plant.hosts},
      sessions_(kSessions),
      owner_(65536, 0xff),
      ahead_(kAhead) {
  // Someone of no asset for each zone: the sessions that nobody disturbs.
  for (std::size_t i = 0; i < plant.policy.zones.size(); ++i) {
    auto host = *std::find_if(hosts_.begin(), hosts_.end(), [&](const auto& one) { return one.zone == i; });
    host.ip = model::ipv4(10, 0, static_cast<std::uint8_t>(i + 1), 200);
    host.mac[4] = 0xc8;
    hosts_.push_back(host);
  }
  for (std::size_t i = 0; i < sessions_.size(); ++i) settle(sessions_[i], i < 2);
}

// Two hosts that the rule is for.
bool Generator::find_ends(Session& session, const model::Rule& rule) {
  const auto fits = [&](const std::vector<model::End>& ends, std::size_t index) {
    const auto& host = hosts_[index];
    return std::any_of(ends.begin(), ends.end(), [&](const model::End& end) {
      if (end.kind == EndKind::zone) return host.zone == end.index;
      if (end.kind != EndKind::asset) return host.side != 2;
      const auto& asset = plant_.policy.assets[end.index];
      const auto& real = asset.behind ? plant_.policy.assets[asset.gateway] : asset;
      return std::find(real.addresses.begin(), real.addresses.end(), host.ip) != real.addresses.end();
    });
  };
  const auto all = static_cast<std::uint32_t>(hosts_.size());
  const auto quiet = all - static_cast<std::uint32_t>(plant_.policy.zones.size());
  for (int tries = 0; tries < 200; ++tries) {
    const std::size_t from = session.must_pass ? quiet + random_.below(all - quiet) : random_.below(quiet);
    const std::size_t to = random_.below(quiet);
    const auto &a = hosts_[from], &b = hosts_[to];
    if (a.conduit != b.conduit || a.side == b.side || model::is_ipv4(a.ip) != model::is_ipv4(b.ip)) continue;
    if (!fits(rule.from, from) || !fits(rule.to, to)) continue;
    session.ends[rule.opened_by_to ? 1 : 0] = from;
    session.ends[rule.opened_by_to ? 0 : 1] = to;
    session.client = rule.opened_by_to ? 1 : 0;
    return true;
  }
  return false;
}

// A new part for this session to play.
void Generator::settle(Session& session, bool must_pass) {
  session = {};
  session.must_pass = must_pass;
  const auto& rules = plant_.policy.rules;
  for (int tries = 0; tries < 12 && !session.allowed && !rules.empty(); ++tries) {
    const auto& rule = rules[must_pass ? 0 : random_.below(static_cast<std::uint32_t>(rules.size()))];
    session.allowed = find_ends(session, rule);
    if (session.allowed) session.rule = &rule;
  }
  if (!session.allowed) {
    session.must_pass = false;
    session.ends[0] = random_.below(static_cast<std::uint32_t>(hosts_.size()));
    session.ends[1] = random_.below(static_cast<std::uint32_t>(hosts_.size()));
    const std::array<Kind, 4> kinds = {Kind::modbus, Kind::opaque, Kind::datagram, Kind::stray};
    session.kind = kinds[random_.below(4)];
  } else {
    switch (session.rule->what) {
      case What::modbus:
      case What::umas:
        session.kind = Kind::modbus;
        break;
      case What::tcp:
        session.kind = Kind::opaque;
        break;
      case What::udp:
        session.kind = Kind::datagram;
        break;
      case What::icmp:
        session.kind = Kind::icmp;
        break;
      case What::ethertype:
      case What::llc:
        session.kind = Kind::link;
        break;
    }
  }
  if (session.kind != Kind::stray && !must_pass && random_.percent(3)) session.kind = Kind::stray;
  const auto& vlans = plant_.policy.conduits[hosts_[session.ends[0]].conduit].vlans;
  session.tags = vlans.empty() ? model::Tags{0} : random_.one_of(vlans);
  open(session);
}

void Generator::open(Session& session) {
  owner_[session.port[0]] = 0xff;
  session.port[0] = next_port_;
  next_port_ = next_port_ >= 29999 ? std::uint16_t{10000} : static_cast<std::uint16_t>(next_port_ + 1);
  owner_[session.port[0]] = static_cast<std::uint8_t>(&session - sessions_.data());
  session.port[1] = 502;
  if (session.rule != nullptr && !session.rule->ports.empty()) {
    const auto& range = session.rule->ports[0];
    session.port[1] = static_cast<std::uint16_t>(random_.between(range.first, range.second));
    session.type = session.port[1];
  }
  session.stage = 0;
  session.waiting = session.drops = 0;
  session.life = session.must_pass ? 400 : random_.between(8, 60);
  session.next[0] = static_cast<std::uint32_t>(random_.next());
  session.next[1] = static_cast<std::uint32_t>(random_.next());
  const auto party = [&](std::size_t end) {
    const auto& host = hosts_[session.ends[end]];
    return model::Allowed::Party{.link = false,
                                 .ip = host.ip,
                                 .mac = host.mac,
                                 .conduit = &allowed_.policy().conduits[host.conduit],
                                 .side = host.side};
  };
  const auto client = session.client;
  session.rules = allowed_.with_port(
      allowed_.between(party(client), party(1 - client), What::modbus, client != 0), session.port[1]);
}

const Frame& Generator::next() {
  if (count_ == 0) first_ = 0;
  while (count_ == 0) step(sessions_[random_.below(kSessions)]);
  --count_;
  return ahead_[first_++];
}

Frame& Generator::push() {
  if (first_ + count_ == kAhead) --count_;  // the last one gives way; a step never makes as many
  Frame& frame = ahead_[first_ + count_++];
  frame.size = frame.wire_size = 0;
  frame.mutated = frame.must_pass = false;
  frame.session = 0xff;
  return frame;
}

void Generator::passed(std::uint8_t session) {
  if (session < kSessions) sessions_[session].drops = 0;
}

void Generator::dropped(std::uint8_t session) {
  if (session < kSessions && ++sessions_[session].drops > 2 && !sessions_[session].must_pass)
    sessions_[session].life = 0;
}

void Generator::ended(const std::uint8_t* bytes, std::uint32_t size) {
  std::copy_n(bytes, std::min(size, kMostFrame), frame_.bytes.begin());
  frame_.size = std::min(size, kMostFrame);
  const auto place = place_of(frame_);
  if (!place.found || place.protocol != 6) return;
  for (const std::uint32_t at : {0U, 2U}) {
    const auto index = owner_[get16(bytes + place.transport + at)];
    if (index < kSessions && sessions_[index].stage != 0) sessions_[index].life = 0;
  }
}

Way Generator::way(const Session& session, std::size_t from) const {
  const auto &source = hosts_[session.ends[from]], &other = hosts_[session.ends[1 - from]];
  return {.from = source.mac,
          .to = other.mac,
          .tags = session.tags,
          .source = source.ip,
          .destination = other.ip};
}

Segment Generator::segment_of(const Session& session, const Action& action) const {
  const bool first = (action.flags & flag::syn) != 0 && (action.flags & flag::ack) == 0;
  return {.from = session.port[action.from],
          .to = session.port[1 - action.from],
          .sequence = session.next[action.from],
          .acknowledgement = first ? 0 : session.next[1 - action.from],
          .flags = action.flags,
          .payload = action.content.bytes.data(),
          .size = action.content.size};
}

Frame& Generator::put(const Session& session, std::size_t from, const Segment& segment) {
  Frame& frame = push();
  const auto& host = hosts_[session.ends[from]];
  write_tcp(frame, way(session, from), segment);
  frame.port = plant_.policy.conduits[host.conduit].ports[host.side];
  return frame;
}

Frame& Generator::say(Session& session, const Action& action) {
  Frame& frame = put(session, action.from, segment_of(session, action));
  frame.must_pass = session.must_pass;
  frame.session = static_cast<std::uint8_t>(&session - sessions_.data());
  return frame;
}

// A request that the rules allow; false when none was found in a few tries.
bool Generator::draw_request(Session& session, Message& message) {
  const char* why = nullptr;
  const auto tries = session.must_pass ? 40 : 6;
  for (int i = 0; i < tries; ++i) {
    const auto& rule =
        session.rules.empty()
            ? *session.rule
            : plant_.policy
                  .rules[session.rules.rule[random_.below(static_cast<std::uint32_t>(session.rules.count))]];
    model::FunctionId id{static_cast<std::uint8_t>(random_.between(1, 6)), -1};
    if (rule.what == What::umas) {
      id = {90, -1};
    } else if (!rule.functions.empty() && random_.percent(70)) {
      id = random_.one_of(rule.functions);
    } else if (!rule.by_number.empty() && random_.percent(70)) {
      id = {random_.one_of(rule.by_number), -1};
    } else if (rule.access != 0) {
      const auto& row = random_.one_of(model::named_functions());
      if ((rule.access >> static_cast<unsigned>(row.access) & 1U) != 0) id = row.id;
    }
    std::uint32_t first = random_.below(100), count = random_.between(1, 10);
    if (!rule.targets.empty()) {
      const auto& target = random_.one_of(rule.targets);
      static constexpr std::uint8_t kBySpace[7][4] = {{1, 5, 15, 1},  {2, 2, 2, 2},     {4, 4, 4, 4},
                                                      {3, 6, 16, 22}, {20, 21, 20, 21}, {43, 43, 43, 43},
                                                      {43, 43, 8, 8}};
      if (random_.percent(60)) id = {kBySpace[static_cast<std::size_t>(target.space)][random_.below(4)], -1};
      first = random_.between(target.first, target.last);
      count = random_.between(1, std::min(target.last - first + 1, 40U));
    }
    std::uint8_t unit = static_cast<std::uint8_t>(random_.below(6));
    for (int j = 0; j < 8 && rule.units.any() && !rule.units[unit]; ++j)
      unit = static_cast<std::uint8_t>(random_.below(6));
    write_request(message, random_, id, ++session.transaction, unit, first, count);
    if (id.code == 90 && rule.what == What::umas) return true;
    if (allowed_.permits(session.rules, message.bytes.data(), message.size, why)) return true;
  }
  return false;
}

// What comes next in this connection.
Action Generator::plan(Session& session) {
  Action& action = action_;
  action.flags = flag::ack;
  action.from = 0;
  action.request = action.answer = false;
  action.content.size = 0;
  switch (session.stage) {
    case 0:
      action.flags = flag::syn;
      break;
    case 1:
      action.from = 1;
      action.flags = flag::syn | flag::ack;
      break;
    case 2:
      break;
    case 4:
      action.from = 1;
      action.flags = flag::fin | flag::ack;
      break;
    default:
      if (session.life == 1 && session.waiting == 0) {
        action.flags = flag::fin | flag::ack;
      } else if (session.kind == Kind::opaque) {
        action.from = random_.below(2);
        action.flags = flag::psh | flag::ack;
        action.content.size = random_.between(1, 60);
        for (std::uint32_t i = 0; i < action.content.size; ++i) action.content.bytes[i] = random_.byte();
        action.content.bytes[2] = 0xaa;  // surely not Modbus
      } else if (session.waiting != 0 && (session.waiting == 3 || random_.percent(60))) {
        action.from = 1 - session.client;
        action.flags = flag::psh | flag::ack;
        action.answer = true;
        write_answer(action.content, random_, session.asked[0]);
      } else if (random_.percent(96) && session.rule != nullptr && draw_request(session, action.content)) {
        action.from = session.client;
        action.flags = flag::psh | flag::ack;
        action.request = true;
      } else {
        action.from = random_.below(2);
        action.content.size = 0;
        session.life = std::min(session.life, 6U);  // there is little to be said here
      }
  }
  return action;
}

// The action happens: numbers and stages move on.
void Generator::perform(Session& session, const Action& action) {
  const bool numbered = (action.flags & (flag::syn | flag::fin)) != 0;
  session.next[action.from] += action.content.size + (numbered ? 1U : 0U);
  if (session.stage < 3)
    ++session.stage;
  else if (numbered)
    session.stage = session.stage == 4 ? 0 : 4;
  if (action.request) session.asked[session.waiting++] = action.content;
  if (action.answer) {
    --session.waiting;
    std::copy(session.asked.begin() + 1, session.asked.end(), session.asked.begin());
  }
  if (session.life > 1) --session.life;
  if (session.stage == 0) session.life = 0;
}

void Generator::step(Session& session) {
  switch (session.kind) {
    case Kind::datagram:
      return datagram(session);
    case Kind::icmp:
      return echo(session);
    case Kind::link:
      return link(session);
    case Kind::stray:
      return stray(session);
    case Kind::modbus:
    case Kind::opaque:
      break;
  }
  if (session.life == 0) {
    if (random_.percent(15))
      settle(session, session.must_pass);
    else
      open(session);
    return;
  }
  const Action& action = plan(session);
  if (session.must_pass || random_.percent(session.stage < 3 ? 60 : 10)) {
    say(session, action);
    return perform(session, action);
  }
  spoil(session, action);
}

}  // namespace sluice::traffic
