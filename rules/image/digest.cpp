#include "rules/image/digest.hpp"

#include <sodium.h>

#include <cstring>

#include "rules/image/format.hpp"

namespace sluice::image {

Digest blake2b(ByteView bytes) noexcept {
  Digest digest{};
  crypto_generichash(digest.data(), digest.size(), bytes.data(), bytes.size(), nullptr, 0);
  return digest;
}

Digest digest_of(ByteView image) noexcept {
  Header header;
  std::memcpy(&header, image.data(), sizeof header);
  header.digest = {};
  header.generation = 0;
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, Digest{}.size());
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&header), sizeof header);
  crypto_generichash_update(&state, image.data() + sizeof header, image.size() - sizeof header);
  Digest digest{};
  crypto_generichash_final(&state, digest.data(), digest.size());
  return digest;
}

bool set_generation(std::span<std::uint8_t> image, std::uint64_t generation) noexcept {
  if (image.size() < sizeof(Header)) return false;
  std::memcpy(image.data() + offsetof(Header, generation), &generation, sizeof generation);
  return true;
}

}  // namespace sluice::image
