"""What is no industrial protocol passes only where it is named: ARP, ping, an opaque TCP session; and nobody speaks for another
zone, by port, by VLAN or by address. Seen on the far side of the dataplane, by capture."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from box import Box  # noqa: E402
from capture import udp_frame  # noqa: E402
from plant import Plant, needs_root  # noqa: E402

OFFICE, CELL = "10.0.0.1", "10.0.1.1"
POLICY = """
[[zone]]
name = "office"
security_level = 1
networks = ["10.0.0.0/24"]

[[zone]]
name = "cell"
security_level = 2
networks = ["10.0.1.0/24"]

[[conduit]]
name = "office-cell"
sides = [{ port = "eth1", zones = ["office"] }, { port = "eth2", zones = ["cell"] }]
groundwork = [GROUNDWORK]
mode = "enforce"
on_failure = "closed"
midstream = "drop"
deny = "reset"
"""
PING = """
[[allow]]
from = "office"
to = "cell"
protocol = "icmp"
ports = [8]
reason = "test"
"""
TCP = """
[[allow]]
from = "office"
to = "cell"
protocol = "tcp"
ports = [1433]
reason = "test"
"""
UDP = """
[[allow]]
from = "office"
to = "cell"
protocol = "udp"
ports = [5000]
reason = "test"
"""
ECHO = """
import socket
listener = socket.create_server(("", %d))
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    connection.sendall(connection.recv(100).upper())
    connection.close()
"""
ASK = """
import socket
connection = socket.create_connection(("10.0.1.1", %d), timeout=2)
connection.settimeout(2)
connection.sendall(b"hello")
print(connection.recv(100).decode())
"""


@needs_root
class Groundwork(unittest.TestCase):
    def setUp(self):
        self.plant = self.enterContext(Plant())
        self.office, self.cell = self.plant.namespace("office"), self.plant.namespace("cell")
        self.box = Box(self.plant)
        self.plant.wire(self.office, "eth0", self.box.namespace, "eth1")
        self.plant.wire(self.box.namespace, "eth2", self.cell, "eth0")
        self.office.address("eth0", f"{OFFICE}/23")
        self.cell.address("eth0", f"{CELL}/23")

    def start(self, groundwork, rules=""):
        self.box.start_dataplane(image=self.box.compile(POLICY.replace("GROUNDWORK", groundwork) + rules))

    def tearDown(self):
        self.assertTrue(self.box.dataplane.alive(), self.box.dataplane.tail())

    def know_each_other(self):
        """Neighbours without ARP, so that a test of something else does not depend on it."""
        for here, there, address in ((self.office, self.cell, CELL), (self.cell, self.office, OFFICE)):
            here.run("ip", "neigh", "replace", address, "lladdr", there.mac("eth0"), "dev", "eth0", "nud", "permanent")

    def pings(self):
        return self.office.run("ping", "-c", "2", "-i", "0.2", "-W", "1", CELL, check=False).returncode == 0

    def resolves(self):
        self.office.run("ping", "-c", "1", "-W", "1", CELL, check=False)
        return "lladdr" in self.office.run("ip", "neigh", "show", CELL).stdout

    def asks(self, port):
        self.cell.start([sys.executable, "-c", ECHO % port], ready="ready", name="echo")
        return self.office.run(sys.executable, "-c", ASK % port, check=False).stdout.strip() == "HELLO"

    def arrives(self, sender, frames, receiver):
        """Which of the frames, told apart by their payload, arrive at the other side."""
        capture = receiver.capture("eth0")
        sender.inject("eth0", *frames.values())
        got = capture.frames()
        return {name for name, frame in frames.items() if any(name.encode() in other for other in got)}

    def test_arp_passes_where_groundwork_names_it(self):
        self.start('"arp"')
        self.assertTrue(self.resolves())

    def test_arp_does_not_pass_where_groundwork_does_not_name_it(self):
        self.start('"lldp"')
        self.assertFalse(self.resolves())

    def test_ping_passes_where_a_rule_allows_it(self):
        self.start('"arp"', PING)
        self.assertTrue(self.pings())

    def test_ping_does_not_pass_without_a_rule(self):
        self.start('"arp"')
        self.assertFalse(self.pings())

    def test_an_opaque_session_passes_on_the_port_that_a_rule_names(self):
        self.start('"arp"', TCP)
        self.assertTrue(self.asks(1433))

    def test_an_opaque_session_does_not_pass_on_another_port(self):
        self.start('"arp"', TCP)
        self.know_each_other()
        self.assertFalse(self.asks(1434))

    def test_the_asked_side_cannot_open_the_session_that_a_rule_allows_the_other(self):
        self.start('"arp"', TCP)
        self.know_each_other()
        self.office.start([sys.executable, "-c", ECHO % 1433], ready="ready", name="echo")
        done = self.cell.run(sys.executable, "-c", ASK.replace(CELL, OFFICE) % 1433, check=False)
        self.assertNotIn("HELLO", done.stdout)

    def test_a_sender_that_speaks_for_another_zone_is_denied_by_address_and_by_vlan(self):
        self.start('"arp"', UDP)
        frames = {"good": udp_frame(OFFICE, CELL, b"good"),
                  "cells": udp_frame("10.0.1.9", CELL, b"cells"),        # an address of the far side
                  "nobody": udp_frame("192.168.7.7", CELL, b"nobody"),   # an address of no zone
                  "vlan7": udp_frame(OFFICE, CELL, b"vlan7", vlan=7)}    # a VLAN of no conduit
        self.assertEqual(self.arrives(self.office, frames, self.cell), {"good"})

    def test_a_sender_that_speaks_for_another_zone_is_denied_by_port(self):
        self.start('"arp"', UDP)
        frames = {"wrong": udp_frame(OFFICE, CELL, b"wrong"), "back": udp_frame(OFFICE, "10.0.0.2", b"back")}
        self.assertEqual(self.arrives(self.cell, frames, self.office), set())

    def test_a_claim_of_an_address_of_another_zone_by_arp_is_denied(self):
        self.start('"arp"')
        mac = bytes.fromhex(self.office.mac("eth0").replace(":", ""))

        def claim(address):
            sender = bytes(map(int, address.split(".")))
            return (b"\xff" * 6 + mac + b"\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01" + mac + sender + bytes(6) +
                    bytes(map(int, CELL.split(".")))).ljust(60, b"\0")

        capture = self.cell.capture("eth0", "arp")
        self.office.inject("eth0", claim("10.0.0.77"), claim("10.0.1.77"))
        claims = [frame[28:32] for frame in capture.frames() if frame[6:12] == mac]
        self.assertEqual(claims, [bytes((10, 0, 0, 77))])


if __name__ == "__main__":
    unittest.main(verbosity=2)
