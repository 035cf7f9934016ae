"""A host that loses all of its connections, as one whose power was cut, and dials again at once from the same port: between two
kernels, with the dataplane between them. The other end still believes in the old session, and so does the box."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from box import Box, support_of_test  # noqa: E402
from plant import Plant, needs_root, wait_until  # noqa: E402

CLIENT, SERVER = "10.0.0.1", "10.0.1.1"
POLICY = """
[[zone]]
name = "clients"
networks = ["10.0.0.0/24"]
[[zone]]
name = "servers"
networks = ["10.0.1.0/24"]
[[conduit]]
name = "clients-servers"
sides = [{ port = "eth1", zones = ["clients"] }, { port = "eth2", zones = ["servers"] }]
groundwork = ["arp"]
mode = "enforce"
on_failure = "closed"
midstream = "drop"
deny = "reset"
[[allow]]
from = "clients"
to = "servers"
protocol = "modbus"
functions = ["read_holding_registers"]
reason = "test"
"""

# TCP_REPAIR: close() then tells nobody, as a power cut.
POWER_CUTS = """
import socket, sys, time
REQUEST = bytes.fromhex("000100000006ff0300000001")
slowest = 0
for life in range(4):
    began = time.monotonic()
    caller = socket.socket()
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    caller.bind((sys.argv[1], 45000))
    caller.settimeout(15)
    caller.connect((sys.argv[2], 502))
    slowest = max(slowest, time.monotonic() - began)
    caller.sendall(REQUEST)
    assert caller.recv(256)[7] == 3
    if life < 3:
        caller.setsockopt(socket.IPPROTO_TCP, 19, 1)
    caller.close()
print("slowest", slowest)
"""


@needs_root
class Redial(unittest.TestCase):
    def setUp(self):
        self.plant = self.enterContext(Plant())
        self.client, self.server = self.plant.namespace("client"), self.plant.namespace("server")
        self.box = Box(self.plant)
        self.plant.wire(self.client, "eth0", self.box.namespace, "eth1")
        self.plant.wire(self.box.namespace, "eth2", self.server, "eth0")
        self.client.address("eth0", f"{CLIENT}/23")
        self.server.address("eth0", f"{SERVER}/23")

    def sessions(self):
        return self.server.run("ss", "-Htn", "state", "established", "sport", "=", ":502").stdout.count(":45000")

    def test_E31_E48_a_host_whose_power_was_cut_is_back_within_seconds(self):
        self.box.start_dataplane(image=self.box.compile(POLICY))
        self.server.start([support_of_test() / "modbus_server"], ready="ready")
        done = self.client.run(sys.executable, "-c", POWER_CUTS, CLIENT, SERVER)
        self.assertLess(float(done.stdout.split()[1]), 5.0)
        wait_until(lambda: self.sessions() == 0, "the server still believes in a session that was cut")
        self.assertTrue(self.box.dataplane.alive(), self.box.dataplane.tail())


if __name__ == "__main__":
    unittest.main(verbosity=2)
