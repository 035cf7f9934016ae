// What the compiler reads: expressions and configurations; and the image that comes of them.
#include "rules/compile/compile.hpp"
#include "rules/language/language.hpp"
#include "rules/language/pattern.hpp"
#include "tests/complexity/workload.hpp"

namespace sluice::complexity {
namespace {

std::string many(std::size_t n, const std::function<std::string(std::size_t)>& one) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += one(i);
  return out;
}
std::string number(std::size_t i) { return std::to_string(i); }

std::function<void()> compiling(std::string text, bool good = true) {
  auto kept = std::make_shared<std::string>(std::move(text));
  return [kept, good] {
    Diagnostics diagnostics;
    const auto compiled = language::compile(*kept, {"t", 1, 1}, registry().schemas, {}, diagnostics);
    expect(diagnostics.empty() == good && compiled.nodes.empty() != good, "the expression is what was meant");
  };
}

// Values of modbus.regval_uint16 and modbus.data, or of two number fields.
struct Scene {
  language::Compiled program;
  std::vector<Value> values;
  Bytes bytes;
};

std::uint16_t field_of(std::string_view name, ProtocolId& protocol) {
  for (std::uint16_t p = 0; p < registry().schemas.size(); ++p) {
    const auto fields = registry().schemas[p]->fields;
    for (std::uint16_t f = 0; f < fields.size(); ++f) {
      if (fields[f].name != name) continue;
      protocol = {p};
      return f;
    }
  }
  expect(false, "the field is there");
  return 0;
}

std::function<void()> evaluating(const std::string& text, const std::function<void(Scene&)>& fill) {
  auto scene = std::make_shared<Scene>();
  Diagnostics diagnostics;
  scene->program = language::compile(text, {"t", 1, 1}, registry().schemas, {}, diagnostics);
  for (const auto& error : diagnostics.errors()) std::fprintf(stderr, "%s\n", error.text().c_str());
  expect(diagnostics.empty(), "the expression compiles");
  fill(*scene);
  return [scene] {
    ValueSet values;
    values.runs[3] = scene->values;
    keep(language::evaluate({scene->program.nodes, scene->program.constants}, values, registry().schemas));
  };
}

void numbers(Scene& scene, const char* name, std::size_t n, std::uint64_t from, std::uint64_t step) {
  ProtocolId protocol;
  const auto field = field_of(name, protocol);
  for (std::size_t i = 0; i < n; ++i)
    scene.values.push_back(Value::of({protocol.value, field}, from + i * step));
}
void data(Scene& scene, std::size_t n, char byte) {
  ProtocolId protocol;
  const auto field = field_of("modbus.data", protocol);
  scene.bytes.assign(n, static_cast<std::uint8_t>(byte));
  scene.values.push_back(Value::of({protocol.value, field}, ByteView{scene.bytes}));
}

void add_language(Workloads& all) {
  all.push_back({"expression: compile n terms",
                 [](std::size_t n) {
                   return compiling("modbus.func_code==0" + many(n - 1, [](std::size_t i) {
                                      return "||modbus.func_code==" + number(i % 100);
                                    }));
                 },
                 3, 9, 9});
  all.push_back({"expression: compile a set of n",
                 [](std::size_t n) {
                   return compiling(
                       "modbus.func_code in {" +
                       many(n, [](std::size_t i) { return (i == 0 ? "" : ",") + number(2 * i % 200); }) +
                       "}");
                 },
                 3, 11, 11});
  all.push_back(
      {"expression: compile n unknown names",
       [](std::size_t n) {
         return compiling(
             many(n, [](std::size_t i) { return (i == 0 ? "" : "||") + ("modbus.funk" + number(i)); }),
             false);
       },
       3, 9, 9});
  all.push_back(
      {"expression: compile n characters of a string",
       [](std::size_t n) { return compiling("modbus.data contains \"" + std::string(n, 'a') + "\""); }, 4, 13,
       13});
  all.push_back(
      {"expression: compile n characters of a pattern",
       [](std::size_t n) { return compiling("modbus.data matches \"" + std::string(n, 'a') + "\""); }, 4, 9,
       9});
  all.push_back({"expression: compile n mistakes",
                 [](std::size_t n) { return compiling(std::string(n, ')'), false); }, 4, 13, 13});
  all.push_back({"expression: evaluate over n values",
                 [](std::size_t n) {
                   return evaluating("modbus.regval_uint16 > 65000 && all modbus.regval_uint16 in {1..7, 9}",
                                     [n](Scene& scene) { numbers(scene, "modbus.regval_uint16", n, 0, 1); });
                 },
                 4, 16, 12});
  // They are sorted: from here on n log n is below the bound, and a message has no more.
  all.push_back({"expression: compare n values with n others",
                 [](std::size_t n) {
                   return evaluating("modbus.regval_uint16 == modbus.write_value", [n](Scene& scene) {
                     numbers(scene, "modbus.regval_uint16", n, 0, 2);
                     numbers(scene, "modbus.write_value", n, 1, 2);
                   });
                 },
                 11, 12, 12});
  all.push_back({"expression: look for half of n bytes in them",
                 [](std::size_t n) {
                   return evaluating("modbus.data contains \"" + std::string(n / 2, 'a') + "b\"",
                                     [n](Scene& scene) { data(scene, n, 'a'); });
                 },
                 6, 14, 14});
  all.push_back({"expression: run a pattern over n bytes",
                 [](std::size_t n) {
                   return evaluating("modbus.data matches \"(a|aa)*(a?){50}a{50}b\"",
                                     [n](Scene& scene) { data(scene, n, 'a'); });
                 },
                 6, 16, 11});
  all.push_back({"expression: n nodes",
                 [](std::size_t n) {
                   return evaluating("modbus.regval_uint16==1" +
                                         many(n - 1, [](std::size_t) { return "||modbus.write_value==1"; }),
                                     [](Scene& scene) { numbers(scene, "modbus.regval_uint16", 10, 5, 1); });
                 },
                 3, 9, 9});
}

std::function<void()> configuring(std::string text, bool good = true) {
  auto source = std::make_shared<compile::Source>(compile::Source{"t.toml", std::move(text)});
  return [source, good] {
    Diagnostics diagnostics;
    const auto output = compile::compile({source.get(), 1}, registry().schemas, diagnostics);
    if (good && !output) {
      for (const auto& error : diagnostics.errors()) std::fprintf(stderr, "%s\n", error.text().c_str());
    }
    expect(output.has_value() == good, "the configuration is what was meant");
  };
}

std::string allow(const std::string& more) {
  return "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\nreason = \"r\"\n" + more;
}
std::string conduit(std::size_t i) {
  return "[[conduit]]\nname = \"v" + number(i) +
         "\"\nsides = [{ port = \"it\", zones = [\"it\"] }, { port = \"ot\", zones = [\"ot\"] }]\nvlans = [" +
         number(i % 4094 + 1) + "]\nmode = \"enforce\"\non_failure = \"closed\"\nmidstream = \"drop\"\n";
}

void add_configuration(Workloads& all, const std::string& name, unsigned usual,
                       std::function<std::string(std::size_t)> text, bool good = true, unsigned last = 16) {
  all.push_back(
      {"configuration: " + name, [=](std::size_t n) { return configuring(text(n), good); }, 6, last, usual});
}

void add_configurations(Workloads& all) {
  const auto rule = [](std::size_t i) {
    return allow("access = [\"read\"]\ntargets = [\"holding " + number(i % 60000) + "\"]\n");
  };
  add_configuration(all, "n rules", 9, [=](std::size_t n) { return kPlant + many(n, rule); });
  add_configuration(all, "n rules with conditions", 9, [](std::size_t n) {
    return kPlant + many(n, [](std::size_t i) {
             return allow("access = [\"read\"]\nwhere = \"mbtcp.unit_id == " + number(i % 256) +
                          " && modbus.reference_num > " + number(i % 60000) + "\"\n");
           });
  });
  add_configuration(
      all, "n assets with a rule each", 9,
      [](std::size_t n) {
        return kPlant + many(n, [](std::size_t i) {
                 const auto name = "a" + number(i);
                 return "[[asset]]\nname = \"" + name + "\"\nzone = \"ot\"\naddress = \"10.1." +
                        number(1 + i / 250) + "." + number(1 + i % 250) +
                        "\"\n[[allow]]\nfrom = \"hmi\"\nto = \"" + name +
                        "\"\nprotocol = \"modbus\"\naccess = [\"read\"]\nreason = \"r\"\n";
               });
      },
      true, 15);
  add_configuration(
      all, "n zones", 9,
      [](std::size_t n) {
        return kPlant + many(n, [](std::size_t i) {
                 return "[[zone]]\nname = \"z" + number(i) + "\"\nnetworks = [\"11." + number(i / 250) + "." +
                        number(i % 250) + ".0/24\"]\n";
               });
      },
      true, 15);
  add_configuration(
      all, "n networks of a zone, one in the other", 9,
      [](std::size_t n) {
        return kPlant + "[[zone]]\nname = \"z\"\nnetworks = [\"12.0.0.0/8\", " +
               many(n,
                    [](std::size_t i) {
                      return "\"12." + number(i / 250) + "." + number(i % 250) + ".0/24\", ";
                    }) +
               "]\n";
      },
      true, 15);
  add_configuration(
      all, "n conduits", 8,
      [](std::size_t n) {
        auto plant = kPlant;
        plant.insert(plant.find("mode ="), "vlans = [4095]\n");
        plant.replace(plant.find("[4095]"), 6, "[4094]");
        return plant + many(n, conduit);
      },
      true, 11);
  add_configuration(
      all, "n targets of a rule", 10,
      [](std::size_t n) {
        return kPlant +
               allow("access = [\"read\"]\ntargets = [" +
                     many(n, [](std::size_t i) { return "\"holding " + number(i * 3 % 65000) + "\", "; }) +
                     "]\n");
      },
      true, 14);
  add_configuration(
      all, "n ports of a rule", 10,
      [](std::size_t n) {
        return kPlant +
               "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"tcp\"\nreason = \"r\"\nports = [" +
               many(n, [](std::size_t i) { return number(i * 3 % 65000) + ", "; }) + "]\n";
      },
      true, 14);
  add_configuration(
      all, "n zones on either side of a conduit", 9,
      [](std::size_t n) {
        std::string zones;
        std::string sides[2];
        for (std::size_t i = 0; i < 2 * n; ++i) {
          zones += "[[zone]]\nname = \"z" + number(i) + "\"\nnetworks = [\"11." + number(i / 250) + "." +
                   number(i % 250) + ".0/24\"]\n";
          sides[i % 2] += "\"z" + number(i) + "\", ";
        }
        return kPlant + zones + "[[conduit]]\nname = \"w\"\nsides = [{ port = \"p\", zones = [" + sides[0] +
               "] }, { port = \"q\", zones = [" + sides[1] +
               "] }]\nmode = \"enforce\"\non_failure = \"closed\"\nmidstream = \"drop\"\n";
      },
      true, 14);
  add_configuration(all, "n patches", 9, [](std::size_t n) {
    return kPlant + many(n, [](std::size_t i) {
             return "[[patch]]\nid = \"SLU-" + number(i) +
                    "\"\nname = \"n\"\naffects = [{ vendor = \"Schneider Electric\", product = \"*\" "
                    "}]\nprotocol = \"modbus\"\nmatch = "
                    "\"modbus.func_code == " +
                    number(i % 128) + "\"\nseverity = 2\naction = \"reset\"\n";
           });
  });
  add_configuration(
      all, "n mistakes", 9,
      [](std::size_t n) {
        return kPlant + many(n, [](std::size_t i) {
                 return allow("acces = [\"read\"]\nfrum = \"x" + number(i) + "\"\n");
               });
      },
      false);
  add_configuration(
      all, "n rules of unknown names", 8,
      [](std::size_t n) {
        return kPlant + many(n, [](std::size_t i) {
                 return "[[allow]]\nfrom = \"hmo" + number(i) +
                        "\"\nto = \"plk\"\nprotocol = \"modbus\"\naccess = [\"read\"]\nreason = \"r\"\n";
               });
      },
      false);
  add_configuration(
      all, "n names twice", 9,
      [](std::size_t n) {
        return kPlant +
               many(n, [](std::size_t) { return "[[zone]]\nname = \"it\"\nnetworks = [\"13.0.0.0/24\"]\n"; });
      },
      false);
  add_configuration(all, "n characters of a comment", 13,
                    [](std::size_t n) { return kPlant + "#" + std::string(n, 'x'); });
  add_configuration(
      all, "n brackets", 13, [](std::size_t n) { return kPlant + "x = " + std::string(n, '['); }, false);
  add_configuration(
      all, "n dots", 13,
      [](std::size_t n) { return kPlant + "a" + many(n, [](std::size_t) { return ".a"; }) + " = 1"; }, false);
  add_configuration(
      all, "n keys", 10,
      [](std::size_t n) {
        return kPlant + many(n, [](std::size_t i) { return "k" + number(i) + " = 1\n"; });
      },
      false);

  all.push_back({"image: check and load n rules",
                 [=](std::size_t n) -> std::function<void()> {
                   auto image = std::make_shared<std::vector<std::uint8_t>>(image_of(kPlant + many(n, rule)));
                   return [image] {
                     const std::vector<std::string> ports = {"it", "ot"};
                     expect(Ruleset::load(*image, registry(), ports).has_value(), "the image loads");
                   };
                 },
                 8, 16, 11});
  all.push_back({"image: check and load n conduits",
                 [=](std::size_t n) -> std::function<void()> {
                   auto plant = kPlant;
                   plant.insert(plant.find("mode ="), "vlans = [4094]\n");
                   auto image =
                       std::make_shared<std::vector<std::uint8_t>>(image_of(plant + many(n, conduit)));
                   return [image] {
                     const std::vector<std::string> ports = {"it", "ot"};
                     expect(Ruleset::load(*image, registry(), ports).has_value(), "the image loads");
                   };
                 },
                 4, 11, 9});
}

}  // namespace

void add_rules(Workloads& all) {
  add_language(all);
  add_configurations(all);
}

}  // namespace sluice::complexity
