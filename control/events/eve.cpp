#include "control/events/eve.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <ctime>

#include "control/events/json.hpp"
#include "control/events/signature.hpp"
#include "dataplane/protocol/protocol.hpp"

namespace sluice::events {
namespace {

using channel::Record;
using channel::RecordKind;
using channel::RecordSpan;
using channel::RecordValue;
namespace flag = channel::record_flag;

// Names an endpoint of the image, as far as the image has it.
struct Names {
  std::string_view zone;
  std::string_view asset;
};

template <class Row>
const Row* row(std::span<const Row> section, std::uint32_t index) noexcept {
  return index < section.size() ? &section[index] : nullptr;
}

class Writer {
 public:
  Writer(std::string& out, const Record& record, const EveContext& context) noexcept
      : out_{out}, record_{record}, head_{record.head}, context_{context} {
    if (context.image != nullptr) image_ = context.image;
    if (head_.protocol < context.schemas.size() && head_.protocol != 0)
      schema_ = context.schemas[head_.protocol];
    if (schema_ != nullptr) function_ = schema_->function(head_.function);
  }

  void line() {
    JsonList top{out_, '{', '}'};
    top.text("timestamp", timestamp(head_.time + context_.wall_offset_ns));
    if (head_.flow != 0) top.number("flow_id", head_.flow);
    if (head_.frame != 0) top.number("pcap_cnt", head_.frame);
    if (!context_.in_iface.empty()) top.text("in_iface", context_.in_iface);
    top.text("event_type", event_type());
    if (head_.vlan_count != 0) vlans(top.key("vlan"));
    ends(top);
    if (schema_ != nullptr) {
      top.text("app_proto", schema_->name);
      top.text("direction", record_.is(flag::response) ? "to_client" : "to_server");
    }
    if (!context_.host.empty()) top.text("host", context_.host);
    ether(top.key("ether"));
    if (head_.kind == RecordKind::verdict) {
      alert(top.key("alert"));
      if (acted()) {
        JsonList drop{top.key("drop"), '{', '}'};
        drop.text("reason", name_of(head_.reason));
      }
      JsonList verdict{top.key("verdict"), '{', '}'};
      verdict.text("action", acted() ? "drop" : head_.verdict == Verdict::forward ? "pass" : "alert");
    }
    own(top.key("sluice"));
    if (schema_ != nullptr) protocol(top.key(schema_->name));
  }

 private:
  [[nodiscard]] bool acted() const noexcept {
    return record_.is(flag::acted) && head_.verdict != Verdict::forward;
  }

  [[nodiscard]] std::string_view event_type() const noexcept {
    if (head_.kind == RecordKind::transaction) return schema_ != nullptr ? schema_->name : "sluice";
    return acted() && head_.reason != Reason::patch ? "drop" : "alert";
  }

  void vlans(std::string& out) const {
    JsonList list{out, '[', ']'};
    for (std::size_t i = 0; i < head_.vlan_count; ++i) list.next() += std::to_string(head_.vlans[i]);
  }

  void ends(JsonList& top) const {
    const auto address = [&](std::string_view name, const Address& bytes) {
      std::array<char, INET6_ADDRSTRLEN> text{};
      const bool v4 = head_.network != Network::ipv6;
      if (inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? 12 : 0), text.data(), text.size()) !=
          nullptr) {
        top.text(name, text.data());
      }
    };
    const bool ports =
        head_.transportation == Transportation::tcp || head_.transportation == Transportation::udp;
    if (head_.network != Network::none) {
      address("src_ip", head_.source);
      if (ports) top.number("src_port", head_.source_port);
      address("dest_ip", head_.destination);
      if (ports) top.number("dest_port", head_.destination_port);
    }
    if (head_.network == Network::arp) top.text("proto", "ARP");
    if (head_.network != Network::ipv4 && head_.network != Network::ipv6) return;
    switch (head_.transportation) {
      case Transportation::tcp:
        top.text("proto", "TCP");
        break;
      case Transportation::udp:
        top.text("proto", "UDP");
        break;
      case Transportation::icmp:
        top.text("proto", "ICMP");
        break;
      case Transportation::icmpv6:
        top.text("proto", "IPv6-ICMP");
        break;
      case Transportation::none:
      case Transportation::other:
        top.text("proto", std::to_string(head_.ip_protocol));
        break;
    }
    if (head_.transportation == Transportation::icmp || head_.transportation == Transportation::icmpv6) {
      top.number("icmp_type", head_.source_port);
      top.number("icmp_code", head_.destination_port);
    }
  }

  void ether(std::string& out) const {
    const auto mac = [](const Mac& m) {
      return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", m[0], m[1], m[2], m[3], m[4], m[5]);
    };
    JsonList list{out, '{', '}'};
    list.text("src_mac", mac(head_.source_mac));
    list.text("dest_mac", mac(head_.destination_mac));
    list.number("ether_type", head_.ethertype);
  }

