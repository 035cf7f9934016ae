// Captures: pcap and pcapng files of Ethernet frames, read and written through libpcap. Captures are not
// wires: a frame that the file cut says so in Frame::wire_length, time is the file's own, and a file cut at
// its end is read to the cut. Stamps in nanoseconds since 1970. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/port/port.hpp"
#include "dataplane/port/slots.hpp"
#include "rules/base/clock.hpp"
#include "rules/base/result.hpp"

struct pcap;
struct pcap_dumper;

namespace sluice {

inline constexpr std::uint32_t kMostCaptureBytes = 262144;  // of one frame; libpcap's own bound

class CaptureReader {
 public:
  // A file that can't be read, is no capture, or holds another link type than Ethernet is an error.
  static Result<CaptureReader> open(const std::string& path);

  struct Record {
    ByteView bytes;                 // valid until the next call
    std::uint32_t wire_length = 0;  // at least bytes.size()
    Time time;
    std::uint64_t number = 0;  // from 1
  };
  // Empty at the end, which problem() explains when it came too early.
  std::optional<Record> next();
  // Why reading stopped before the end of the file was reached properly; empty when it did not.
  [[nodiscard]] const std::optional<Error>& problem() const noexcept { return problem_; }

 private:
  struct Close {
    void operator()(pcap* handle) const noexcept;
  };
  CaptureReader(std::string path, pcap* handle) : path_{std::move(path)}, handle_{handle} {}

  std::string path_;
  std::unique_ptr<pcap, Close> handle_;
  std::uint64_t number_ = 0;
  std::optional<Error> problem_;
};

class CaptureWriter {
 public:
  static Result<CaptureWriter> open(const std::string& path);
  void write(ByteView bytes, std::uint32_t wire_length, Time time);
  // Writes out what is buffered; an error says that something, now or before, did not reach the file.
  Result<void> finish();

 private:
  struct Close {
    void operator()(pcap* handle) const noexcept;
    void operator()(pcap_dumper* dumper) const noexcept;
  };
  CaptureWriter(std::string path, pcap* handle, pcap_dumper* dumper)
      : path_{std::move(path)}, handle_{handle}, dumper_{dumper} {}

  std::string path_;
  std::unique_ptr<pcap, Close> handle_;
  std::unique_ptr<pcap_dumper, Close> dumper_;
};

// A capture as ports: one frame a burst, so that its stamp is the burst's time exactly. Satisfies PortGroup.
class CapturePorts final : public Buffers {
 public:
  using PortOf = std::function<PortId(const CaptureReader::Record&)>;
  static constexpr std::uint32_t kFrames = 8192;  // that may be held at once

  // `forwarded` may be null; it is written in the order of forward(), frames with their own stamps, frames
  // that the engine made with the time of the burst.
  CapturePorts(CaptureReader reader, PortOf port_of, CaptureWriter* forwarded);

  std::span<const Frame> receive() noexcept;
  void flush() noexcept {}
  void forward(Frame frame, PortId to) noexcept override;
  void release(Frame frame) noexcept override;
  Frame allocate(std::uint32_t length) noexcept override;

  // Of the burst that receive() gave last; never goes back, though stamps may.
  [[nodiscard]] Time now() const noexcept { return now_; }
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }  // of the last frame, from 1
  [[nodiscard]] bool finished() const noexcept { return finished_; }
  [[nodiscard]] const std::optional<Error>& problem() const noexcept { return reader_.problem(); }
  // Frames that found no slot: more were held than kFrames.
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }
  [[nodiscard]] std::uint32_t in_use() const noexcept { return slots_.in_use(); }

 private:
  CaptureReader reader_;
  PortOf port_of_;
  CaptureWriter* forwarded_;
  Slots slots_;
  Frame current_;
  Time now_;
  std::uint64_t number_ = 0;
  std::uint64_t lost_ = 0;
  bool finished_ = false;
};
static_assert(PortGroup<CapturePorts>);

}  // namespace sluice
