#include "rules/compile/expressions.hpp"

namespace sluice::compile {

language::Compiled Expressions::program_of(const Word& text, std::uint16_t protocol) {
  std::vector<ProtocolId> about;
  for (auto id = ProtocolId{protocol}; id.exists() && about.size() < schemas_.size();) {
    about.push_back(id);
    const auto& carrier = schemas_[id.value]->carrier.protocol;
    id = carrier.empty() ? ProtocolId::none() : find_protocol(schemas_, carrier);
  }
  about.push_back({0});
  return language::compile(text.text, notes_.where(text.spot), schemas_, about, notes_.found());
}

std::uint32_t Expressions::compile(const Word& text, std::uint16_t protocol) {
  if (const auto at = known_.find({protocol, text.text}); at != known_.end()) return at->second;
  auto program = program_of(text, protocol);
  if (program.nodes.empty()) return image::kNone;
  const auto index = static_cast<std::uint32_t>(programs_.size());
  programs_.push_back(std::move(program));
  known_.emplace(std::pair{protocol, text.text}, index);
  return index;
}

void Expressions::check(const Word& text, std::uint16_t protocol) { (void)program_of(text, protocol); }

void Expressions::write(image::Writer& writer) const {
  for (const auto& program : programs_) {
    image::Program entry;
    entry.nodes = image::Writer::append(writer.nodes, std::span<const language::Node>{program.nodes});
    entry.constants =
        image::Writer::append(writer.program_constants, std::span<const std::uint8_t>{program.constants});
    writer.programs.push_back(entry);
  }
}

}  // namespace sluice::compile
