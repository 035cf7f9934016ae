// Random policies and random traffic: what the engine does with each message must be what the model says.
// Three parts for each policy:
//   verdicts  single messages in honest connections, datagrams, pings and link frames: exactly the model's
//   verdict flood     a round of adversarial traffic: nothing leaves that the model denies monitor   the same
//   policy in mode monitor: what comes in leaves as it came, in order
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>

#include "tests/model/random_policy.hpp"
#include "tests/traffic/flood.hpp"
#include "tests/traffic/line.hpp"

namespace sluice::traffic {
namespace {

using model::Allowed;
using model::EndKind;
using model::Host;
using model::Some;
using model::What;

struct Counts {
  std::uint64_t policies = 0, compared = 0, permitted = 0, ambiguous = 0, flooded = 0, watched = 0;
};

class Trial {
 public:
  Trial(std::uint64_t seed, std::uint64_t number, Counts& counts)
      : random_{model::mix(seed, number)},
        plant_{model::random_plant(random_, true)},
        allowed_{plant_.policy},
        text_{model::toml(plant_.policy)},
        counts_{counts} {}

  // What disagrees, or nothing.
  std::string verdicts() {
    Line line{text_};
    for (int i = 0; i < 250 && wrong_.empty(); ++i) {
      if (!pick()) continue;
      switch (random_.below(8)) {
        case 0:
          datagram(line);
          break;
        case 1:
          ping(line);
          break;
        case 2:
          link(line);
          break;
        case 3:
          opaque(line);
          break;
        default:
          modbus(line);
      }
      if (!line.conserved()) wrong_ = "frames are not conserved";
    }
    return wrong_;
  }

