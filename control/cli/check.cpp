#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>

#include "control/cli/command.hpp"
#include "control/cli/compiled.hpp"
#include "dataplane/protocol/protocol.hpp"

namespace sluice::cli {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Error& error) {
  return {{"file", error.where.file},
          {"line", error.where.line},
          {"column", error.where.column},
          {"what", error.what},
          {"remedy", error.remedy}};
}

Json json_of(const compile::Summary& summary) {
  return {{"zones", summary.zones},       {"assets", summary.assets},
          {"conduits", summary.conduits}, {"rules", summary.rules},
          {"patches", summary.patches},   {"patches_written", summary.patches_written}};
}

std::string hex(ByteView bytes) {
  std::string out;
  for (const auto byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

class Check final : public Command {
 public:
  std::string_view name() const override { return "check"; }
  std::string_view summary() const override {
    return "compile a configuration, and tell all that is wrong with it";
  }
  std::string_view examples() const override {
    return "  sluice check policy.toml\n"
           "  sluice check /etc/sluice/policy      all .toml files of a directory, in the order of their "
           "names\n"
           "  sluice check policy.toml -o json\n"
           "\n"
           "Errors are told as `file:line:column: what, and what would mend it`, all at once.\n";
  }
  void declare(CLI::App& app) override {
    app.add_option("config", config_, "a TOML file, or a directory of them")
        ->required()
        ->option_text("CONFIG");
    app.add_option("--image", image_, "write the compiled image, for `sluice-dataplane --image`")
        ->option_text("FILE");
  }

  Exit run(Console& console) override {
    Diagnostics diagnostics;
    auto compiled = compile_in_child(config_, registry().schemas, {}, diagnostics);
    if (console.format == Format::json) {
      Json errors = Json::array();
      for (const auto& error : diagnostics.errors()) errors.push_back(json_of(error));
      Json out{
          {"ok", compiled.has_value()}, {"errors", std::move(errors)}, {"unlisted", diagnostics.unlisted()}};
      if (compiled) {
        out["summary"] = json_of(compiled->summary);
        out["source_digest"] = hex(compiled->source_digest);
      }
      console.out << out.dump() << '\n';
    } else {
      complain(console, diagnostics);
    }
    if (!compiled) return exit_of(diagnostics);
    if (console.format == Format::text) {
      const auto& done = compiled->summary;
      console.out << fmt::format(
          "{}: good: {} zones, {} assets, {} conduits, {} rules, {} of {} patches apply\n", config_,
          done.zones, done.assets, done.conduits, done.rules, done.patches, done.patches_written);
    }
    return image_.empty() ? Exit::done : write(console, std::move(compiled->image));
  }

 private:
  // As a first generation: the image is for a box that has none.
  Exit write(Console& console, std::vector<std::uint8_t> image) const {
    image::set_generation(image, 1);
    std::ofstream file{image_, std::ios::binary};
    file.write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
    if (file.flush()) return Exit::done;
    complain(console, Error{{image_}, "can't be written", "name a file in a folder that can be written"});
    return Exit::unreadable;
  }

  std::string config_;
  std::string image_;
};

}  // namespace

std::unique_ptr<Command> make_check() { return std::make_unique<Check>(); }

}  // namespace sluice::cli
