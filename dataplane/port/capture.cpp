#include "dataplane/port/capture.hpp"

#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace sluice {
namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

std::string quoted(const std::string& path) { return "\"" + path + "\""; }

}  // namespace

void CaptureReader::Close::operator()(pcap* handle) const noexcept { pcap_close(handle); }
void CaptureWriter::Close::operator()(pcap* handle) const noexcept { pcap_close(handle); }
void CaptureWriter::Close::operator()(pcap_dumper* dumper) const noexcept { pcap_dump_close(dumper); }

Result<CaptureReader> CaptureReader::open(const std::string& path) {
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  // libpcap would take "-" for the standard input; a path is a path.
  const auto file = path == "-" ? "./-" : path;
  auto* handle =
      pcap_open_offline_with_tstamp_precision(file.c_str(), PCAP_TSTAMP_PRECISION_NANO, why.data());
  if (handle == nullptr) {
    return failure("can't read the capture " + quoted(path) + ": " + why.data(),
                   "give a pcap or pcapng file");
  }
  CaptureReader reader{path, handle};
  if (const auto type = pcap_datalink(handle); type != DLT_EN10MB) {
    const auto* name = pcap_datalink_val_to_name(type);
    return failure("the capture " + quoted(path) + " holds link type " +
                       (name == nullptr ? std::to_string(type) : std::string{name}) + ", not Ethernet",
                   "capture on an Ethernet interface");
  }
  return reader;
}

std::optional<CaptureReader::Record> CaptureReader::next() {
  if (problem_) return std::nullopt;
  pcap_pkthdr* header = nullptr;
  const std::uint8_t* bytes = nullptr;
  const auto got = pcap_next_ex(handle_.get(), &header, &bytes);
  if (got == PCAP_ERROR_BREAK) return std::nullopt;
  if (got != 1) {
    problem_ =
        Error{{path_},
              "reading stopped after frame " + std::to_string(number_) + ": " + pcap_geterr(handle_.get()),
              "the file ends in the middle, or is damaged; all before was read"};
    return std::nullopt;
  }
  ++number_;
  const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(header->ts.tv_sec, 0));
  const auto rest =
      static_cast<std::uint64_t>(std::max<std::int64_t>(header->ts.tv_usec, 0));  // nanoseconds here
  return Record{{bytes, header->caplen},
                std::max(header->len, header->caplen),
                Time{seconds * kNanosecondsPerSecond + rest},
                number_};
}

Result<CaptureWriter> CaptureWriter::open(const std::string& path) {
  auto* handle =
      pcap_open_dead_with_tstamp_precision(DLT_EN10MB, kMostCaptureBytes, PCAP_TSTAMP_PRECISION_NANO);
  if (handle == nullptr) return failure("can't make a capture: out of memory");
  const auto file = path == "-" ? "./-" : path;
  auto* dumper = pcap_dump_open(handle, file.c_str());
  if (dumper == nullptr) {
    const std::string why = pcap_geterr(handle);
    pcap_close(handle);
    return failure("can't write the capture " + quoted(path) + ": " + why, "give a path that can be written");
  }
  return CaptureWriter{path, handle, dumper};
}

void CaptureWriter::write(ByteView bytes, std::uint32_t wire_length, Time time) {
  pcap_pkthdr header{};
  header.ts.tv_sec = static_cast<decltype(header.ts.tv_sec)>(time.ns / kNanosecondsPerSecond);
  header.ts.tv_usec = static_cast<decltype(header.ts.tv_usec)>(time.ns % kNanosecondsPerSecond);
  header.caplen = static_cast<bpf_u_int32>(bytes.size());
  header.len = std::max(wire_length, header.caplen);
  pcap_dump(reinterpret_cast<u_char*>(dumper_.get()), &header, bytes.data());
}

Result<void> CaptureWriter::finish() {
  // pcap_dump() reports nothing; the stream underneath remembers an error.
  if (pcap_dump_flush(dumper_.get()) != 0 || ferror(pcap_dump_file(dumper_.get())) != 0) {
    return failure("can't write all of the capture " + quoted(path_) + ": " + std::strerror(errno),
                   "make room on the disk");
  }
  return {};
}

CapturePorts::CapturePorts(CaptureReader reader, PortOf port_of, CaptureWriter* forwarded)
    : reader_{std::move(reader)},
      port_of_{std::move(port_of)},
      forwarded_{forwarded},
      slots_{kFrames, kMostCaptureBytes} {}

std::span<const Frame> CapturePorts::receive() noexcept {
  const auto record = reader_.next();
  if (!record) {
    finished_ = true;
    return {};
  }
  number_ = record->number;
  now_ = std::max(now_, record->time);
  current_ = slots_.take(static_cast<std::uint32_t>(record->bytes.size()));
  if (current_.data == nullptr) {
    ++lost_;
    return {};
  }
  std::ranges::copy(record->bytes, current_.data);
  current_.wire_length = record->wire_length;
  current_.port = port_of_(*record);
  slots_.stamp(current_, record->time);
  return {&current_, 1};
}

void CapturePorts::forward(Frame frame, PortId) noexcept {
  slots_.park(frame);
  if (forwarded_ != nullptr) forwarded_->write(frame.bytes(), frame.wire_length, slots_.stamp(frame));
  slots_.give(frame);
}

void CapturePorts::release(Frame frame) noexcept {
  slots_.park(frame);
  slots_.give(frame);
}

Frame CapturePorts::allocate(std::uint32_t length) noexcept {
  const auto frame = slots_.take(length);
  if (frame.data != nullptr) slots_.stamp(frame, now_);
  return frame;
}

}  // namespace sluice
