// Any bytes as a capture, before decode, match and inspect in text and JSON: an end, an exit code, and lines
// that neither break a terminal nor a reader of JSON. The first byte says which command; the rest is the
// file.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "control/cli/command.hpp"
#include "control/cli/inspection.hpp"
#include "dataplane/engine/engine_fuzz.hpp"
#include "dataplane/packet/builder.hpp"
#include "rules/base/fuzz_file.hpp"
#include "rules/base/utf8.hpp"

namespace sluice::cli {
namespace {

using fuzz::expect;

// The file that every command is given.
const fuzz::File& input() {
  static const fuzz::File kInput{"capture"};
  return kInput;
}

// A command whose words were parsed once; it runs for every input.
class Prepared {
 public:
  Prepared(std::unique_ptr<Command> command, std::vector<std::string> words) : command_{std::move(command)} {
    CLI::App app;
    command_->declare(app);
    std::reverse(words.begin(), words.end());
    app.parse(words);
  }
  Exit run(Console& console) { return command_->run(console); }

 private:
  std::unique_ptr<Command> command_;
};

// Fields of every type, and some that only messages have.
Prepared& decode() {
  static Prepared prepared = [] {
    std::vector<std::string> words = {input().path()};
    for (const auto* schema : registry().schemas) {
      for (const auto& field : schema->fields) {
        words.emplace_back("-e");
        words.emplace_back(field.name);
      }
    }
    return Prepared{make_decode(), words};
  }();
  return prepared;
}
Prepared& match() {
  static Prepared prepared{
      make_match(),
      {input().path(),
       "modbus.func_code in {5, 6, 15..23} or modbus.data contains 01 and tcp.port == 502 or "
       "umas and ip.src == 10.0.0.0/8 or modbus.reference_num != 4"}};
  return prepared;
}
const fuzz::Bytes& policy() {
  static const auto kImage =
      fuzz::image_of(fuzz::kPlaces + fuzz::conduit("enforce", "groundwork = [\"arp\"]") +
                     "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\naccess = "
                     "[\"read\"]\nreason = \"x\"\n");
  return kImage;
}

Exit run_one(unsigned which, Console& console) {
  switch (which) {
    case 0:
      return decode().run(console);
    case 1:
      return match().run(console);
    default: {
      auto reader = CaptureReader::open(input().path());
      if (!reader) return Exit::unreadable;
      return inspect(console, policy(), std::move(*reader), nullptr,
                     {.checksums = which == 2 ? Checksums::count : Checksums::verify});
    }
  }
}

void check_lines(const std::string& out, Format format) {
  expect(out.empty() || out.back() == '\n', "the last line ends");
  expect(is_utf8(bytes_of(out)), "what is printed is UTF-8");
  std::istringstream lines{out};
  for (std::string line; std::getline(lines, line);) {
    for (const char c : line)
      expect(static_cast<unsigned char>(c) >= 0x20 || c == '\t', "no control character reaches a terminal");
    expect(line.find("\xc2\x9b") == std::string::npos, "no C1 control either");
    if (format == Format::json) expect(nlohmann::json::accept(line), "each line is JSON");
  }
}

}  // namespace
}  // namespace sluice::cli

sluice::fuzz::Start sluice::fuzz::start() {
  using namespace sluice;
  using build::hex;
  // A conversation with an allowed request, a denied one, one in two segments, one that is malformed, and
  // other traffic.
  Script file;
  file.word(0xa1b2c3d4).half(2).half(4).word(0).word(0).word(262144).word(1);
  unsigned number = 0;
  const auto add = [&](const build::Bytes& frame, std::size_t cut = 0) {
    const auto size = static_cast<std::uint32_t>(frame.size());
    const auto kept = cut == 0 ? size : static_cast<std::uint32_t>(cut);
    file.word(1'700'000'000 + number)
        .word(number * 1000)
        .word(kept)
        .word(size)
        .bytes(ByteView{frame}.first(kept));
    ++number;
  };
  std::uint32_t next[2] = {100, 900};
  const auto say = [&](unsigned who, std::uint8_t flags, const build::Bytes& payload) {
    const build::Link link{.source = who == 0 ? "10.0.0.1" : "10.0.1.2",
                           .destination = who == 0 ? "10.0.1.2" : "10.0.0.1"};
    const build::Segment segment{.source_port = static_cast<std::uint16_t>(who == 0 ? 40000 : 502),
                                 .destination_port = static_cast<std::uint16_t>(who == 0 ? 502 : 40000),
                                 .sequence = next[who],
                                 .acknowledgement = (flags & tcp_flag::ack) != 0 ? next[1 - who] : 0,
                                 .flags = flags,
                                 .payload = payload};
    next[who] += static_cast<std::uint32_t>(payload.size()) + ((flags & tcp_flag::syn) != 0 ? 1U : 0U);
    add(build::tcp(link, segment));
  };
  Start start;
  const auto keep = [&] {
    for (unsigned which = 0; which < 8; ++which)
      start.seeds.push_back(Script{}.byte(which).bytes(file.done()).done());
  };
  say(0, tcp_flag::syn, {});
  say(1, tcp_flag::syn | tcp_flag::ack, {});
  say(0, tcp_flag::ack, {});
  say(0, tcp_flag::ack, hex("0001 0000 0006 01 03 0000 0002"));
  say(1, tcp_flag::ack, hex("0001 0000 0007 01 03 04 00000000"));
  keep();
  say(0, tcp_flag::ack, hex("0002 0000 0006 01 05"));
  say(0, tcp_flag::ack, hex("0007 ff00"));
  say(0, tcp_flag::ack, hex("0003 0000 0009 01 5a 00 01 00 1b5b6d 0a"));
  say(1, tcp_flag::ack, hex("0003 0000 0003 01 83 02"));
  say(0, tcp_flag::ack, hex("0004 0000 0004 01 03 0000"));
  next[0] += 12;
  say(0, tcp_flag::ack, hex("0005 0000 0006 01 03 0000 0002"));
  keep();
  const build::Link out{.source = "10.0.0.1", .destination = "10.0.1.2", .least = 60};
  add(build::udp(out, {.payload = hex("1b5b")}));
  add(build::icmp(
      out, {.type = 3, .payload = hex("45000020000000004006 0000 0a000102 0a000001 01f69c40 00000001")}));
  add(build::arp(out, {}));
  add(build::llc(out, hex("424203 0000 00 00")));
  add(build::ethernet(out, 0x88b8, Bytes(50)), 30);
  add(build::ip({.source = "10.0.0.1", .destination = "10.0.1.2", .fragment = 0x2000}, 17, Bytes(64)));
  add(build::tcp({.tags = {{.id = 7}}, .source = "fd00::1", .destination = "fd00:0:0:1::2"},
                 {.flags = tcp_flag::syn}));
  keep();
  return start;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::cli;
  if (size == 0) return 0;
  input().hold({data + 1, size - 1});
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};
  console.format = (data[0] & 4U) == 0 ? Format::text : Format::json;
  console.limits = fuzz::small().limits;
  const auto exit = run_one(data[0] & 3U, console);
  fuzz::expect(exit == Exit::done || exit == Exit::unreadable, "a capture is read, or it can't be");
  check_lines(out.str(), console.format);
  return 0;
}
