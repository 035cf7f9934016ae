#!/usr/bin/env python3
"""Denied writes that leave the session alive: real clients (libmodbus, modbus-serial) see "illegal function" for each, real devices
(libmodbus, modbus-serial) never see a write, and neither notices that the dataplane was killed and started again in between."""
import json
import pathlib
import shutil
import struct
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from box import support_of_test  # noqa: E402
from line import DEVICE, Line  # noqa: E402
from plant import Plant, needs_root, wait_until  # noqa: E402

NPM = ROOT / "tests/support/npm"
HAS_NPM = shutil.which("node") is not None and (NPM / "node_modules/modbus-serial").is_dir()
SERIAL = ["node", NPM / "modbus_serial.js"]


def functions_to_device(frames):
    """Function codes of the requests in frames from the client, each message on its own."""
    codes = set()
    for frame in frames:
        if frame[12:14] != b"\x08\x00" or frame[23] != 6 or frame[30:34] != bytes([10, 9, 0, 130]):
            continue
        ip = (frame[14] & 15) * 4
        total, = struct.unpack_from(">H", frame, 16)
        tcp = 14 + ip + (frame[14 + ip + 12] >> 4) * 4
        payload = frame[tcp:14 + total]
        while len(payload) >= 8:
            length, = struct.unpack_from(">H", payload, 4)
            codes.add(payload[7])
            payload = payload[6 + length:]
    return codes


@needs_root
class NeutraliseTest(unittest.TestCase):
    def setUp(self):
        self.plant = self.enterContext(Plant())
        self.line = Line(self.plant)
        self.it, self.ot = self.line.it, self.line.ot

    def device(self, kind):
        if kind == "libmodbus":
            return self.ot.start([support_of_test() / "modbus_server", "--wait", "0.005"], ready="ready")
        return self.ot.start([*SERIAL, "server", DEVICE], ready="ready")

    def client(self, kind, rounds):
        if kind == "libmodbus":
            return self.it.start([support_of_test() / "modbus_client", DEVICE, "--timeout", "30", "mix", "--count", str(rounds),
                                  "--pause", "0.01"])
        return self.it.start([*SERIAL, "client", DEVICE, str(rounds), "30000"])

    def result(self, client, rounds):
        self.assertEqual(client.wait(timeout=120), 0, client.tail())
        said = json.loads(client.lines[-1])
        self.assertEqual((said["answered"], said["refused"], said["failed"]), (rounds, rounds, 0), client.tail())

    def check(self, client_kind, device_kind, rounds=30):
        device = self.device(device_kind)
        wire = self.ot.capture("eth0", "tcp port 502")
        self.result(self.client(client_kind, rounds), rounds)
        seen = functions_to_device(wire.frames())
        self.assertIn(3, seen)
        self.assertEqual(seen & {5, 6, 15, 16, 22, 23}, set(), "a write reached the device")
        self.assertEqual(len(seen), 1 + (6 if client_kind == "libmodbus" else 5), "each write has a stand-in of its own")
        self.assertTrue(device.alive())

    def test_libmodbus_asks_and_libmodbus_refuses(self):
        self.check("libmodbus", "libmodbus")

    @unittest.skipUnless(HAS_NPM, "modbus-serial is not installed: images/setup --tests")
    def test_modbus_serial_asks_and_libmodbus_refuses(self):
        self.check("modbus-serial", "libmodbus")

    @unittest.skipUnless(HAS_NPM, "modbus-serial is not installed: images/setup --tests")
    def test_libmodbus_asks_and_modbus_serial_refuses(self):
        self.check("libmodbus", "modbus-serial")

    @unittest.skipUnless(HAS_NPM, "modbus-serial is not installed: images/setup --tests")
    def test_modbus_serial_on_both_ends(self):
        self.check("modbus-serial", "modbus-serial")

    def test_a_dataplane_that_is_killed_and_started_again_does_not_end_the_session(self):
        self.device("libmodbus")
        rounds = 300
        client = self.client("libmodbus", rounds)
        wait_until(lambda: client.lines and json.loads(client.lines[-1])["refused"] >= 50, "the first rounds")
        self.line.box.dataplane.kill()
        time.sleep(0.5)
        self.assertTrue(client.alive())
        self.line.start()
        self.result(client, rounds)


if __name__ == "__main__":
    unittest.main()
