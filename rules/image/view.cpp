#include "rules/image/view.hpp"

#include <algorithm>

#include "rules/image/check.hpp"

namespace sluice::image {
namespace {

bool contains(const Network& network, const Address& address) noexcept {
  const unsigned whole = network.prefix / 8U;
  if (!std::equal(address.begin(), address.begin() + whole, network.address.begin())) return false;
  const unsigned rest = network.prefix % 8U;
  return rest == 0 || (address[whole] ^ network.address[whole]) >> (8U - rest) == 0;
}

}  // namespace

Result<ImageView> ImageView::open(ByteView bytes, Schemas schemas) {
  constexpr auto kRemedy = "compile the configuration again";
  if (auto wrong = check_frame(bytes, schemas)) return failure("the image is refused: " + *wrong, kRemedy);
  ImageView view;
  view.bytes_ = bytes;
  if (auto wrong = check_records(view, schemas)) return failure("the image is refused: " + *wrong, kRemedy);
  return view;
}

const Network* ImageView::network_of(const Address& address) const noexcept {
  const auto all = networks();
  const auto behind =
      std::upper_bound(all.begin(), all.end(), address,
                       [](const Address& a, const Network& network) { return a < network.address; });
  if (behind == all.begin()) return nullptr;
  const auto& candidate = *(behind - 1);
  return contains(candidate, address) ? &candidate : nullptr;
}

std::uint32_t ImageView::zone_of(const Address& address) const noexcept {
  const auto* const network = network_of(address);
  return network != nullptr ? network->zone : kNone;
}

std::uint32_t ImageView::asset_of(const Address& address) const noexcept {
  const auto all = asset_addresses();
  const auto found =
      std::lower_bound(all.begin(), all.end(), address,
                       [](const AssetAddress& row, const Address& a) { return row.address < a; });
  return found != all.end() && found->address == address ? found->asset : kNone;
}

std::uint32_t ImageView::asset_of(const Mac& mac) const noexcept {
  const auto all = asset_macs();
  const auto found = std::lower_bound(all.begin(), all.end(), mac,
                                      [](const AssetMac& row, const Mac& m) { return row.mac < m; });
  return found != all.end() && found->mac == mac ? found->asset : kNone;
}

std::span<const Cell> ImageView::cells(std::uint32_t from, std::uint32_t to) const noexcept {
  const auto all = pairs();
  const std::pair wanted{from, to};
  const auto found = std::lower_bound(all.begin(), all.end(), wanted, [](const Pair& pair, const auto& w) {
    return std::pair{pair.from, pair.to} < w;
  });
  if (found == all.end() || std::pair{found->from, found->to} != wanted) return {};
  return slice(cells(), found->cells);
}

}  // namespace sluice::image