  [[nodiscard]] std::string function_name() const {
    if (function_ != nullptr) return std::string{function_->name};
    return fmt::format("function {}", head_.function);
  }

  void alert(std::string& out) const {
    const auto* const patch = image_ == nullptr ? nullptr : row(image_->patches(), head_.patch);
    JsonList alert{out, '{', '}'};
    alert.text("action", acted() ? "blocked" : "allowed");
    alert.number("gid", kGid);
    alert.number("signature_id",
                 patch != nullptr ? signature_id(image_->text_of(patch->id)) : signature_id(head_.reason));
    alert.number("rev", 1);
    alert.text("signature", signature(patch));
    alert.text("category", category_of(head_.reason));
    alert.number("severity",
                 patch != nullptr ? std::size_t{patch->severity} : severity_of(head_.reason, head_.verdict));
    if (patch == nullptr) return;
    JsonList metadata{alert.key("metadata"), '{', '}'};
    const auto strings = [&](std::string_view name, std::string_view words) {
      if (words.empty()) return;
      JsonList list{metadata.key(name), '[', ']'};
      while (!words.empty()) {
        const auto end = words.find(' ');
        append_json(list.next(), words.substr(0, end));
        words = end == std::string_view::npos ? std::string_view{} : words.substr(end + 1);
      }
    };
    {
      JsonList list{metadata.key("patch"), '[', ']'};
      append_json(list.next(), image_->text_of(patch->id));
    }
    strings("cve", image_->text_of(patch->cve));
    if (const auto reference = image_->text_of(patch->reference); !reference.empty()) {
      JsonList list{metadata.key("reference"), '[', ']'};
      append_json(list.next(), reference);
    }
  }

  [[nodiscard]] std::string signature(const image::Patch* patch) const {
    if (patch != nullptr) return fmt::format("SLUICE {}", image_->text_of(patch->name));
    if (schema_ != nullptr && head_.function != kNoFunction) {
      return fmt::format("SLUICE {} {}: {} {}", outcome_of(record_), name_of(head_.reason), schema_->name,
                         function_name());
    }
    return fmt::format("SLUICE {} {}", outcome_of(record_), name_of(head_.reason));
  }

  [[nodiscard]] Names names_of(std::uint32_t endpoint, const Address& address) const noexcept {
    const auto zone_name = [&](std::uint32_t zone) noexcept -> std::string_view {
      const auto* const found = row(image_->zones(), zone);
      return found == nullptr ? std::string_view{} : image_->text_of(found->name);
    };
    if (endpoint == image::kNone) {
      if (head_.network == Network::none) return {};
      Names names{zone_name(image_->zone_of(address)), {}};
      if (const auto* const asset = row(image_->assets(), image_->asset_of(address))) {
        names.asset = image_->text_of(asset->name);
      }
      return names;
    }
    const auto index = image::index_of(endpoint);
    switch (image::kind_of(endpoint)) {
      case image::EndpointKind::zone:
        return {zone_name(index), {}};
      case image::EndpointKind::asset:
        if (const auto* const asset = row(image_->assets(), index)) {
          return {zone_name(asset->zone), image_->text_of(asset->name)};
        }
        return {};
      case image::EndpointKind::group:
        if (const auto* const group = row(image_->groups(), index)) return {zone_name(group->zone), {}};
        return {};
    }
    return {};
  }

  // The file without its folder: the compiler may have seen a copy.
  [[nodiscard]] std::string place(image::Text file, std::uint32_t line) const {
    const auto path = image_->text_of(file);
    return fmt::format("{}:{}", path.substr(path.find_last_of('/') + 1), line);
  }

  void own(std::string& out) const {
    JsonList own{out, '{', '}'};
    own.text("outcome", outcome_of(record_));
    own.number("generation", head_.generation);
    own.text("mode", name_of(head_.mode));
    if (head_.kind == RecordKind::verdict) {
      own.text("reason", name_of(head_.reason));
      if (head_.reason == Reason::malformed)
        own.text("malformed", name_of(static_cast<Malformed>(head_.malformed)));
      if (acted()) own.text("verdict", name_of(head_.verdict));
      if (!acted() && head_.verdict != Verdict::forward) own.text("would", name_of(head_.verdict));
    }
    if (head_.count != 1) {
      own.number("count", head_.count);
      own.text("first", timestamp(head_.first_time + context_.wall_offset_ns));
    }
    if (image_ == nullptr) return;
    if (const auto* const conduit = row(image_->conduits(), head_.conduit)) {
      own.text("conduit", image_->text_of(conduit->name));
    }
    const bool forth = record_.is(flag::from_is_source);
    const auto source = names_of(forth ? head_.from : head_.to, head_.source);
    const auto destination = names_of(forth ? head_.to : head_.from, head_.destination);
    const auto named = [&](std::string_view key, std::string_view name) {
      if (!name.empty()) own.text(key, name);
    };
    named("zone_src", source.zone);
    named("zone_dst", destination.zone);
    named("asset_src", source.asset);
    named("asset_dst", destination.asset);
    if (const auto* const rule = row(image_->rules(), head_.rule)) {
      named("rule", image_->text_of(rule->name));
      own.text("rule_ref", place(rule->file, rule->line));
    }
    if (const auto* const patch = row(image_->patches(), head_.patch)) {
      own.text("patch", image_->text_of(patch->id));
      own.text("patch_ref", place(patch->file, patch->line));
    }
  }