  // In monitor nothing acts: the same frames leave in the same order, or they came cut.
  std::string monitor() {
    auto watched = plant_.policy;
    for (auto& conduit : watched.conduits) conduit.enforce = false;
    Line line{model::toml(watched)};
    Generator generator{plant_, allowed_, random_.next()};
    for (int i = 0; i < 1500; ++i) {
      const auto& frame = generator.next();
      // A port on which no conduit ends takes nothing.
      std::size_t side = 0;
      bool known = false;
      for (const auto& conduit : watched.conduits)
        known |= conduit.ports[0] == frame.port || conduit.ports[1] == frame.port;
      (void)side;
      const bool cut = frame.wire_size > frame.size;
      const auto fate = line.send(frame);
      ++counts_.watched;
      if (cut || !known) continue;
      if (fate != Fate::passed)
        return "monitor did not let a frame pass as it came: " + std::string{name_of(line.reason())};
      if (line.left() != 1) return "monitor sent something of its own";
    }
    return line.conserved() ? "" : "frames are not conserved in monitor";
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  // Two hosts that a conduit joins, now and then two that none does.
  bool pick() {
    from_ = &random_.one_of(plant_.hosts);
    to_ = &random_.one_of(plant_.hosts);
    if (model::is_ipv4(from_->ip) != model::is_ipv4(to_->ip) || from_->ip == to_->ip) return false;
    const bool joined = from_->conduit == to_->conduit && from_->side != to_->side;
    if (!joined && !random_.percent(5)) return false;
    const auto& conduit = plant_.policy.conduits[from_->conduit];
    way_ = {.from = from_->mac, .to = to_->mac, .source = from_->ip, .destination = to_->ip};
    way_.tags = conduit.vlans.empty() ? model::Tags{0} : random_.one_of(conduit.vlans);
    wires_ = {conduit.ports[from_->side], conduit.ports[1 - from_->side]};
    joined_ = joined;
    port_ = port_ >= 60000 ? std::uint16_t{20000} : static_cast<std::uint16_t>(port_ + 1);
    return true;
  }

  Allowed::Party party(const Host& host, std::size_t side, bool receives, bool is_link = false) const {
    return {.link = is_link,
            .receives = receives,
            .ip = host.ip,
            .mac = receives ? way_.to : host.mac,
            .conduit = &allowed_.policy().conduits[from_->conduit],
            .side = side};
  }
  Some between(What what, bool turned, bool opened_by_to) const {
    if (!joined_) return {};
    const auto there = party(*from_, from_->side, turned), back = party(*to_, 1 - from_->side, !turned);
    return turned ? allowed_.between(back, there, what, opened_by_to)
                  : allowed_.between(there, back, what, opened_by_to);
  }

  void expect(bool permitted, bool passed, const std::string& what, const Line& line) {
    ++counts_.compared;
    counts_.permitted += permitted ? 1U : 0U;
    if (permitted == passed || !wrong_.empty()) return;
    wrong_ = what + " from " + model::text_of(from_->ip) + " to " + model::text_of(to_->ip) + ": the model " +
             (permitted ? "permits" : "denies") + " it, the engine " + (passed ? "let it pass" : "did not") +
             " (" + std::string{name_of(line.reason())} + ")";
  }

  // A request in a connection of its own, its answer, and the answer once more.
  void modbus(Line& line) {
    std::uint16_t to = 502;
    const auto& rule = random_.one_of(plant_.policy.rules);
    if (random_.percent(20)) to = static_cast<std::uint16_t>(random_.between(500, 515));
    const auto asks = allowed_.with_port(between(What::modbus, false, false), to);
    const auto other = allowed_.with_port(between(What::modbus, true, true), to);
    const auto umas = allowed_.with_port(between(What::umas, false, false), to);
    const auto umas_other = allowed_.with_port(between(What::umas, true, true), to);
    const auto open = allowed_.with_port(between(What::tcp, false, false), to);
    const auto open_other = allowed_.with_port(between(What::tcp, true, true), to);
    const bool decoded = !asks.empty() || !umas.empty();
    const bool some =
        decoded || !other.empty() || !umas_other.empty() || !open.empty() || !open_other.empty();
    Talk talk{line, way_, wires_, port_, to};
    const bool opened = talk.open();
    expect(some, opened, "a connection to port " + std::to_string(to), line);
    if (!opened || !some) return;
    // Who asks may be told only by what is said, where more than one reading is allowed.
    if (!other.empty() || !umas_other.empty() || !open.empty() || !open_other.empty()) {
      ++counts_.ambiguous;
      return talk.end();
    }
    model::FunctionId id = random_.one_of(model::named_functions()).id;
    if (random_.percent(40)) id = {static_cast<std::uint8_t>(random_.between(1, 6)), -1};
    if (!rule.functions.empty() && random_.percent(50)) id = random_.one_of(rule.functions);
    if (!rule.by_number.empty() && random_.percent(50)) id = {random_.one_of(rule.by_number), -1};
    std::uint32_t first = random_.percent(70) ? random_.below(300) : random_.below(65536);
    std::uint32_t count = random_.percent(70) ? random_.between(1, 12) : random_.between(1, 120);
    if (!rule.targets.empty() && random_.percent(70)) {
      const auto& target = random_.one_of(rule.targets);
      first = random_.between(target.first, target.last + 3);
      count = random_.between(1, std::min(target.last - target.first + 3, 60U));
    }
    if (id.code == 90) return talk.end();  // what it carries is not the model's to read
    write_request(request_, random_, id, 9, static_cast<std::uint8_t>(random_.below(6)), first, count);
    const char* why = nullptr;
    const auto* asset = allowed_.asset_of(to_->ip);
    const bool permitted = allowed_.permits(asks, request_.bytes.data(), request_.size, why);
    const auto fate = talk.say(0, request_);
    expect(permitted, fate == Fate::passed, "a request of " + name_of(id), line);
    if (fate == Fate::changed && wrong_.empty()) stand_in(line, asset);
    if (!permitted || fate != Fate::passed) return;
    write_answer(answer_, random_, request_);
    expect(true, talk.say(1, answer_) == Fate::passed, "the answer of " + name_of(id), line);
    expect(false, talk.say(1, answer_) == Fate::passed, "the answer once more of " + name_of(id), line);
  }

  // What left instead asks for nothing that any device grants, and only where its asset opted in.
  void stand_in(const Line& line, const model::Asset* asset) {
    const auto seen = model::look(line.changed().bytes.data(), line.changed().size);
    const bool harmless = seen.wrong == nullptr && seen.end - seen.payload == request_.size &&
                          model::is_stand_in(line.changed().bytes.data() + seen.payload, request_.size);
    if (asset == nullptr || !asset->neutralise)
      wrong_ = "a request was changed for an asset that did not ask for it";
    else if (!harmless)
      wrong_ = "a denied request left as something that a device may grant";
  }

  void opaque(Line& line) {
    const auto to = static_cast<std::uint16_t>(random_.percent(40) ? 502 : random_.between(1998, 2014));
    const bool open = !allowed_.with_port(between(What::tcp, false, false), to).empty() ||
                      !allowed_.with_port(between(What::tcp, true, true), to).empty();
    bool decoded = false;
    for (const auto what : {What::modbus, What::umas}) {
      decoded |= !allowed_.with_port(between(what, false, false), to).empty();
      decoded |= !allowed_.with_port(between(what, true, true), to).empty();
    }
    Talk talk{line, way_, wires_, port_, to};
    const bool opened = talk.open();
    expect(open || decoded, opened, "a connection to port " + std::to_string(to), line);
    if (!opened || (!open && !decoded)) return;
    request_.size = random_.between(4, 80);
    for (std::uint32_t i = 0; i < request_.size; ++i) request_.bytes[i] = random_.byte();
    request_.bytes[2] = 0xaa;  // surely no Modbus
    const auto says = random_.below(2);
    expect(open, talk.say(says, request_) == Fate::passed, "bytes of no protocol", line);
    if (!open || decoded) return;
    write_request(request_, random_, {6, -1}, 9, 1, 3, 1);
    expect(false, talk.say(0, request_) == Fate::passed, "Modbus in an opaque connection", line);
  }

  void send(Line& line, bool permitted, const std::string& what) {
    frame_.port = wires_[0];
    expect(permitted, line.send(frame_) == Fate::passed, what, line);
  }

  void datagram(Line& line) {
    const auto to = static_cast<std::uint16_t>(random_.percent(40) ? 502 : random_.between(1998, 2014));
    const bool permitted = allowed_.takes(between(What::udp, false, false), to) ||
                           allowed_.takes(between(What::udp, true, true), to);
    write_udp(frame_, way_, port_, to, reinterpret_cast<const std::uint8_t*>("is it noon?"), 11);
    send(line, permitted, "a datagram to port " + std::to_string(to));
    if (!permitted) return;
    auto back = way_;
    std::swap(back.source, back.destination);
    std::swap(back.from, back.to);
    write_udp(frame_, back, to, port_, reinterpret_cast<const std::uint8_t*>("soon"), 4);
    frame_.port = wires_[1];
    expect(true, line.send(frame_) == Fate::passed, "the answer to a datagram", line);
  }

  void ping(Line& line) {
    const bool six = !model::is_ipv4(way_.source);
    static constexpr std::uint8_t kTypes[] = {8, 9, 10, 19, 30, 128, 150, 129};
    const auto type = kTypes[random_.below(8)];
    const bool reply = type == (six ? 129 : 0);
    const bool permitted = reply ? allowed_.takes(between(What::icmp, true, false), six ? 128 : 8)
                                 : allowed_.takes(between(What::icmp, false, false), type);
    if (reply) return;  // a reply needs its request
    write_icmp(frame_, way_, type, 0, reinterpret_cast<const std::uint8_t*>("abcdefghijklmnop"), 16);
    send(line, permitted, "ICMP type " + std::to_string(type));
  }

  void link(Line& line) {
    const std::uint16_t types[] = {0x88b8, 0x8892, 0x88ba, 0x1234};
    const auto type = types[random_.below(4)];
    if (random_.percent(40))
      way_.to = {0x01, 0x0c, 0xcd, 0x01, 0, static_cast<std::uint8_t>(random_.below(5))};
    const auto there = party(*from_, from_->side, false, true),
               back = party(*to_, 1 - from_->side, true, true);
    const bool group = (way_.to[0] & 1U) != 0;
    const auto& conduit = allowed_.policy().conduits[from_->conduit];
    const bool placed = group || allowed_.belongs(conduit, 1 - from_->side, way_.to);
    const bool permitted =
        placed && allowed_.takes(allowed_.between(there, back, What::ethertype, false), type);
    const std::uint8_t bytes[46] = {0, 1, 0, 46};  // APPID and length of GOOSE and sampled values
    write_link(frame_, way_, type, bytes, sizeof bytes);
    send(line, permitted, "EtherType " + std::to_string(type));
  }

  model::Random random_;
  model::Plant plant_;
  Allowed allowed_;
  std::string text_;
  Counts& counts_;
  std::string wrong_;
  const Host* from_ = nullptr;
  const Host* to_ = nullptr;
  Way way_;
  std::array<std::uint32_t, 2> wires_{};
  bool joined_ = false;
  std::uint16_t port_ = 20000;
  Message request_{}, answer_{};
  Frame frame_{};
};

int main_of(int count, char** words) {
  std::uint64_t policies = 100, seed = 1, from = 0;
  CLI::App app{
      "Random policies and traffic: the engine's verdicts against the model's; exit 1 when they differ."};
  app.add_option("--count", policies, "policies")->check(CLI::PositiveNumber);
  app.add_option("--seed", seed, "of all that is random");
  app.add_option("--from", from, "number of the policy to begin with");
  CLI11_PARSE(app, count, words);
  Counts counts;
  for (auto i = from; i < from + policies; ++i) {
    ++counts.policies;
    Trial trial{seed, i, counts};
    auto wrong = trial.verdicts();
    if (wrong.empty()) wrong = trial.monitor();
    std::string text = trial.text();
    if (wrong.empty()) {
      Flood flood{seed ^ 0x5eedU, i * Flood::kRound + Flood::kDefaultDeny};
      const bool fine = flood.run(1000);
      counts.flooded += flood.tally().frames;
      if (!fine) {
        wrong = flood.failure().what;
        text = flood.toml();
      }
    }
    if (wrong.empty()) continue;
    std::printf("%s\nmodel: policy %llu of seed %llu: %s\n  again: --seed %llu --from %llu --count 1\n",
                text.c_str(), static_cast<unsigned long long>(i), static_cast<unsigned long long>(seed),
                wrong.c_str(), static_cast<unsigned long long>(seed), static_cast<unsigned long long>(i));
    return 1;
  }
  std::printf(
      "model: seed %llu, %llu policies, %llu verdicts compared (%llu permitted, %llu connections with more "
      "than one reading "
      "left out), %llu frames of floods, %llu in monitor: 0 differences\n",
      static_cast<unsigned long long>(seed), static_cast<unsigned long long>(counts.policies),
      static_cast<unsigned long long>(counts.compared), static_cast<unsigned long long>(counts.permitted),
      static_cast<unsigned long long>(counts.ambiguous), static_cast<unsigned long long>(counts.flooded),
      static_cast<unsigned long long>(counts.watched));
  return counts.permitted * 20 >= counts.compared ? 0 : 1;
}

}  // namespace
}  // namespace sluice::traffic

int main(int count, char** words) { return sluice::traffic::main_of(count, words); }
