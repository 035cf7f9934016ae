#include "tests/metamorphic/conversation.hpp"

namespace sluice::metamorphic {

std::string policy(const std::string& vlans) {
  return R"(
[[zone]]
name = "it"
security_level = 1
networks = ["10.0.0.0/24", "fd00::/64"]
[[zone]]
name = "ot"
security_level = 2
networks = ["10.0.1.0/24", "fd00:0:0:1::/64"]
[[zone]]
name = "fleet"
security_level = 2
networks = ["10.0.2.0/24", "fd00:0:0:2::/64"]

[[asset]]
name = "hmi"
zone = "it"
address = ["10.0.0.1", "fd00::1"]
[[asset]]
name = "engineer"
zone = "it"
address = ["10.0.0.2", "fd00::2"]
[[asset]]
name = "historian"
zone = "it"
address = ["10.0.0.3", "fd00::3"]
[[asset]]
name = "umas-only"
zone = "it"
address = ["10.0.0.4", "fd00::4"]
[[asset]]
name = "plc"
zone = "ot"
address = ["10.0.1.1", "fd00:0:0:1::1"]
[[asset]]
name = "rtu"
zone = "ot"
address = ["10.0.1.2", "fd00:0:0:1::2"]
neutralise = true
[[asset]]
name = "database"
zone = "ot"
address = ["10.0.1.3", "fd00:0:0:1::3"]

[[conduit]]
name = "line"
sides = [{ port = "it", zones = ["it"] }, { port = "ot", zones = ["ot", "fleet"] }]
vlans = [)" +
         vlans +
         R"(]
mode = "enforce"
on_failure = "closed"
midstream = "resync"
deny = "reset"

[[allow]]
from = "hmi"
to = "plc"
protocol = "modbus"
functions = ["read_coils", "read_holding_registers", "write_single_register", "read_file_record"]
targets = ["holding 0..199", "holding 300..399", "coil 0..1999", "file 4 0..99"]
where = "mbtcp.unit_id == 1"
reason = "the HMI polls, and sets points"
[[allow]]
from = "hmi"
to = "plc"
protocol = "modbus"
functions = ["diagnostics/return_query_data", "report_server_id", 100]
reason = "the HMI asks whether it lives"
[[allow]]
from = "engineer"
to = "plc"
protocol = "modbus"
functions = ["read_holding_registers", "read_write_multiple_registers"]
targets = ["holding 0..199"]
reason = "the engineer looks"
[[allow]]
from = "engineer"
to = "plc"
protocol = "umas"
functions = ["init_comm", "read_id", "read_plc_info", "repeat"]
reason = "the engineer's station"
[[allow]]
from = "umas-only"
to = "plc"
protocol = "umas"
functions = ["init_comm", "read_id", "repeat"]
reason = "a station without Modbus"
[[allow]]
from = "hmi"
to = "rtu"
protocol = "modbus"
functions = ["read_holding_registers"]
targets = ["holding 0..199"]
reason = "the HMI polls"
[[allow]]
from = "historian"
to = "database"
protocol = "tcp"
ports = [1433]
reason = "history"
[[allow]]
from = "historian"
to = "database"
protocol = "udp"
ports = [5000]
reason = "history"
[[allow]]
from = "plc"
to = "historian"
protocol = "udp"
ports = [514]
reason = "log lines"
[[allow]]
from = "it"
to = "fleet"
protocol = "modbus"
functions = ["read_holding_registers"]
targets = ["holding 0..199"]
reason = "polls"
)";
}

}  // namespace sluice::metamorphic