  void protocol(std::string& out) const {
    JsonList list{out, '{', '}'};
    if (head_.function != kNoFunction) {
      list.text("function", function_name());
      list.number("function_id", head_.function);
      list.text("access", name_of(head_.access));
      list.number("item", head_.item);
    }
    list.text("type", record_.is(flag::response) ? "response" : "request");
    if (head_.span_count != 0) {
      JsonList spans{list.key("spans"), '[', ']'};
      for (std::size_t i = 0; i < head_.span_count; ++i) span(spans.next(), record_.spans[i]);
    }
    if (head_.value_count != 0) fields(list.key("fields"));
    if (record_.is(flag::more_values | flag::more_spans)) list.boolean("complete", false);
  }

  void span(std::string& out, const RecordSpan& span) const {
    JsonList list{out, '{', '}'};
    if (span.space < schema_->spaces.size()) {
      const auto& space = schema_->spaces[span.space];
      list.text("space", space.name);
      if (space.key == SpanKey::number || space.key == SpanKey::number_and_name) list.number("key", span.key);
      if (space.key == SpanKey::name || space.key == SpanKey::number_and_name)
        list.text("name", record_.name(span));
    }
    list.number("first", span.first);
    list.number("last", span.last);
  }

  [[nodiscard]] const Field* field(FieldRef ref) const noexcept {
    if (ref.protocol >= context_.schemas.size()) return nullptr;
    const auto fields = context_.schemas[ref.protocol]->fields;
    return ref.field < fields.size() ? &fields[ref.field] : nullptr;
  }

  // A field with several values becomes an array: a key stands once in an object.
  void fields(std::string& out) const {
    JsonList list{out, '{', '}'};
    const std::span<const RecordValue> values{record_.values.data(), head_.value_count};
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto* const known = field(values[i].field);
      const auto same = [&](const RecordValue& other) { return other.field == values[i].field; };
      bool seen = known == nullptr;
      for (std::size_t k = 0; k < i && !seen; ++k) seen = same(values[k]);
      if (seen) continue;
      std::size_t count = 0;
      for (const auto& value : values) count += same(value) ? 1 : 0;
      auto& text = list.key(known->name);
      if (count == 1) {
        number(text, *known, values[i].number);
        continue;
      }
      JsonList array{text, '[', ']'};
      for (const auto& value : values) {
        if (same(value)) number(array.next(), *known, value.number);
      }
    }
  }

  static void number(std::string& out, const Field& field, std::uint64_t number) {
    switch (field.type) {
      case FieldType::boolean:
        out += number != 0 ? "true" : "false";
        return;
      case FieldType::signed_integer:
        out += std::to_string(static_cast<std::int64_t>(number));
        return;
      case FieldType::real: {
        const auto real = std::bit_cast<double>(number);
        out += std::isfinite(real) ? fmt::format("{}", real) : "null";
        return;
      }
      case FieldType::protocol:
      case FieldType::unsigned_integer:
      case FieldType::bytes:
      case FieldType::string:
      case FieldType::ipv4:
      case FieldType::ipv6:
      case FieldType::ether:
        out += std::to_string(number);
        return;
    }
  }

  std::string& out_;
  const Record& record_;
  const channel::RecordHead& head_;
  const EveContext& context_;
  const image::ImageView* image_ = nullptr;
  const Schema* schema_ = nullptr;
  const Function* function_ = nullptr;
};

}  // namespace

void append_eve(std::string& out, const Record& record, const EveContext& context) {
  Writer{out, record, context}.line();
}

std::string_view outcome_of(const Record& record) noexcept {
  if (record.head.kind == RecordKind::transaction) return "seen";
  if (record.head.verdict == Verdict::forward) return "allowed";
  const bool patch = record.head.reason == Reason::patch;
  if (record.is(flag::acted)) return patch ? "patched" : "denied";
  return patch ? "would patch" : "would deny";
}

std::string timestamp(std::uint64_t ns_since_1970) {
  const auto seconds = static_cast<std::time_t>(ns_since_1970 / 1'000'000'000U);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return "1970-01-01T00:00:00.000000+0000";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}+0000", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     ns_since_1970 / 1000U % 1'000'000U);
}

}  // namespace sluice::events
