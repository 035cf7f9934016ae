// Linked into every fuzz target that libFuzzer does not drive: runs what the target starts from, and each
// file given, or in a folder given. Exit: 0 all of it went well, 1 nothing was there to run, 2 a path can't
// be read. A broken promise, or a sanitizer, ends the process with the input's name on the standard error.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "rules/base/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using sluice::fuzz::Bytes;
namespace fs = std::filesystem;

// What is running, told when the process dies.
char current[512];

void tell() {
  std::fputs("while running ", stderr);
  std::fputs(current, stderr);
  std::fputs("\n", stderr);
}

void run(const std::string& name, const Bytes& input) {
  std::snprintf(current, sizeof current, "%s", name.c_str());
  // Of its exact size, as libFuzzer gives it.
  const sluice::fuzz::Exact exact{input};
  LLVMFuzzerTestOneInput(exact.view().data(), exact.view().size());
}

bool read(const fs::path& path, Bytes& bytes) {
  std::ifstream file{path, std::ios::binary};
  bytes.assign(std::istreambuf_iterator<char>{file}, {});
  return file.good() || file.eof();
}

}  // namespace

#if defined(__SANITIZE_ADDRESS__)
extern "C" void __sanitizer_set_death_callback(void (*callback)());
#endif

int main(int count, char** arguments) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(tell);
#endif
  std::signal(SIGABRT, [](int) { tell(); });
  std::size_t done = 0;
  for (const auto& seed : sluice::fuzz::start().seeds) run("seed " + std::to_string(done++), seed);
  const auto seeds = done;
  for (int i = 1; i < count; ++i) {
    std::vector<fs::path> files;
    std::error_code error;
    if (fs::is_directory(arguments[i], error)) {
      for (const auto& entry : fs::directory_iterator{arguments[i]}) files.push_back(entry.path());
    } else {
      files.emplace_back(arguments[i]);
    }
    std::ranges::sort(files);
    for (const auto& file : files) {
      Bytes bytes;
      if (!read(file, bytes)) {
        std::fprintf(stderr, "can't read %s\n", file.c_str());
        return 2;
      }
      run(file.string(), bytes);
      ++done;
    }
  }
  std::printf("%zu seeds and %zu files\n", seeds, done - seeds);
  return done == 0 ? 1 : 0;
}
