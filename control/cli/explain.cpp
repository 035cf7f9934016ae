#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "control/cli/command.hpp"
#include "control/cli/compiled.hpp"
#include "dataplane/protocol/protocol.hpp"
#include "rules/image/aligned.hpp"
#include "rules/image/view.hpp"
#include "rules/schema/normalisation.hpp"

namespace sluice::cli {
namespace {

using Json = nlohmann::ordered_json;

// The treatments of a row but the usual one.
std::vector<std::string_view> others_of(const NormalisationRow& row) {
  std::vector<std::string_view> out;
  for (std::size_t i = 0; i < kTreatmentNames.size(); ++i) {
    const auto treatment = static_cast<Treatment>(i);
    if (row.may(treatment) && treatment != row.usual) out.push_back(name_of(treatment));
  }
  return out;
}

Json json_of(const NormalisationRow& row) {
  Json cases = Json::array();
  for (auto rest = row.cases; !rest.empty();) {
    const auto end = std::min(rest.find(' '), rest.size());
    cases.push_back(rest.substr(0, end));
    rest = rest.substr(std::min(end + 1, rest.size()));
  }
  return {{"name", row.name},
          {"seen", row.seen},
          {"made", row.made},
          {"cases", std::move(cases)},
          {"reason", sluice::name_of(row.reason)},
          {"usual", sluice::name_of(row.usual)},
          {"may_be", others_of(row)}};
}

void print(std::ostream& out, const NormalisationRow& row) {
  std::string others;
  for (const auto other : others_of(row)) others += fmt::format("{}{}", others.empty() ? "" : ", ", other);
  out << fmt::format("{:<17} {:<10} {:<10} {:<16} {}\n", row.name, sluice::name_of(row.usual),
                     others.empty() ? "-" : others, sluice::name_of(row.reason), row.cases);
  out << fmt::format("    {}\n", row.seen);
  if (!row.made.empty()) out << fmt::format("    normalised: {}\n", row.made);
}

// What a conduit chose otherwise than usual.
template <class Visit>
void each_choice(const image::Conduit& conduit, Visit visit) {
  for (std::size_t i = 0; i < kNormalisations.size(); ++i) {
    const auto& row = kNormalisations[i];
    if (conduit.treatments[i] != row.usual) visit(row, conduit.treatments[i]);
  }
}

Json json_of(const image::ImageView& image, const image::Conduit& conduit) {
  Json choices = Json::object();
  each_choice(conduit, [&](const NormalisationRow& row, Treatment treatment) {
    choices[std::string{row.name}] = sluice::name_of(treatment);
  });
  return {{"name", image.text_of(conduit.name)},
          {"ttl_floor", conduit.ttl_floor},
          {"normalisation", std::move(choices)}};
}

void print(std::ostream& out, const image::ImageView& image, const image::Conduit& conduit) {
  std::string choices;
  each_choice(conduit, [&](const NormalisationRow& row, Treatment treatment) {
    choices += fmt::format("    {} = {} (usual: {})\n", row.name, sluice::name_of(treatment),
                           sluice::name_of(row.usual));
  });
  if (conduit.ttl_floor != kUsualTtlFloor) {
    choices += fmt::format("    ttl_floor = {} (usual: {})\n", conduit.ttl_floor, kUsualTtlFloor);
  }
  out << fmt::format("\nconduit {}: {}", image.text_of(conduit.name),
                     choices.empty() ? "all as usual\n" : "\n" + choices);
}

class Explain final : public Command {
 public:
  std::string_view name() const override { return "explain"; }
  std::string_view summary() const override {
    return "tell what the box does about doubtful headers, and what a conduit may choose";
  }
  std::string_view examples() const override {
    return "  sluice explain normalisation                        the table\n"
           "  sluice explain normalisation --config policy.toml   and what each conduit chose otherwise\n"
           "  sluice explain normalisation -o json\n"
           "\n"
           "A conduit chooses with normalisation = { tcp_urgent = \"drop\", trailer = \"pass\" }. In the "
           "modes "
           "monitor and\n"
           "learn nothing is dropped or changed; what would be is told.\n";
  }
  void declare(CLI::App& app) override {
    app.add_option("topic", topic_, "what to explain: normalisation")
        ->required()
        ->option_text("normalisation")
        ->check(CLI::IsMember({"normalisation"}).description(""));
    app.add_option("--config", config_, "show what its conduits chose: a TOML file, or a directory of them")
        ->option_text("CONFIG");
  }

  Exit run(Console& console) override {
    std::optional<image::AlignedBytes> bytes;
    image::ImageView image;
    if (!config_.empty()) {
      const auto compiled = compile_config(config_, console);
      if (!compiled) return compiled.error();
      bytes.emplace(image::AlignedBytes::copy(compiled->image));
      auto opened = image::ImageView::open(bytes->view(), registry().schemas);
      if (!opened) {
        complain(console, opened.error());
        return Exit::unreadable;
      }
      image = *opened;
    }
    if (console.format == Format::json) {
      Json out{{"rows", Json::array()}};
      for (const auto& row : kNormalisations) out["rows"].push_back(json_of(row));
      if (bytes) {
        out["conduits"] = Json::array();
        for (const auto& conduit : image.conduits()) out["conduits"].push_back(json_of(image, conduit));
      }
      console.out << out.dump(2) << '\n';
      return Exit::done;
    }
    console.out << fmt::format("{:<17} {:<10} {:<10} {:<16} {}\n", "NAME", "USUAL", "MAY BE", "REASON",
                               "CASES");
    for (const auto& row : kNormalisations) print(console.out, row);
    if (bytes) {
      for (const auto& conduit : image.conduits()) print(console.out, image, conduit);
    }
    return Exit::done;
  }

 private:
  std::string topic_;
  std::string config_;
};

}  // namespace

std::unique_ptr<Command> make_explain() { return std::make_unique<Explain>(); }

}  // namespace sluice::cli
