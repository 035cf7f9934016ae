// Any text is a configuration, or errors with places in it; what was compiled opens as an image and can be
// read to its end. The input is the text of one source.
#include <string>
#include <vector>

#include "rules/base/fuzz.hpp"
#include "rules/compile/compile.hpp"
#include "rules/compile/toy_schema.hpp"
#include "rules/image/aligned.hpp"
#include "rules/image/walk.hpp"

namespace sluice {
namespace {

using fuzz::expect;

// Hyperscan takes milliseconds for a pattern, and is not what is looked at here.
constexpr std::size_t kMostPatterns = 2;

std::size_t patterns_in(std::string_view text) {
  std::size_t count = 0;
  for (auto at = text.find("regex"); at != std::string_view::npos; at = text.find("regex", at + 1)) ++count;
  return count;
}

constexpr std::string_view kMinimal = R"([[zone]]
name="a"
networks=["10.0.0.0/24"]
[[zone]]
name="b"
networks=["10.0.1.0/24"]
[[asset]]
name="p"
zone="b"
address="10.0.1.5"
[[conduit]]
name="c"
sides=[{port="x",zones=["a"]},{port="y",zones=["b"]}]
mode="enforce"
on_failure="closed"
midstream="drop"
)";

constexpr std::string_view kParts[] = {
    R"([[allow]]
from=["a"]
to=["p",{zone="b",group="239.192.0.0/14"}]
protocol="toy"
access=["read","diagnose"]
functions=["write_coil","diagnostics/echo",100]
targets=["holding 0..99","db 5 0..9","db * 3","tag \"Speed\" 1..2","node 2;s=Pump"]
where="toy.unit in {1, 3..5} and toy.note matches \"^a+b\" or toy.data[0:2] contains 01"
reason='r'
)",
    R"([[allow]]
from="a"
to="p"
protocol="udp"
ports=[80,"1000..1010"]
opened_by="to"
mode="monitor"
reason="""r"""
)",
    R"([[allow]]
from="a"
to={zone="b",group="broadcast"}
ethertype=0x88b8
reason="r"
[[allow]]
from="a"
to={zone="b",group="01:0e:cf:00:00:00"}
llc=0x42
reason="r"
)",
    R"([[asset]]
name="q"
zone="b"
behind={asset="p",unit=3}
mac="00:80:f4:01:02:03"
vendor="Acme"
product="Press"
firmware="2.70"
neutralise=true
whole_segments=false
[[patch]]
id="A"
name="n"
cve=["CVE-2020-1"]
cwe=["CWE-1"]
affects=[{vendor="Acme",product="P*",firmware=">= 2.0, < 2.80"}]
protocol="toy"
match="toy.unit == 1"
pattern={field="toy.data",regex='a(?i)b'}
severity=1
action="reset"
reference="https://example.org"
)"};

}  // namespace

fuzz::Start fuzz::start() {
  Start start;
  const auto add = [&](const std::string& text) { start.seeds.emplace_back(text.begin(), text.end()); };
  add(compile::toy::kPlant);
  add(std::string{kMinimal});
  for (const auto part : kParts) add(std::string{kMinimal} + std::string{part});
  add(std::string{kMinimal} +
      "vlans=[7,4094]\ngroundwork=[\"arp\",\"nd\",\"icmp-errors\",\"stp\",\"lldp\"]\ndeny=\"reset\"\n");
  return start;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string text{text_of({data, size})};
  if (patterns_in(text) > kMostPatterns) return 0;
  const std::vector<compile::Source> sources = {{"f", text}};
  Diagnostics diagnostics;
  const auto output = compile::compile(sources, compile::toy::kSchemas, diagnostics);
  fuzz::expect(output.has_value() == diagnostics.empty(), "an image or errors, never both");
  for (const auto& error : diagnostics.errors()) {
    fuzz::expect(!error.what.empty(), "an error says what");
    fuzz::expect(error.where.file.empty() || error.where.file == "f", "an error is in the source");
  }
  if (!output) return 0;
  const auto bytes = image::AlignedBytes::copy(output->image);
  const auto view = image::ImageView::open(bytes.view(), compile::toy::kSchemas);
  fuzz::expect(view.has_value(), "what was compiled opens");
  fuzz::expect(view->header().source_digest == output->source_digest, "an image names its source");
  image::Walk{*view, compile::toy::kSchemas}.all();
  return 0;
}
