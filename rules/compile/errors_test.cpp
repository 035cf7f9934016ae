// What is said about bad configurations, word by word. Each case is the plant of toy_schema.hpp and some
// lines more;
// `+3:5` stands for the third of those lines, column 5.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/compile/compile.hpp"
#include "rules/compile/toy_schema.hpp"

namespace sluice::compile {
namespace {

std::vector<std::string> errors_after_plant(std::string_view more) {
  auto out = toy::errors_of(std::string{toy::kPlant} + std::string{more});
  const std::string_view plant = toy::kPlant;
  const auto lines = std::count(plant.begin(), plant.end(), '\n');
  for (auto& error : out) {
    if (!error.starts_with("f:")) continue;
    const auto end = error.find(':', 2);
    const auto line = std::stol(error.substr(2, end - 2));
    if (line > lines) error = "+" + std::to_string(line - lines) + error.substr(end);
  }
  return out;
}

struct Case {
  const char* about;
  const char* more;
  std::vector<std::string> errors;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.about; }

class Errors : public testing::TestWithParam<Case> {};

TEST_P(Errors, are_said_where_they_stand_with_what_mends_them) {
  EXPECT_THAT(errors_after_plant(GetParam().more), testing::ElementsAreArray(GetParam().errors));
}

// An allow rule that is right, but for what a case puts behind it.
#define ALLOW "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nreason = \"r\"\n"
#define TOY ALLOW "protocol = \"toy\"\naccess = [\"read\"]\n"

const Case kShape[] = {
    {"a table nobody knows",
     "[[zones]]\nname = \"x\"\n",
     {"+1:3: unknown table \"zones\"; did you mean \"zone\"?"}},
    {"single brackets", "[conduits]\n", {"+1:2: unknown table \"conduits\"; did you mean \"conduit\"?"}},
    {"unknown and missing keys, all at once",
     "[[zone]]\nnam = \"x\"\nnetwork = []\n[[asset]]\nzone = 3\n[[conduit]]\n",
     {"+1:1: a zone without \"name\"; it must be written",
      "+1:1: a zone without \"networks\"; it must be written",
      "+2:1: unknown key \"nam\" in a zone; did you mean \"name\"?",
      "+3:1: unknown key \"network\" in a zone; did you mean \"networks\"?",
      "+4:1: an asset without \"name\"; it must be written",
      "+4:1: an asset without address, mac or behind; write how it is known on the wire",
      "+5:8: zone is a whole number; write a text in quotes",
      "+6:1: a conduit without \"name\"; it must be written",
      "+6:1: a conduit without \"sides\"; it must be written",
      "+6:1: a conduit without \"mode\"; write \"learn\", \"monitor\" or \"enforce\"",
      "+6:1: a conduit without \"on_failure\"; write \"closed\" or \"open\"",
      "+6:1: a conduit without \"midstream\"; write \"resync\", \"drop\" or \"pass\""}},
    {"a wrong type",
     "[[zone]]\nname = 3\nsecurity_level = \"2\"\nnetworks = [true]\n",
     {"+2:8: name is a whole number; write a text in quotes",
      "+3:18: security_level is a text; write a whole number from 0 to 4",
      "+4:13: networks is a boolean; write a text in quotes"}},
    {"a level out of range",
     "[[zone]]\nname = \"x\"\nsecurity_level = 5\nnetworks = []\n",
     {"+3:18: security_level is 5; write a whole number from 0 to 4"}},
    {"a name with a control character",
     "[[zone]]\nname = \"a\\tb\"\nnetworks = []\n",
     {"+2:8: name has a control character; write it on one line of plain text"}},
};
INSTANTIATE_TEST_SUITE_P(of_shape, Errors, testing::ValuesIn(kShape));

const Case kPlaces[] = {
    {"networks that are none",
     "[[zone]]\nname = \"x\"\nnetworks = [\"10.0.2.0/33\", \"10.0.2.1/24\", \"ten\", "
     "\"::ffff:10.0.9.0/120\", \"224.0.0.0/8\"]\n",
     {"+3:13: \"10.0.2.0/33\" is no network; write it as \"10.10.1.0/24\" or \"fd00:1::/64\"",
      "+3:28: \"10.0.2.1/24\" has bits behind its prefix; write \"10.0.2.0/24\"",
      "+3:43: \"ten\" is no network; write it as \"10.10.1.0/24\" or \"fd00:1::/64\"",
      "+3:50: \"::ffff:10.0.9.0/120\" is IPv4 in an IPv6 coat; write \"10.0.9.0/24\"",
      "+3:73: \"224.0.0.0/8\" is multicast; name it as a group in a rule"}},
    {"networks of two zones that overlap",
     "[[zone]]\nname = \"x\"\nnetworks = [\"10.0.1.128/25\", \"10.0.0.0/8\", \"fd00::/16\"]\n",
     {"+3:13: the networks of zone \"x\" and zone \"cell-1\" overlap; the other is at f:8: an address "
      "belongs to one zone",
      "+3:30: the networks of zone \"x\" and zone \"scada\" overlap; the other is at f:4: an address belongs "
      "to one zone",
      "+3:30: the networks of zone \"x\" and zone \"cell-1\" overlap; the other is at f:8: an address "
      "belongs to one zone",
      "+3:44: the networks of zone \"x\" and zone \"cell-1\" overlap; the other is at f:8: an address "
      "belongs to one zone"}},
    {"a second zone of the same name",
     "[[zone]]\nname = \"plc\"\nnetworks = []\n",
     {"f:16:8: a second zone or asset named \"plc\"; the first is at f:38: choose another name",
      "f:28:20: \"plc\" is a zone, not an asset; name the asset"}},
    {"an address outside its zone, twice, or none",
     "[[asset]]\nname = \"x\"\nzone = \"cell-1\"\naddress = [\"10.0.2.5\", \"10.0.1.5\", \"10.0.1\", "
     "\"239.1.1.1\"]\n",
     {"+4:12: 10.0.2.5 is outside the networks of zone \"cell-1\"; widen the zone's networks, or mend the "
      "address or the zone",
      "+4:24: the address 10.0.1.5 a second time; it is at f:18 already",
      "+4:36: \"10.0.1\" is no address; write it as \"10.10.1.5\" or \"fd00:1::5\"",
      "+4:46: \"239.1.1.1\" is a group, not an asset; name it as a group in a rule"}},
    {"an unknown zone",
     "[[asset]]\nname = \"x\"\nzone = \"cel-1\"\naddress = \"10.0.1.6\"\n",
     {"+3:8: no zone is named \"cel-1\"; did you mean \"cell-1\"?"}},
    {"a MAC that is none, a group, or taken",
     "[[asset]]\nname = \"x\"\nzone = \"cell-1\"\nmac = [\"00:80:f4:01:02\", \"01:80:f4:01:02:03\", "
     "\"00-80-F4-01-02-03\"]\n",
     {"+4:8: \"00:80:f4:01:02\" is no MAC address; write it as \"00:80:f4:01:02:03\"",
      "+4:26: \"01:80:f4:01:02:03\" is a group, not an asset; name it as a group in a rule",
      "+4:47: this MAC address a second time; it is at f:19 already"}},
    {"nothing to know it by",
     "[[asset]]\nname = \"x\"\nzone = \"cell-1\"\n",
     {"+1:1: an asset without address, mac or behind; write how it is known on the wire"}},
    {"behind a gateway and not",
     "[[asset]]\nname = \"x\"\nzone = \"cell-1\"\naddress = \"10.0.1.6\"\nbehind = { asset = \"plc\", unit = "
     "4 }\n",
     {"+5:10: behind a gateway, and with an address of its own; keep one of the two"}},
    {"behind what is behind",
     "[[asset]]\nname = \"x\"\nzone = \"cell-1\"\nbehind = { asset = \"drive\", unit = 4 }\n",
     {"+4:20: \"drive\" is behind a gateway itself; name the gateway that has an address"}},
    {"behind a gateway of another zone, behind nothing, a unit twice",
     "[[asset]]\nname = \"x\"\nzone = \"scada\"\nbehind = { asset = \"plc\", unit = 4 }\n[[asset]]\nname = "
     "\"y\"\nzone = \"scada\"\nbehind = { asset = \"plk\", unit = 4 }\n[[asset]]\nname = \"z\"\nzone = "
     "\"cell-1\"\nbehind = { asset = \"plc\", unit = 3 }\n",
     {"+4:20: the gateway \"plc\" is in another zone; what is behind a gateway is in the gateway's zone",
      "+8:20: no asset is named \"plk\"; did you mean \"plc\"?",
      "+12:10: unit 3 of \"plc\" a second time; it is at f:28 already"}},
    {"a conduit with nothing written",
     "[[conduit]]\nname = \"c\"\n",
     {"+1:1: a conduit without \"sides\"; it must be written",
      "+1:1: a conduit without \"mode\"; write \"learn\", \"monitor\" or \"enforce\"",
      "+1:1: a conduit without \"on_failure\"; write \"closed\" or \"open\"",
      "+1:1: a conduit without \"midstream\"; write \"resync\", \"drop\" or \"pass\""}},
    {"a zone on both sides, one twice, one unknown",
     "[[zone]]\nname = \"x\"\nnetworks = []\n[[conduit]]\nname = \"c\"\nsides = [{ port = \"a\", zones = "
     "[\"x\", \"x\"] }, { port = \"b\", zones = [\"x\", \"scade\"] }]\nmode = \"learn\"\non_failure = "
     "\"open\"\nmidstream = \"pass\"\n",
     {"+6:38: zone \"x\" twice on one side; remove one",
      "+6:69: zone \"x\" on both sides of conduit \"c\"; a zone is on one side of a conduit",
      "+6:74: no zone is named \"scade\"; did you mean \"scada\"?"}},
    {"ports that are none or one",
     "[[conduit]]\nname = \"c\"\nsides = [{ port = \"a/b\", zones = [\"scada\"] }, { port = \"b\", zones = "
     "[] }]\nmode = \"learn\"\non_failure = \"open\"\nmidstream = \"pass\"\n[[conduit]]\nname = \"d\"\nsides "
     "= [{ port = \"p\", zones = [\"scada\"] }, { port = \"p\", zones = [\"cell-1\"] }]\nmode = "
     "\"learn\"\non_failure = \"open\"\nmidstream = \"pass\"\n",
     {"+3:19: \"a/b\" is no name of a port; write the interface's name or the device's address: letters, "
      "digits and -_.:@, at most 31",
      "+3:69: a side without zones; name the zones behind this port",
      "+9:54: both sides of conduit \"d\" are port \"p\"; a conduit joins two ports"}},
    {"choices that do not exist",
     "[[conduit]]\nname = \"c\"\nsides = [{ port = \"a\", zones = [\"scada\"] }, { port = \"b\", zones = "
     "[\"cell-1\"] }]\nmode = \"block\"\non_failure = true\nmidstream = \"\"\ndeny = \"reject\"\ngroundwork "
     "= [\"arpp\", \"tunnels\"]\ntunnels = [\"6in5\", \"l2tp\"]\nvlans = [0, 4095, \"1\", { outer = 0, inner "
     "= 4095 }]\n",
     {"+4:8: mode is \"block\"; write \"learn\", \"monitor\" or \"enforce\"",
      "+5:14: on_failure is a boolean; write \"closed\" or \"open\"",
      "+6:13: midstream is \"\"; write \"resync\", \"drop\" or \"pass\"",
      "+7:8: deny is \"reject\"; write \"reset\" or \"drop\"",
      "+8:15: unknown groundwork \"arpp\"; did you mean \"arp\"?",
      "+8:23: unknown groundwork \"tunnels\"; it is one of arp, nd, icmp-errors, stp, lldp, dhcp, igmp-mld, "
      "mrp, dlr, prp, ptp, hsr, lacp",
      "+9:12: unknown tunnel \"6in5\"; did you mean \"6in4\"?",
      "+9:20: unknown tunnel \"l2tp\"; it is one of ipip, 6in4, 4in6, 6in6, gre, vxlan, teredo, mpls",
      "+10:10: not a VLAN; write whole numbers from 1 to 4094, or { outer = 100, inner = 20 } for two tags; "
      "leave the list empty for frames without a tag",
      "+10:13: not a VLAN; write whole numbers from 1 to 4094, or { outer = 100, inner = 20 } for two tags; "
      "leave the list empty for frames without a tag",
      "+10:19: not a VLAN; write whole numbers from 1 to 4094, or { outer = 100, inner = 20 } for two tags; "
      "leave the list empty for frames without a tag",
      "+10:34: outer is 0; write a whole number from 1 to 4094",
      "+10:45: inner is 4095; write a whole number from 0 to 4094"}},
    {"treatments that are not possible",
     "[[conduit]]\nname = \"c\"\nsides = [{ port = \"a\", zones = [\"scada\"] }, { port = \"b\", zones = "
     "[\"cell-1\"] }]\nmode = \"learn\"\non_failure = \"open\"\nmidstream = \"pass\"\nttl_floor = 0\n"
     "normalisation = { tcp_urgent = \"pass\", trailers = \"pass\", llc_ip = \"pass\", tcp_options = 1, "
     "qqqqqqqqqqq "
     "= \"drop\" }\n[[conduit]]\nname = \"d\"\nsides = [{ port = \"e\", zones = [\"scada\"] }, { port = "
     "\"f\", "
     "zones = [\"cell-1\"] }]\nmode = \"learn\"\non_failure = \"open\"\nmidstream = \"pass\"\nnormalisation "
     "= "
     "[]\n",
     {"+7:13: ttl_floor is 0; write a whole number from 1 to 255",
      "+8:32: tcp_urgent is \"pass\"; write \"drop\" or \"normalise\"",
      "+8:40: nothing to normalise is called \"trailers\"; did you mean \"trailer\"?",
      "+8:59: llc_ip leaves no choice: it is always \"drop\"; remove it; `sluice explain normalisation` "
      "lists "
      "what may be chosen",
      "+8:90: tcp_options is a whole number; write \"drop\" or \"normalise\"",
      "+8:93: nothing to normalise is called \"qqqqqqqqqqq\"; what may be chosen is trailer, ip_options, "
      "ip_extensions, arp_gratuitous, tcp_reserved, tcp_syn_data, tcp_options, tcp_urgent",
      "+15:17: normalisation is a list; write { tcp_urgent = \"drop\", … }; `sluice explain normalisation` "
      "lists "
      "what may be chosen"}},
    {"conduits that share a port and VLANs",
     "[[conduit]]\nname = \"scada-cell1\"\nsides = [{ port = \"eth1\", zones = [\"scada\"] }, { port = "
     "\"eth3\", zones = [\"cell-1\"] }]\nmode = \"learn\"\non_failure = \"open\"\nmidstream = "
     "\"pass\"\n[[conduit]]\nname = \"v1\"\nsides = [{ port = \"eth4\", zones = [\"scada\"] }, { port = "
     "\"eth5\", zones = [\"cell-1\"] }]\nvlans = [10, 20]\nmode = \"learn\"\non_failure = "
     "\"open\"\nmidstream = \"pass\"\n[[conduit]]\nname = \"v2\"\nsides = [{ port = \"eth5\", zones = "
     "[\"scada\"] }, { port = \"eth6\", zones = [\"cell-1\"] }]\nvlans = [20, 30]\nmode = "
     "\"learn\"\non_failure = \"open\"\nmidstream = \"pass\"\n",
     {"+2:8: a second conduit named \"scada-cell1\"; the first is at f:31: choose another name",
      "+3:19: conduits \"scada-cell1\" and \"scada-cell1\" share port \"eth1\" and frames without a tag; "
      "give each its own VLANs",
      "+16:19: conduits \"v1\" and \"v2\" share port \"eth5\" and VLAN 20; give each its own VLANs"}},
};
INSTANTIATE_TEST_SUITE_P(of_places, Errors, testing::ValuesIn(kPlaces));

const Case kRules[] = {
    {"a rule with nothing written",
     "[[allow]]\n",
     {"+1:1: an allow rule without \"from\"; it must be written",
      "+1:1: an allow rule without \"to\"; it must be written",
      "+1:1: an allow rule without protocol; write one of protocol = \"…\", ethertype = 0x…, llc = 0x…",
      "+1:1: an allow rule without \"reason\"; it must be written"}},
    {"names nobody has",
     "[[allow]]\nfrom = \"hmj\"\nto = [\"plc\", \"cell1\", 3]\nprotocol = \"toy\"\naccess = "
     "[\"read\"]\nreason = \"r\"\n",
     {"+2:8: no asset or zone is named \"hmj\"; did you mean \"hmi\"?",
      "+3:14: no asset or zone is named \"cell1\"; did you mean \"cell-1\"?",
      "+3:23: to is a whole number; write the name of an asset or a zone, or { zone = \"…\", group = \"…\" "
      "}"}},
    {"one zone only",
     "[[allow]]\nfrom = \"plc\"\nto = \"cell-1\"\nprotocol = \"toy\"\naccess = [\"read\"]\nreason = \"r\"\n",
     {"+3:6: \"plc\" and \"cell-1\" are both in zone \"cell-1\"; what stays in a zone crosses no conduit and "
      "needs no rule"}},
    {"zones that no conduit joins",
     "[[zone]]\nname = \"dmz\"\nnetworks = []\n[[allow]]\nfrom = \"hmi\"\nto = [\"dmz\", \"plc\"]\nprotocol "
     "= \"toy\"\naccess = [\"read\"]\nreason = \"r\"\n",
     {"+6:7: no conduit joins zone \"scada\" and zone \"dmz\"; add a [[conduit]] between them, or mend from "
      "or to"}},
    {"no protocol, two, an unknown one",
     ALLOW ALLOW "protocol = \"toy\"\nllc = 66\naccess = [\"read\"]\n" ALLOW
                 "protocol = \"tow\"\naccess = [\"read\"]\n" ALLOW
                 "protocol = \"packet\"\naccess = [\"read\"]\n",
     {"+1:1: an allow rule without protocol; write one of protocol = \"…\", ethertype = 0x…, llc = 0x…",
      "+5:1: an allow rule with more than one protocol; write one of protocol = \"…\", ethertype = 0x…, llc "
      "= 0x…",
      "+16:12: unknown protocol \"tow\"; did you mean \"toy\"?",
      "+22:12: unknown protocol \"packet\"; it is one of tcp, udp, icmp, toy, child, gram"}},
    {"a decoded rule that allows nothing",
     ALLOW "protocol = \"toy\"\n",
     {"+1:1: an allow rule for toy without access or functions; write access = [\"read\"] or the functions "
      "by name"}},
    {"an access and functions that do not exist",
     ALLOW "protocol = \"toy\"\naccess = [\"raed\"]\nfunctions = [\"write_coils\", 256, -1, "
           "\"diagnostics/ecco\", true]\n",
     {"+6:11: unknown access \"raed\"; did you mean \"read\"?",
      "+7:14: toy has no function \"write_coils\"; did you mean \"write_coil\"?",
      "+7:29: 256 is no function code of toy; codes are 0 to 255",
      "+7:34: -1 is no function code of toy; codes are 0 to 255",
      "+7:38: toy has no function \"diagnostics/ecco\"; did you mean \"diagnostics/echo\"?",
      "+7:58: a function is a boolean; write a text in quotes"}},
    {"targets that do not exist",
     TOY "targets = [\"holdin 1\", \"holding 9..1\", \"holding 0..65536\", \"holding 1 2\", \"db x\", \"db 5 "
         "0..1024\", \"tag \\\"a\", \"node a;b\", \"node 2;\", \"coil -1\"]\n",
     {"+7:12: \"holdin 1\": no space \"holdin\" in toy; did you mean \"holding\"?",
      "+7:24: \"holding 9..1\": the range is turned round; write the smaller number first",
      "+7:40: \"holding 0..65536\": beyond the last address of holding; it ends at 65535",
      "+7:60: \"holding 1 2\": \"1 2\" is no range of addresses; write a number or a range as \"0..99\"",
      "+7:75: \"db x\": \"x\" is no number; write it as \"db 5 0..9\", or * for any",
      "+7:83: \"db 5 0..1024\": beyond the last address of db; it ends at 1023",
      "+7:99: \"tag \"a\": a quote that is not closed; close it",
      "+7:110: \"node a;b\": \"a\" is no number; write it as \"node 2;name\"",
      "+7:122: \"node 2;\": no name behind the semicolon; write it, or leave the semicolon out for any",
      "+7:133: \"coil -1\": \"-1\" is no range of addresses; write a number or a range as \"0..99\""}},
    {"no targets at all",
     TOY "targets = []\n",
     {"+7:11: targets is an empty list; name what may be touched, or leave the key out for everything"}},
    {"a condition with two errors",
     TOY "where = \"toy.unot == 1 and toy.unit == \"\n",
     {"+7:10: no field is called 'toy.unot'; did you mean 'toy.unit'?",
      "+7:40: the expression ends too early; a field or a value belongs here"}},
    {"a condition over several lines",
     TOY "where = '''\ntoy.unit == 1\n  and toy.nose == \"x\"'''\n",
     {"+9:7: no field is called 'toy.nose'; did you mean 'toy.note'?"}},
    {"a condition on another protocol",
     TOY "where = \"child.func == 1\"\n",
     {"+7:10: no field is called 'child.func'; it belongs to child, which this rule is not about"}},
    {"an opaque rule with what only decoders read",
     ALLOW "protocol = \"tcp\"\nports = [80]\naccess = [\"read\"]\nfunctions = [1]\ntargets = "
           "[\"coil\"]\nwhere = \"toy\"\n",
     {"+7:10: access in a rule that no decoder reads; name a decoder as protocol, or remove it",
      "+8:13: functions in a rule that no decoder reads; name a decoder as protocol, or remove it",
      "+9:11: targets in a rule that no decoder reads; name a decoder as protocol, or remove it",
      "+10:9: where in a rule that no decoder reads; name a decoder as protocol, or remove it"}},
    {"ports that are none",
     ALLOW "protocol = \"tcp\"\nports = [65536, \"9..1\", \"a\", -1, true]\n" ALLOW
           "protocol = \"udp\"\n" ALLOW "protocol = \"icmp\"\nports = [256]\n" ALLOW
           "protocol = \"tcp\"\nports = []\n",
     {"+6:10: not a port; write numbers from 0 to 65535 or ranges as \"10..19\"",
      "+6:17: \"9..1\" is turned round; write the smaller number first",
      "+6:25: \"a\" is no range of ports; write numbers from 0 to 65535 or ranges as \"10..19\"",
      "+6:30: not a port; write numbers from 0 to 65535 or ranges as \"10..19\"",
      "+6:34: not a port; write numbers from 0 to 65535 or ranges as \"10..19\"",
      "+7:1: a rule for udp without ports; write ports = [ … ]; every port is \"0..65535\"",
      "+17:10: not a port; write numbers from 0 to 255 or ranges as \"10..19\"",
      "+23:9: ports is an empty list; write the ports"}},
    {"frames without IP",
     ALLOW "ethertype = 5\n" ALLOW "llc = 256\n" ALLOW "ethertype = 0x88b8\nports = [1]\n",
     {"+2:8: \"hmi\" has no MAC address, but this rule is about frames without IP; write the asset's mac",
      "+5:13: ethertype is 5; write a whole number from 1536 to 65535",
      "+7:8: \"hmi\" has no MAC address, but this rule is about frames without IP; write the asset's mac",
      "+10:7: llc is 256; write a whole number from 0 to 255",
      "+12:8: \"hmi\" has no MAC address, but this rule is about frames without IP; write the asset's mac",
      "+16:9: ports in a rule for frames without ports; remove them"}},
    {"assets that such a rule can't know",
     "[[asset]]\nname = \"m\"\nzone = \"cell-1\"\nmac = \"02:00:00:00:00:01\"\n[[allow]]\nfrom = \"hmi\"\nto "
     "= [\"m\", \"drive\"]\nreason = \"r\"\nprotocol = \"tcp\"\nports = [1]\n[[allow]]\nfrom = \"hmi\"\nto = "
     "\"m\"\nreason = \"r\"\nethertype = 0x88b8\n",
     {"+7:7: \"m\" has no address, but this rule is about IP; write the asset's address",
      "+7:12: \"drive\" is behind a gateway, where only a decoder can tell it apart; name the gateway, or a "
      "decoder as protocol",
      "+12:8: \"hmi\" has no MAC address, but this rule is about frames without IP; write the asset's mac"}},
    {"assets that a decoded rule can't know",
     "[[asset]]\nname = \"m\"\nzone = \"cell-1\"\nmac = \"02:00:00:00:00:01\"\n[[allow]]\nfrom = \"hmi\"\nto "
     "= [\"m\", \"drive\"]\nreason = \"r\"\nprotocol = \"gram\"\naccess = [\"read\"]\n"
     "[[allow]]\nfrom = \"drive\"\nto = \"hmi\"\nreason = \"r\"\nprotocol = \"toy\"\naccess = [\"read\"]\n",
     {"+7:7: \"m\" has no address, but this rule is about IP; write the asset's address",
      "+7:12: \"drive\" is behind a gateway, and gram does not say which device there is meant; name the "
      "gateway",
      "+12:8: \"drive\" is behind a gateway, and asks as the gateway; name the gateway"}},
    {"groups",
     "[[allow]]\nfrom = { zone = \"scada\", group = \"broadcast\" }\nto = [{ zone = \"cell-1\", group = "
     "\"10.0.0.0/8\" }, { zone = \"cel-1\", group = \"broadcast\" }, { zone = \"cell-1\", group = "
     "\"00:00:00:00:00:01\" }, { zone = \"cell-1\", grup = \"broadcast\" }, { zone = \"cell-1\", group = "
     "\"all\" }]\nprotocol = \"udp\"\nports = [1]\nreason = \"r\"\n"
     "[[allow]]\nfrom = \"hmi\"\nto = { zone = \"cell-1\", group = \"239.0.0.0/8\" }\nprotocol = "
     "\"tcp\"\nports = [1]\nreason = \"r\"\n",
     {"+2:8: from is a group; a group is asked, it does not ask: name the zone or the asset",
      "+3:34: \"10.0.0.0/8\" is no multicast network; write one inside 224.0.0.0/4 or ff00::/8, without bits "
      "behind its prefix",
      "+3:59: no zone is named \"cel-1\"; did you mean \"cell-1\"?",
      "+3:118: \"00:00:00:00:00:01\" is the MAC address of one station; write a group's, or name an asset",
      "+3:141: to without \"group\"; it must be written",
      "+3:160: unknown key \"grup\" in to; did you mean \"group\"?",
      "+3:209: \"all\" is no group; write \"broadcast\", a multicast network as \"239.192.0.0/14\", or a MAC "
      "as \"01:0e:cf:00:00:00\"",
      "+9:15: TCP to a group; a group is asked by udp or without IP"}},
    {"choices",
     TOY "mode = \"learn\"\nopened_by = \"plc\"\n",
     {"+7:8: mode is \"learn\"; write \"monitor\" or \"enforce\"",
      "+8:13: opened_by is \"plc\"; write \"from\" or \"to\""}},
    {"a gate that nobody knows yet",
     TOY "window = \"night\"\n",
     {"+7:1: unknown key \"window\" in an allow rule; remove it"}},
    {"drop on a conduit with TCP",
     "deny = \"drop\"\n" TOY,
     {"+1:8: deny = \"drop\" on conduit \"scada-cell1\", which carries TCP by the rule at f:38; write "
      "\"reset\": a dropped segment only comes again"}},
};
INSTANTIATE_TEST_SUITE_P(of_rules, Errors, testing::ValuesIn(kRules));

#define PATCH \
  "[[patch]]\nid = \"P\"\naffects = [{ vendor = \"Acme\", product = \"*\" }]\nprotocol = \"toy\"\n"
const Case kPatches[] = {
    {"a patch with nothing written",
     "[[patch]]\n",
     {"+1:1: a patch without \"id\"; it must be written",
      "+1:1: a patch without \"affects\"; it must be written",
      "+1:1: a patch without \"protocol\"; it must be written",
      "+1:1: a patch without match or pattern; write what it looks for"}},
    {"an id twice",
     PATCH "match = \"toy.unit == 1\"\n" PATCH "match = \"toy.unit == 1\"\n",
     {"+7:6: a second patch with the id \"P\"; the first is at f:38: remove one"}},
    {"a protocol, a field and versions that do not exist",
     "[[patch]]\nid = \"P\"\naffects = [{ vendor = \"A\", product = \"*\", firmware = \"< x\" }, 3, { vendor "
     "= \"A\" }]\nprotocol = \"toi\"\nmatch = \"toy\"\n"
     "[[patch]]\nid = \"Q\"\naffects = []\nprotocol = \"toy\"\nmatch = \"toy.unid == 1\"\n",
     {"+3:54: \"< x\" is no range of versions; write it as \"< 2.80\", \">= 2.0, < 2.80\", or a version with "
      "* for the rest",
      "+3:63: affects has a whole number; write { vendor = \"…\", product = \"…\", firmware = \"< 2.80\" }",
      "+3:66: affects without \"product\"; it must be written",
      "+4:12: no decoder for protocol \"toi\"; did you mean \"toy\"?",
      "+8:11: affects is an empty list; name the products that the patch shields",
      "+10:10: no field is called 'toy.unid'; did you mean 'toy.unit'?"}},
    {"a severity and an action out of range",
     PATCH "match = \"toy.unit == 1\"\nseverity = 4\naction = \"block\"\n",
     {"+6:12: severity is 4; write a whole number from 1 to 3",
      "+7:10: action is \"block\"; write \"reset\", \"drop\" or \"neutralise\""}},
    {"neutralise where no device refuses by itself",
     PATCH "match = \"toy.unit == 1\"\naction = \"neutralise\"\n",
     {"+6:10: action = \"neutralise\" for toy, which has no request that a device refuses itself; write "
      "\"reset\""}},
    {"drop over TCP",
     PATCH "match = \"toy.unit == 1\"\naction = \"drop\"\n",
     {"+6:10: action = \"drop\" for toy, which runs over TCP; write \"reset\": a dropped segment only comes "
      "again"}},
    {"patterns that Hyperscan can't look for",
     PATCH "pattern = { regex = '(a)\\1' }\n"
           "[[patch]]\nid = \"Q\"\naffects = [{ vendor = \"None\", product = \"*\" }]\nprotocol = "
           "\"toy\"\npattern = { field = \"toy.unit\", regex = 'a*' }\n"
           "[[patch]]\nid = \"R\"\naffects = [{ vendor = \"Acme\", product = \"*\" }]\nprotocol = "
           "\"toy\"\npattern = { field = \"toy.date\", regex = 'abc(' }\n",
     {"+5:22: the pattern can't be looked for: Back-references are unsupported; write it as Hyperscan knows "
      "it: no look-around, no back-references, never empty",
      "+10:21: \"toy.unit\" is a number or an address, not bytes; compare it in match, or look at another "
      "field",
      "+10:42: the pattern can't be looked for: it matches nothing at all; write it as Hyperscan knows it: "
      "no look-around, no back-references, never empty",
      "+15:21: toy has no field \"toy.date\"; did you mean \"toy.data\"?",
      "+15:45: the pattern can't be looked for: Missing close parenthesis for group started at index 3; "
      "write it as Hyperscan knows it: no look-around, no back-references, never empty"}},
    {"a pattern that is none",
     PATCH "pattern = 'x'\n",
     {"+5:11: pattern is a text; write { field = \"payload\", regex = '…' }"}},
};
INSTANTIATE_TEST_SUITE_P(of_patches, Errors, testing::ValuesIn(kPatches));

}  // namespace
}  // namespace sluice::compile
