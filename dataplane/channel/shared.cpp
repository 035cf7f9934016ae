#include "dataplane/channel/shared.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <new>
#include <utility>

namespace sluice::channel {
namespace {

constexpr std::uint64_t rounded(std::uint64_t size) noexcept {
  return (size + kCellSize - 1) / kCellSize * kCellSize;
}
constexpr std::uint64_t kPortsOffset = rounded(sizeof(layout::Header));
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

bool allowed_cells(std::uint32_t cells) noexcept {
  return std::has_single_bit(cells) && cells >= 64 && cells <= 1U << 20U;
}

bool allowed(const SharedSizes& sizes) noexcept {
  return sizes.workers >= 1 && sizes.workers <= kMostWorkers && sizes.ports <= kMostPorts &&
         allowed_cells(sizes.verdict_cells) && allowed_cells(sizes.transaction_cells);
}

std::uint64_t stride_of(const SharedSizes& sizes) noexcept {
  return sizeof(layout::Worker) + (std::uint64_t{sizes.verdict_cells} + sizes.transaction_cells) * kCellSize;
}

layout::Header header_of(const SharedSizes& sizes) noexcept {
  layout::Header header;
  header.header_size = sizeof header;
  header.workers = sizes.workers;
  header.ports = sizes.ports;
  header.verdict_cells = sizes.verdict_cells;
  header.transaction_cells = sizes.transaction_cells;
  header.ports_offset = kPortsOffset;
  header.workers_offset = kPortsOffset + std::uint64_t{sizes.ports} * sizeof(layout::Port);
  header.worker_stride = stride_of(sizes);
  header.size = header.workers_offset + sizes.workers * header.worker_stride;
  return header;
}

}  // namespace

Result<SharedMemory> SharedMemory::create(const SharedSizes& sizes) {
  if (!allowed(sizes)) return failure("workers, ports or ring sizes are out of bounds");
  const auto header = header_of(sizes);
  Descriptor fd{memfd_create("sluice-channel", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (!fd.open()) return failure(errno_text("memfd_create"));
  if (ftruncate(fd.get(), static_cast<off_t>(header.size)) != 0) return failure(errno_text("ftruncate"));
  if (fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) return failure(errno_text("seal the shared memory"));
  void* const base =
      mmap(nullptr, header.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd.get(), 0);
  if (base == MAP_FAILED) return failure(errno_text("map the shared memory"));
  std::memset(base, 0, header.size);
  std::memcpy(base, &header, sizeof header);
  return SharedMemory{std::move(fd), base, header.size, sizes};
}

Result<SharedMemory> SharedMemory::open(int fd) {
  Descriptor own{fcntl(fd, F_DUPFD_CLOEXEC, 0)};
  if (!own.open()) return failure(errno_text("duplicate the shared memory's descriptor"));
  const int seals = fcntl(own.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals)
    return failure("the shared memory is not sealed against resizing");
  struct stat status {};
  if (fstat(own.get(), &status) != 0) return failure(errno_text("fstat"));
  layout::Header header;
  if (status.st_size < static_cast<off_t>(sizeof header) ||
      pread(own.get(), &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header)) {
    return failure("the shared memory is too small for its header");
  }
  const SharedSizes sizes{header.workers, header.ports, header.verdict_cells, header.transaction_cells};
  const auto expected = header_of(sizes);
  if (!allowed(sizes) || std::memcmp(&header, &expected, sizeof header) != 0 ||
      static_cast<std::uint64_t>(status.st_size) != expected.size) {
    return failure("the shared memory is laid out otherwise than this program expects",
                   "install the daemon and the dataplane of one version");
  }
  void* const base = mmap(nullptr, expected.size, PROT_READ | PROT_WRITE, MAP_SHARED, own.get(), 0);
  if (base == MAP_FAILED) return failure(errno_text("map the shared memory"));
  return SharedMemory{std::move(own), base, expected.size, sizes};
}

SharedMemory::SharedMemory(Descriptor fd, void* base, std::size_t size, const SharedSizes& sizes) noexcept
    : fd_{std::move(fd)}, base_{static_cast<std::uint8_t*>(base)}, size_{size}, sizes_{sizes} {}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : fd_{std::move(other.fd_)},
      base_{std::exchange(other.base_, nullptr)},
      size_{other.size_},
      sizes_{other.sizes_} {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(base_, other.base_);
  std::swap(size_, other.size_);
  std::swap(sizes_, other.sizes_);
  return *this;
}

SharedMemory::~SharedMemory() {
  if (base_ != nullptr) munmap(base_, size_);
}

layout::Worker& SharedMemory::worker(std::uint32_t index) const noexcept {
  const auto offset = kPortsOffset + sizes_.ports * sizeof(layout::Port) + index * stride_of(sizes_);
  return *reinterpret_cast<layout::Worker*>(base_ + offset);
}

layout::Port& SharedMemory::port_block(std::uint32_t index) const noexcept {
  return *reinterpret_cast<layout::Port*>(base_ + kPortsOffset + index * sizeof(layout::Port));
}

Cell* SharedMemory::cells(std::uint32_t index) const noexcept {
  return reinterpret_cast<Cell*>(reinterpret_cast<std::uint8_t*>(&worker(index)) + sizeof(layout::Worker));
}

void SharedMemory::beat(std::uint32_t index, Time now, Generation generation) noexcept {
  auto& block = worker(index);
  store(block.generation, generation.value);
  store(block.heartbeat, now.ns, std::memory_order_release);
}

void SharedMemory::publish(std::uint32_t index, const EngineCounters& counters) noexcept {
  auto& block = worker(index);
  const auto words = std::bit_cast<std::array<std::uint64_t, kCounterWords>>(counters);
  const auto sequence = load(block.sequence) | 1U;
  store(block.sequence, sequence);
  // A seqlock without fences: each word is released after the odd number, so who reads a new word also sees
  // that number.
  for (std::size_t i = 0; i < kCounterWords; ++i)
    store(block.counters[i], words[i], std::memory_order_release);
  store(block.sequence, sequence + 1, std::memory_order_release);
}

CounterReading SharedMemory::counters(std::uint32_t index) const noexcept {
  auto& block = worker(index);
  std::array<std::uint64_t, kCounterWords> words{};
  bool consistent = false;
  for (int attempt = 0; attempt < 16 && !consistent; ++attempt) {
    const auto before = load(block.sequence, std::memory_order_acquire);
    for (std::size_t i = 0; i < kCounterWords; ++i)
      words[i] = load(block.counters[i], std::memory_order_acquire);
    consistent = before % 2 == 0 && load(block.sequence) == before;
  }
  return {std::bit_cast<EngineCounters>(words), consistent};
}

void SharedMemory::publish(std::uint32_t index, const PortCounters& counters) noexcept {
  const auto words = std::bit_cast<std::array<std::uint64_t, kPortWords>>(counters);
  for (std::size_t i = 0; i < kPortWords; ++i) store(port_block(index).counters[i], words[i]);
}

PortCounters SharedMemory::port(std::uint32_t index) const noexcept {
  std::array<std::uint64_t, kPortWords> words{};
  for (std::size_t i = 0; i < kPortWords; ++i) words[i] = load(port_block(index).counters[i]);
  return std::bit_cast<PortCounters>(words);
}

Time SharedMemory::heartbeat(std::uint32_t index) const noexcept {
  return {load(worker(index).heartbeat, std::memory_order_acquire)};
}
Generation SharedMemory::generation(std::uint32_t index) const noexcept {
  return {load(worker(index).generation)};
}

RingWriter SharedMemory::verdict_writer(std::uint32_t index) noexcept {
  return {worker(index).verdicts, {cells(index), sizes_.verdict_cells}};
}
RingWriter SharedMemory::transaction_writer(std::uint32_t index) noexcept {
  return {worker(index).transactions, {cells(index) + sizes_.verdict_cells, sizes_.transaction_cells}};
}
RingReader SharedMemory::verdict_reader(std::uint32_t index) noexcept {
  return {worker(index).verdicts, {cells(index), sizes_.verdict_cells}};
}
RingReader SharedMemory::transaction_reader(std::uint32_t index) noexcept {
  return {worker(index).transactions, {cells(index) + sizes_.verdict_cells, sizes_.transaction_cells}};
}

}  // namespace sluice::channel
