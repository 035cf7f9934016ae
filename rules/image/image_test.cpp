#include <gtest/gtest.h>

#include "rules/image/aligned.hpp"
#include "rules/image/view.hpp"
#include "rules/image/writer.hpp"

namespace sluice::image {
namespace {

constexpr Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d};
}

TEST(Image, an_empty_one_opens_and_knows_nothing) {
  const auto image = AlignedBytes::copy(Writer{}.finish({.schemas = fingerprint({})}));
  const auto view = ImageView::open(image.view(), {});
  ASSERT_TRUE(view) << view.error().text();
  EXPECT_EQ(view->zone_of(v4(10, 0, 0, 1)), kNone);
  EXPECT_EQ(view->asset_of(v4(10, 0, 0, 1)), kNone);
  EXPECT_TRUE(view->cells(0, 1).empty());
}

TEST(Image, the_generation_can_be_set_without_breaking_the_digest) {
  auto bytes = Writer{}.finish({.schemas = fingerprint({})});
  ASSERT_TRUE(set_generation(bytes, 7));
  const auto image = AlignedBytes::copy(bytes);
  const auto view = ImageView::open(image.view(), {});
  ASSERT_TRUE(view);
  EXPECT_EQ(view->header().generation, 7U);
}

TEST(Image, addresses_find_their_zone_and_asset) {
  Writer writer;
  writer.zones = {{writer.intern("a")}, {writer.intern("b")}};
  writer.networks = {{v4(10, 0, 0, 0), 0, 120}, {v4(10, 0, 1, 0), 1, 120}, {v4(10, 0, 4, 0), 0, 118}};
  Asset plc;
  plc.name = writer.intern("plc");
  plc.zone = 1;
  writer.assets = {plc};
  writer.asset_addresses = {{v4(10, 0, 1, 5), 0}};
  const auto image = AlignedBytes::copy(writer.finish({.schemas = fingerprint({})}));
  const auto view = ImageView::open(image.view(), {});
  ASSERT_TRUE(view) << view.error().text();
  EXPECT_EQ(view->zone_of(v4(9, 255, 255, 255)), kNone);
  EXPECT_EQ(view->zone_of(v4(10, 0, 0, 0)), 0U);
  EXPECT_EQ(view->zone_of(v4(10, 0, 0, 255)), 0U);
  EXPECT_EQ(view->zone_of(v4(10, 0, 1, 0)), 1U);
  EXPECT_EQ(view->zone_of(v4(10, 0, 2, 0)), kNone);
  EXPECT_EQ(view->zone_of(v4(10, 0, 7, 255)), 0U);
  EXPECT_EQ(view->zone_of(v4(10, 0, 8, 0)), kNone);
  EXPECT_EQ(view->asset_of(v4(10, 0, 1, 5)), 0U);
  EXPECT_EQ(view->asset_of(v4(10, 0, 1, 6)), kNone);
}

TEST(Image, of_another_registry_or_alignment_is_refused) {
  const auto bytes = Writer{}.finish({.schemas = fingerprint({}) + 1});
  const auto image = AlignedBytes::copy(bytes);
  const auto other = ImageView::open(image.view(), {});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().text(),
            "the image is refused: compiled for other protocols than this program knows; compile the "
            "configuration again");
  AlignedBytes shifted{bytes.size() + 1};
  std::copy(bytes.begin(), bytes.end(), shifted.span().begin() + 1);
  EXPECT_FALSE(ImageView::open(shifted.view().subspan(1), {}));
}

}  // namespace
}  // namespace sluice::image
