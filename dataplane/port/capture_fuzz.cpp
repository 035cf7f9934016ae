// Any bytes as a capture file: refused, or read to an end with frames inside their bounds; what was read can
// be written, and read again. The input is the file.
#include <string>
#include <vector>

#include "dataplane/port/capture.hpp"
#include "rules/base/fuzz_file.hpp"

namespace sluice {
namespace {

using fuzz::expect;

struct Kept {
  fuzz::Bytes bytes;
  std::uint32_t wire_length;
  Time time;
};

std::vector<Kept> read_all(const std::string& path, bool& whole) {
  std::vector<Kept> all;
  auto reader = CaptureReader::open(path);
  if (!reader) {
    expect(!reader.error().what.empty(), "an error says what");
    return all;
  }
  while (const auto record = reader->next()) {
    expect(record->number == all.size() + 1, "frames are counted");
    expect(record->bytes.size() <= kMostCaptureBytes, "a frame has its bound");
    expect(record->wire_length >= record->bytes.size(), "a wire carries no less than the file");
    all.push_back({{record->bytes.begin(), record->bytes.end()}, record->wire_length, record->time});
  }
  whole = !reader->problem();
  expect(!reader->next(), "behind the end there is nothing");
  return all;
}

}  // namespace

fuzz::Start fuzz::start() {
  const Bytes frame(60, 0x5a);
  const auto pcap = [&](std::uint32_t magic, std::uint32_t link) {
    Script script;
    script.word(magic).half(2).half(4).word(0).word(0).word(262144).word(link);
    for (unsigned i = 0; i < 3; ++i)
      script.word(1'700'000'000 + i).word(i * 1000).word(60).word(60 + i).bytes(frame);
    return script.done();
  };
  // Section header, interface with options, enhanced, simple and old packets, and a block that nobody knows.
  Script ng;
  ng.word(0x0a0d0d0a).word(28).word(0x1a2b3c4d).half(1).half(0).word(0xffffffff).word(0xffffffff).word(28);
  ng.word(1)
      .word(32)
      .half(1)
      .half(0)
      .word(262144)
      .half(9)
      .half(1)
      .byte(9)
      .byte(0)
      .half(0)
      .half(0)
      .half(0)
      .word(32);
  ng.word(6).word(92).word(0).word(0x00060000).word(0x1234).word(60).word(64).bytes(frame).word(92);
  ng.word(3).word(76).word(60).bytes(frame).word(76);
  ng.word(0xbad).word(16).word(7).word(16);
  ng.word(2).word(92).half(0).half(0).word(1).word(2).word(60).word(60).bytes(frame).word(92);
  auto two = ng.done();
  two.insert(two.end(), ng.done().begin(), ng.done().end());
  return {{pcap(0xa1b2c3d4, 1), pcap(0xa1b23c4d, 1), pcap(0xa1b2cd34, 1), pcap(0xd4c3b2a1, 0x01000000),
           pcap(0xa1b2c3d4, 113), ng.done(), two},
          {}};
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  static const fuzz::File kInput{"input"};
  static const fuzz::File kOutput{"output"};
  kInput.hold({data, size});
  bool whole = false;
  const auto all = read_all(kInput.path(), whole);
  // Every frame has a header in the file.
  fuzz::expect(all.size() <= size / 8, "a file has no more frames than room for their headers");
  if (all.empty()) return 0;
  auto writer = CaptureWriter::open(kOutput.path());
  fuzz::expect(writer.has_value(), "a capture can be written");
  for (const auto& one : all) writer->write(one.bytes, one.wire_length, one.time);
  fuzz::expect(writer->finish().has_value(), "a capture can be written to its end");
  const auto again = read_all(kOutput.path(), whole);
  fuzz::expect(whole && again.size() == all.size(), "what was written can be read");
  for (std::size_t i = 0; i < all.size(); ++i) {
    fuzz::expect(again[i].bytes == all[i].bytes && again[i].wire_length == all[i].wire_length,
                 "frames are written as they are");
    // Seconds have 32 bits in the file.
    if (all[i].time.ns / 1'000'000'000U <= 0x7fffffffU)
      fuzz::expect(again[i].time.ns == all[i].time.ns, "stamps are written as they are");
  }
  return 0;
}
