#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>

#include "control/cli/command.hpp"
#include "control/cli/compiled.hpp"
#include "control/cli/inspection.hpp"
#include "dataplane/port/capture.hpp"

namespace sluice::cli {
namespace {

class Inspect final : public Command {
 public:
  std::string_view name() const override { return "inspect"; }
  std::string_view summary() const override {
    return "run a capture through the engine as if Sluice had been inline";
  }
  std::string_view examples() const override {
    return "  sluice inspect plant.pcap --config policy.toml\n"
           "  sluice inspect plant.pcap --config policy.toml --forwarded left.pcap --quiet\n"
           "  sluice inspect plant.pcap --config policy.toml -o json | jq 'select(.alert)'\n"
           "\n"
           "The side of a host follows from the zones. Prints what was or would have been denied, and a "
           "summary;\n"
           "the exit code is 0 whatever was denied. A configuration with errors is exit 1.\n";
  }
  void declare(CLI::App& app) override {
    app.add_option("capture", capture_, "a pcap or pcapng file of Ethernet frames")
        ->required()
        ->option_text("CAPTURE");
    app.add_option("--config", config_, "the configuration, a TOML file or a directory of them")
        ->required()
        ->option_text("CONFIG");
    app.add_option("--forwarded", forwarded_, "write the frames that leave the box")->option_text("OUT.pcap");
    app.add_option("--checksums", checksums_,
                   "count wrong checksums, or verify: drop them as a real port does")
        ->option_text("count|verify")
        ->check(CLI::IsMember({"count", "verify"}).description(""));
    app.add_flag("--quiet", quiet_, "only the summary");
  }

  Exit run(Console& console) override {
    std::error_code ignored;
    if (!forwarded_.empty() && std::filesystem::equivalent(forwarded_, capture_, ignored)) {
      complain(console, {{}, "--forwarded names the capture itself", "name another file"});
      return Exit::bad_use;
    }
    auto compiled = compile_config(config_, console);
    if (!compiled) return compiled.error();
    auto reader = CaptureReader::open(capture_);
    if (!reader) return unreadable(console, reader.error());
    std::optional<CaptureWriter> writer;
    if (!forwarded_.empty()) {
      auto opened = CaptureWriter::open(forwarded_);
      if (!opened) return unreadable(console, opened.error());
      writer.emplace(std::move(*opened));
    }
    return inspect(console, std::move(compiled->image), std::move(*reader), writer ? &*writer : nullptr,
                   {.checksums = checksums_ == "verify" ? Checksums::verify : Checksums::count,
                    .detail = quiet_ ? Detail::summary : Detail::events});
  }

 private:
  static Exit unreadable(Console& console, const Error& error) {
    complain(console, error);
    return Exit::unreadable;
  }

  std::string capture_;
  std::string config_;
  std::string forwarded_;
  std::string checksums_ = "count";
  bool quiet_ = false;
};

}  // namespace

std::unique_ptr<Command> make_inspect() { return std::make_unique<Inspect>(); }

}  // namespace sluice::cli
