#include "rules/compile/expressions.hpp"

namespace sluice::compile {

std::uint32_t Expressions::compile(const Word& text, std::uint16_t) {
  notes_.error(text.spot, "match expressions are not compiled by this version", "leave it out");
  return image::kNone;
}

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
