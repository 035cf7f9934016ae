// How values of fields are printed: as tshark 4.0's `-T fields` does, so that the two can be compared line by
// line.
#pragma once

#include <string>
#include <string_view>

#include "rules/schema/schema.hpp"
#include "rules/schema/value.hpp"

namespace sluice::cli {

// Appends `value`, which is of `field`: integers decimal or as 0x with the digits of their width, booleans as
// 1 and 0, bytes as bare hex, addresses as people write them, strings escaped, a protocol's presence as the
// field's name.
void append_value(std::string& out, const Field& field, const Value& value);

// Appends text of unknown origin to a line of tab- and comma-separated cells. Tab, comma, backslash, control
// characters (C1 and DEL included) and what is no UTF-8 become \xNN, byte by byte; so a line is a line and a
// terminal stays sane.
void append_escaped(std::string& out, std::string_view text);

}  // namespace sluice::cli
