#include "dataplane/port/capture.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace sluice {
namespace {

std::string path_of(const std::string& name) {
  return testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name() + "-" +
         std::to_string(::getpid()) + "-" + name;
}

std::string read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream{path, std::ios::binary} << bytes;
}

// Little-endian.
std::string number(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

std::string pcap_header(std::uint32_t magic, std::uint32_t link) {
  return number(magic, 4) + number(2, 2) + number(4, 2) + number(0, 8) + number(65535, 4) + number(link, 4);
}

std::string pcap_record(std::uint32_t seconds, std::uint32_t fraction, const std::string& bytes,
                        std::uint32_t length = 0) {
  return number(seconds, 4) + number(fraction, 4) + number(bytes.size(), 4) +
         number(std::max<std::size_t>(length, bytes.size()), 4) + bytes;
}

constexpr std::uint32_t kMicro = 0xa1b2c3d4;
constexpr std::uint32_t kNano = 0xa1b23c4d;

std::string pcapng(const std::vector<std::pair<std::uint64_t, std::string>>& frames) {
  const auto block = [](std::uint32_t type, std::string body) {
    body.resize((body.size() + 3) / 4 * 4);
    const auto size = number(body.size() + 12, 4);
    return number(type, 4) + size + body + size;
  };
  auto file = block(0x0a0d0d0a, number(0x1a2b3c4d, 4) + number(1, 2) + number(0, 2) + number(~0ULL, 8)) +
              block(1, number(1, 2) + number(0, 2) + number(65535, 4));
  for (const auto& [microseconds, bytes] : frames) {
    file += block(6, number(0, 4) + number(microseconds >> 32U, 4) + number(microseconds & 0xffffffff, 4) +
                         number(bytes.size(), 4) + number(bytes.size(), 4) + bytes);
  }
  return file;
}

const std::string kFrame = "\x01\x02\x03\x04\x05\x06\x11\x12\x13\x14\x15\x16\x08\x06payload of a frame";

TEST(CaptureReader, reads_microseconds_nanoseconds_and_pcapng_alike) {
  const auto micro = pcap_header(kMicro, 1) + pcap_record(1000, 5, kFrame);
  const auto nano = pcap_header(kNano, 1) + pcap_record(1000, 5000, kFrame);
  for (const auto& bytes : {micro, nano, pcapng({{1'000'000'005, kFrame}})}) {
    const auto path = path_of("capture");
    write_file(path, bytes);
    auto reader = CaptureReader::open(path);
    ASSERT_TRUE(reader) << reader.error().text();
    const auto record = reader->next();
    ASSERT_TRUE(record);
    EXPECT_EQ(text_of(record->bytes), kFrame);
    EXPECT_EQ(record->time.ns, 1'000'000'005'000U);
    EXPECT_EQ(record->number, 1U);
    EXPECT_FALSE(reader->next());
    EXPECT_FALSE(reader->problem());
    std::filesystem::remove(path);
  }
}

TEST(CaptureReader, tells_a_frame_that_the_capture_cut) {
  const auto path = path_of("capture");
  write_file(path, pcap_header(kMicro, 1) + pcap_record(1, 0, kFrame, 1500));
  auto reader = CaptureReader::open(path);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->next()->wire_length, 1500U);
  std::filesystem::remove(path);
}

TEST(CaptureReader, reads_a_capture_cut_at_its_end_to_the_cut_wherever_it_is) {
  const auto path = path_of("capture");
  for (const auto& whole : {pcap_header(kMicro, 1) + pcap_record(1, 0, kFrame) + pcap_record(2, 0, kFrame),
                            pcapng({{1, kFrame}, {2, kFrame}})}) {
    std::size_t most = 0;
    for (std::size_t size = 0; size <= whole.size(); ++size) {
      write_file(path, whole.substr(0, size));
      auto reader = CaptureReader::open(path);
      if (!reader) {
        EXPECT_EQ(most, 0U);
        EXPECT_NE(reader.error().text().find(path), std::string::npos);
        continue;
      }
      std::size_t frames = 0;
      while (reader->next()) ++frames;
      EXPECT_GE(frames, most);
      most = frames;
      if (reader->problem()) {
        EXPECT_NE(reader->problem()->text().find("after frame " + std::to_string(frames)), std::string::npos)
            << reader->problem()->text();
      }
      if (size == whole.size()) {
        EXPECT_FALSE(reader->problem());
      } else if (size > whole.size() - kFrame.size()) {
        EXPECT_TRUE(reader->problem());
      }
    }
    EXPECT_EQ(most, 2U);
  }
  std::filesystem::remove(path);
}

TEST(CaptureReader, refuses_other_link_types_by_name) {
  const auto path = path_of("capture");
  write_file(path, pcap_header(kMicro, 113) + pcap_record(1, 0, kFrame));
  const auto reader = CaptureReader::open(path);
  ASSERT_FALSE(reader);
  EXPECT_NE(reader.error().what.find("LINUX_SLL"), std::string::npos) << reader.error().what;
  std::filesystem::remove(path);
}

TEST(CaptureReader, refuses_what_is_no_capture) {
  const auto path = path_of("capture");
  for (const auto& bytes :
       {std::string{}, std::string{"hello"}, std::string(5000, 'x'), pcap_header(0x12345678, 1)}) {
    write_file(path, bytes);
    EXPECT_FALSE(CaptureReader::open(path));
  }
  std::filesystem::remove(path);
  EXPECT_FALSE(CaptureReader::open(path));
  EXPECT_FALSE(CaptureReader::open("-"));
}

TEST(CapturePorts, write_what_was_forwarded_with_its_own_stamps) {
  const auto in = path_of("in");
  const auto out = path_of("out");
  // The second frame is older than the first: its stamp is kept, though the burst's clock does not go back.
  const auto content = pcap_header(kNano, 1) + pcap_record(20, 7, kFrame) +
                       pcap_record(10, 999'999'999, kFrame + "b", 500) + pcap_record(30, 1, kFrame + "c");
  write_file(in, content);
  auto writer = CaptureWriter::open(out);
  ASSERT_TRUE(writer);
  CapturePorts ports{std::move(*CaptureReader::open(in)),
                     [](const auto& record) { return PortId{static_cast<std::uint16_t>(record.number % 2)}; },
                     &*writer};
  std::vector<std::uint64_t> clock;
  std::vector<Frame> held;
  for (auto burst = ports.receive(); !ports.finished(); burst = ports.receive()) {
    ASSERT_EQ(burst.size(), 1U);
    clock.push_back(ports.now().ns);
    EXPECT_EQ(burst[0].port.value, clock.size() % 2);
    held.push_back(burst[0]);
  }
  EXPECT_EQ(clock, (std::vector<std::uint64_t>{20'000'000'007, 20'000'000'007, 30'000'000'001}));
  EXPECT_EQ(ports.in_use(), 3U);
  for (const auto& frame : held) ports.forward(frame, PortId{0});
  EXPECT_EQ(ports.in_use(), 0U);
  ASSERT_TRUE(writer->finish());
  EXPECT_EQ(read_file(out).substr(24), content.substr(24));
  std::filesystem::remove(in);
  std::filesystem::remove(out);
}

TEST(CapturePorts, give_back_every_slot) {
  const auto in = path_of("in");
  std::string content = pcap_header(kMicro, 1);
  for (std::uint32_t i = 0; i < 3 * CapturePorts::kFrames; ++i) content += pcap_record(i, 0, kFrame);
  write_file(in, content);
  CapturePorts ports{std::move(*CaptureReader::open(in)), [](const auto&) { return PortId{0}; }, nullptr};
  std::uint64_t frames = 0;
  for (auto burst = ports.receive(); !ports.finished(); burst = ports.receive()) {
    ++frames;
    if (frames % 2 == 0) {
      ports.release(burst[0]);
    } else {
      ports.forward(burst[0], PortId{1});
    }
  }
  EXPECT_EQ(frames, 3 * CapturePorts::kFrames);
  EXPECT_EQ(ports.lost(), 0U);
  std::filesystem::remove(in);
}

TEST(CaptureWriter, says_when_it_can_not_write) {
  EXPECT_FALSE(CaptureWriter::open("/nonexistent/out.pcap"));
  auto writer = CaptureWriter::open("/dev/full");
  ASSERT_TRUE(writer);
  for (int i = 0; i < 10000; ++i) writer->write(bytes_of(kFrame), 0, Time{});
  EXPECT_FALSE(writer->finish());
}

}  // namespace
}  // namespace sluice
