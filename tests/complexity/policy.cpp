// One item against n rules, targets, conditions and patches.
#include "dataplane/engine/policy.hpp"
#include "dataplane/engine/detect.hpp"
#include "tests/complexity/workload.hpp"

namespace sluice::complexity {
namespace {

std::string allow(const std::string& more) {
  return "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\naccess = [\"read\"]\nreason = "
         "\"r\"\n" +
         more;
}
std::string holding(std::size_t first, std::size_t last) {
  return "\"holding " + std::to_string(first) + ".." + std::to_string(last) + "\"";
}

// Asks for holding registers first..last, with ten values of the item beside it.
std::function<void()> asking(const std::string& rules, std::uint64_t first, std::uint64_t last,
                             bool permitted) {
  struct Question {
    std::shared_ptr<const Ruleset> rules;
    Policy policy{registry()};
    Cells cells;
    std::vector<Span> spans;
    std::vector<Value> values;
  };
  auto question = std::make_shared<Question>();
  question->rules = rules_of(kPlant + rules);
  const auto& image = question->rules->image();
  End from;
  End to;
  for (std::uint32_t asset = 0; asset < image.assets().size(); ++asset) {
    (image.text_of(image.assets()[asset].name) == "hmi" ? from : to)
        .add(image::endpoint(image::EndpointKind::asset, asset));
  }
  question->cells.gather(image, from, to);
  const auto protocol = find_protocol(registry().schemas, "modbus");
  const auto& schema = *registry().schemas[protocol.value];
  Span span;
  for (std::uint16_t i = 0; i < schema.spaces.size(); ++i) {
    if (schema.spaces[i].name == "holding") span.space = i;
  }
  span.first = first;
  span.last = last;
  question->spans.push_back(span);
  for (std::uint16_t i = 0; i < 10; ++i)
    question->values.push_back(Value::of({protocol.value, i}, std::uint64_t{i}));
  return [question, protocol, permitted] {
    Context context{.protocol = protocol};
    context.values.runs[3] = question->values;
    const Item item{
        .function = 3, .access = Access::read, .spans = question->spans, .values = question->values};
    Steps steps;
    const auto permit = question->policy.permits(question->rules->image(), question->cells,
                                                 image::OpenedBy::from, context, item, steps);
    expect(permit.permitted == permitted && !steps.over(), "the rules say what was meant");
  };
}

std::string many(std::size_t n, const std::function<std::string(std::size_t)>& one) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += one(i);
  return out;
}

}  // namespace

void add_policy(Workloads& all) {
  all.push_back({"policy: n rules, none of which permits",
                 [](std::size_t n) {
                   return asking(many(n, [](std::size_t) { return allow("targets = [\"coil 0..9\"]\n"); }), 0,
                                 9, false);
                 },
                 6, 16, 11});
  all.push_back({"policy: n rules, each with a condition that fails",
                 [](std::size_t n) {
                   return asking(many(n,
                                      [](std::size_t i) {
                                        return allow("where = \"mbtcp.unit_id == " +
                                                     std::to_string(100 + i % 150) + "\"\n");
                                      }),
                                 0, 9, false);
                 },
                 6, 16, 11});
  // Of a span each rule permits a place, so that all are needed.
  all.push_back({"policy: n rules, each of which permits one of n registers, in order",
                 [](std::size_t n) {
                   return asking(
                       many(n, [](std::size_t i) { return allow("targets = [" + holding(i, i) + "]\n"); }), 0,
                       n - 1, true);
                 },
                 6, 13, 11});
  all.push_back({"policy: n rules, each of which permits one of n registers, backwards",
                 [](std::size_t n) {
                   return asking(many(n,
                                      [n](std::size_t i) {
                                        return allow("targets = [" + holding(n - 1 - i, n - 1 - i) + "]\n");
                                      }),
                                 0, n - 1, true);
                 },
                 6, 13, 11});
  all.push_back({"policy: a rule with n targets, and a gap",
                 [](std::size_t n) {
                   return asking(
                       allow("targets = [" +
                             many(n, [](std::size_t i) { return holding(3 * i, 3 * i) + ", "; }) + "]\n"),
                       0, 60'000, false);
                 },
                 6, 13, 11});
}

}  // namespace sluice::complexity
