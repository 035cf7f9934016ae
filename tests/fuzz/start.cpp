// Linked into every libFuzzer target: with `--start=FOLDER` as its only argument the target writes what it
// begins with (seeds/NUMBER, and words.dict in libFuzzer's form) and ends. Everything else is libFuzzer's.
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "rules/base/fuzz.hpp"

namespace {

int write_start(const std::filesystem::path& folder) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::filesystem::create_directories(folder / "seeds");
  const auto start = sluice::fuzz::start();
  std::size_t number = 0;
  for (const auto& seed : start.seeds) {
    std::ofstream file{folder / "seeds" / std::to_string(number++), std::ios::binary};
    file.write(reinterpret_cast<const char*>(seed.data()), static_cast<std::streamsize>(seed.size()));
    if (!file.flush()) return 1;
  }
  std::ofstream dictionary{folder / "words.dict"};
  for (const auto& word : start.words) {
    dictionary << '"';
    for (const auto byte : word) dictionary << "\\x" << kHex[byte >> 4U] << kHex[byte & 15U];
    dictionary << "\"\n";
  }
  return dictionary.flush() ? 0 : 1;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  constexpr std::string_view kOption = "--start=";
  if (*count == 2 && std::string_view{(*arguments)[1]}.starts_with(kOption)) {
    std::exit(write_start(std::string_view{(*arguments)[1]}.substr(kOption.size())));
  }
  return 0;
}
