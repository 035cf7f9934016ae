// sluice-compile: the compiler's process. Started by compile_in_child() with an empty memfd and a pipe; takes
// everything from itself that it doesn't need, reads the configuration, then takes the file system from
// itself too, compiles, and leaves the image in the memfd and its report in the pipe.
#include <sodium.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string_view>

#include "control/ruleset/compile_child.hpp"
#include "control/ruleset/report.hpp"
#include "control/ruleset/sandbox.hpp"
#include "control/ruleset/sources.hpp"
#include "dataplane/protocol/protocol.hpp"

namespace {

using namespace sluice;

bool write_all(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const auto count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

// No destructors and no atexit: the sandbox has no room for them.
[[noreturn]] void finish(const Diagnostics& diagnostics, const compile::Output* output) {
  const auto text = report_text(diagnostics, output);
  const bool told = write_all(kCompileReportFd, bytes_of(text));
  _exit(!told ? 3 : output == nullptr ? 1 : 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::string_view{argv[1]} != "--") {
    std::fputs(
        "sluice-compile is started by sluiced and sluice; to check a configuration: sluice check CONFIG\n",
        stderr);
    return 2;
  }
  Diagnostics diagnostics;
  close_range(kCompileReportFd + 1, ~0U, 0);
  if (const auto limited = limit_resources({}); !limited || sodium_init() < 0) {
    diagnostics.add(limited ? Error{{}, "libsodium does not start", {}} : limited.error());
    finish(diagnostics, nullptr);
  }
  const auto& schemas = registry().schemas;
  const auto sources = read_sources(argv[2], diagnostics);
  if (!diagnostics.empty()) finish(diagnostics, nullptr);
  if (const auto limited = limit_system_calls(); !limited) {
    diagnostics.add(limited.error());
    finish(diagnostics, nullptr);
  }
  auto output = compile::compile(sources, schemas, diagnostics);
  if (output && !write_all(kCompileImageFd, output->image)) {
    diagnostics.add({}, "the image can't be written");
    output.reset();
  }
  finish(diagnostics, output ? &*output : nullptr);
}
