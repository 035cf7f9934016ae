// An image that has something in every section, damaged in every way: refused, or harmless to whoever reads
// all of it. The address sanitizer is the judge of harmless.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "rules/compile/compile.hpp"
#include "rules/compile/toy_schema.hpp"
#include "rules/image/aligned.hpp"
#include "rules/image/walk.hpp"

namespace sluice::compile {
namespace {

using image::AlignedBytes;
using image::ImageView;

constexpr auto kEverything = R"(
[[allow]]
from = ["hmi", "scada"]
to = ["plc", "drive"]
protocol = "toy"
access = ["read", "diagnose"]
functions = ["write_coil", "diagnostics/echo"]
targets = ["holding 0..99", "db 5 0..9", "db * 3", "tag \"Speed\" 1..2", "node 2;s=Pump"]
where = "toy.unit in {1, 3..5} and toy.note matches \"^a+b\" or toy.data[0:2] contains 01"
reason = "ärger"

[[allow]]
from = "plc"
to = "hmi"
protocol = "tcp"
ports = [80, "1000..1010"]
opened_by = "to"
reason = "r"

[[allow]]
from = "hmi"
to = [{ zone = "cell-1", group = "broadcast" }, { zone = "cell-1", group = "239.192.0.0/14" }]
protocol = "gram"
functions = [0]
mode = "monitor"
reason = "r"

[[allow]]
from = "scada"
to = "plc"
ethertype = 0x88b8
reason = "r"

[[patch]]
id = "A"
cve = "CVE-1"
affects = [{ vendor = "Acme", product = "*" }]
protocol = "toy"
match = "toy.unit == 1"
pattern = { field = "toy.data", regex = 'ab' }

[[patch]]
id = "B"
affects = [{ vendor = "Acme", product = "*" }]
protocol = "gram"
pattern = { regex = 'ab' }
action = "drop"
)";

std::vector<std::uint8_t> everything() {
  Diagnostics diagnostics;
  const std::vector<Source> sources = {{"plant.toml", std::string{toy::kPlant} + kEverything}};
  const auto output = compile(sources, toy::kSchemas, diagnostics);
  for (const auto& error : diagnostics.errors()) ADD_FAILURE() << error.text();
  return output ? output->image : std::vector<std::uint8_t>{};
}

void sign(std::span<std::uint8_t> bytes) {
  const auto digest = image::digest_of(bytes);
  std::memcpy(bytes.data() + offsetof(image::Header, digest), digest.data(), digest.size());
}

// True when it was opened (and survived).
bool survives(ByteView bytes) {
  const auto view = ImageView::open(bytes, toy::kSchemas);
  if (!view) return false;
  EXPECT_NE(image::Walk(*view, toy::kSchemas).all(), 0U);
  return true;
}

class Mutation : public testing::Test {
 protected:
  std::vector<std::uint8_t> original_ = everything();
  AlignedBytes copy_ = AlignedBytes::copy(original_);
};

TEST_F(Mutation, the_image_has_something_in_every_section) {
  const auto view = ImageView::open(copy_.view(), toy::kSchemas);
  ASSERT_TRUE(view) << view.error().text();
#define X(name, record) EXPECT_FALSE(view->name().empty()) << #name;
  SLUICE_IMAGE_SECTIONS(X)
#undef X
  EXPECT_TRUE(survives(copy_.view()));
}

TEST_F(Mutation, every_flipped_byte_is_refused_but_in_the_generation) {
  const auto bytes = copy_.span();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    bytes[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
    const bool generation = at >= offsetof(image::Header, generation) &&
                            at < offsetof(image::Header, generation) + sizeof(std::uint64_t);
    EXPECT_EQ(ImageView::open(copy_.view(), toy::kSchemas).has_value(), generation) << at;
    bytes[at] = original_[at];
  }
}

TEST_F(Mutation, every_truncation_is_refused_signed_or_not) {
  for (std::size_t length = 0; length < original_.size(); ++length) {
    auto shorter = AlignedBytes::copy(ByteView{original_}.first(length));
    EXPECT_FALSE(ImageView::open(shorter.view(), toy::kSchemas)) << length;
    if (length < sizeof(image::Header)) continue;
    const std::uint64_t size = length;
    std::memcpy(shorter.span().data() + offsetof(image::Header, size), &size, sizeof size);
    sign(shorter.span());
    survives(shorter.view());
  }
}

TEST_F(Mutation, every_changed_byte_is_refused_or_harmless_when_the_digest_was_made_anew) {
  const auto bytes = copy_.span();
  std::size_t accepted = 0;
  const auto end = ImageView::open(copy_.view(), toy::kSchemas)->header().sections.back().offset;
  for (std::size_t at = 0; at < end; ++at) {
    for (const unsigned change : {1U, 0x80U, 0xffU, 0x10U}) {
      bytes[at] = static_cast<std::uint8_t>(original_[at] ^ change);
      sign(bytes);
      accepted += survives(copy_.view()) ? 1 : 0;
    }
    bytes[at] = original_[at];
  }
  // Names, reasons, ports, choices: much is harmless. Were all of it, nothing would be checked.
  EXPECT_GT(accepted, end / 10);
  EXPECT_LT(accepted, end * 3);
}

TEST_F(Mutation, words_at_random_are_refused_or_harmless) {
  const auto bytes = copy_.span();
  std::mt19937 random{20250101};
  const auto end = ImageView::open(copy_.view(), toy::kSchemas)->header().sections.back().offset;
  const std::uint32_t interesting[] = {
      0, 1, 2, 3, 7, 63, 64, 0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  for (int round = 0; round < 20'000; ++round) {
    std::memcpy(bytes.data(), original_.data(), original_.size());
    for (auto changes = 1 + random() % 3; changes != 0; --changes) {
      const auto at = (random() % (end / 4)) * 4;
      std::uint32_t word = interesting[random() % std::size(interesting)];
      if (random() % 4 == 0) word = static_cast<std::uint32_t>(random() % original_.size());
      std::memcpy(bytes.data() + at, &word, sizeof word);
    }
    std::memcpy(bytes.data(), original_.data(), offsetof(image::Header, schemas));
    sign(bytes);
    survives(copy_.view());
  }
}

}  // namespace
}  // namespace sluice::compile
