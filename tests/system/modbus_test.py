"""A real libmodbus client and a real libmodbus server with the dataplane between them on DPDK ports: what the policy allows
arrives, and nothing else ever appears on the server's side, where it is captured."""
import json
import pathlib
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from box import Box, support_of_test  # noqa: E402
from plant import Plant, needs_root  # noqa: E402

CLIENT, SERVER = "10.0.0.1", "10.0.1.1"
POLICY = """
[[zone]]
name = "clients"
security_level = 1
networks = ["10.0.0.0/24"]

[[zone]]
name = "servers"
security_level = 2
networks = ["10.0.1.0/24"]

[[conduit]]
name = "clients-servers"
sides = [{{ port = "eth1", zones = ["clients"] }}, {{ port = "eth2", zones = ["servers"] }}]
groundwork = ["arp"]
mode = "{mode}"
on_failure = "closed"
midstream = "drop"
deny = "reset"

[[allow]]
from = "clients"
to = "servers"
protocol = "modbus"
functions = {functions}
reason = "test"
"""


def requests_in(frames):
    """The bytes that the client sent, connection by connection, as the frames carried them."""
    streams = {}
    for frame in frames:
        if frame[12:14] != b"\x08\x00" or frame[23] != 6 or frame[26:30] != bytes(map(int, CLIENT.split("."))):
            continue
        header = 14 + (frame[14] & 15) * 4
        end = 14 + struct.unpack_from("!H", frame, 16)[0]
        port, = struct.unpack_from("!H", frame, header)
        payload = frame[header + (frame[header + 12] >> 4) * 4:end]
        streams[port] = streams.get(port, b"") + payload
    return streams


def functions_in(stream):
    """The function codes of the Modbus messages in a stream; an unfinished one counts."""
    found = []
    while len(stream) >= 8:
        found.append(stream[7])
        stream = stream[6 + struct.unpack_from("!H", stream, 4)[0]:]
    return found


@needs_root
class Modbus(unittest.TestCase):
    def setUp(self):
        self.plant = self.enterContext(Plant())
        self.client, self.server = self.plant.namespace("client"), self.plant.namespace("server")
        self.box = Box(self.plant)
        self.plant.wire(self.client, "eth0", self.box.namespace, "eth1")
        self.plant.wire(self.box.namespace, "eth2", self.server, "eth0")
        self.client.address("eth0", f"{CLIENT}/23")
        self.server.address("eth0", f"{SERVER}/23")

    def start(self, functions, mode="enforce", driver="auto"):
        self.box.start_dataplane(image=self.box.compile(POLICY.format(mode=mode, functions=json.dumps(functions))),
                                 driver=driver)
        self.capture = self.server.capture("eth0")
        self.device = self.server.start([support_of_test() / "modbus_server"], ready="ready")

    def tearDown(self):
        self.assertTrue(self.box.dataplane.alive(), self.box.dataplane.tail())

    def send(self, *functions, data="00000001"):
        done = self.client.run(support_of_test() / "modbus_client", SERVER, "send", "--data", data, "--function", *functions,
                               check=False, timeout=300)
        return {answer["function"]: answer for answer in map(json.loads, done.stdout.splitlines())}

    def seen_by_server(self):
        """The function codes that reached the server's side."""
        return {function for stream in requests_in(self.capture.frames()).values() for function in functions_in(stream)}

    def test_all_but_function_5_pass_when_only_function_5_is_denied(self):
        self.start([1, 2, 3, 4, 6, 15, 16])
        for function, answer in self.send(1, 2, 3, 4, 6).items():
            self.assertEqual(answer["outcome"], "reply", function)
        self.assertNotEqual(self.send(5, data="0000ff00")[5]["outcome"], "reply")
        self.assertEqual(self.send(3)[3]["outcome"], "reply")  # the device is still there for the next
        self.assertEqual(self.seen_by_server(), {1, 2, 3, 4, 6})
        self.device.end()
        self.assertEqual(json.loads(self.device.lines[-1])["functions"], {"1": 1, "2": 1, "3": 2, "4": 1, "6": 1})

    def test_every_function_code_that_is_not_allowed_is_denied_and_its_bytes_never_arrive(self):
        allowed = {1, 2, 3, 4}
        self.start(sorted(allowed))
        answers = self.send(*range(256))
        self.assertEqual(set(answers), set(range(256)))
        passed = {function for function, answer in answers.items() if answer["outcome"] == "reply"}
        self.assertEqual(passed, allowed)
        self.assertEqual({answer["outcome"] for function, answer in answers.items() if function not in allowed}, {"closed"})
        self.assertEqual(self.seen_by_server(), allowed)

    def test_in_monitor_mode_every_function_code_arrives(self):
        self.start([3], mode="monitor")
        codes = (3, 5, 6, 90, 200)
        self.send(*codes)
        self.assertEqual(self.seen_by_server(), set(codes))

    def test_a_long_session_of_polls_loses_nothing(self):
        self.start([3])
        done = self.client.run(support_of_test() / "modbus_client", SERVER, "poll", "--rate", "200", "--seconds", "5",
                               "--count", "125")
        polled = json.loads(done.stdout.splitlines()[-1])
        self.assertGreater(polled["sent"], 800)
        self.assertEqual((polled["answered"], polled["failed"], polled["connections"]), (polled["sent"], 0, 1))
        self.assertEqual(polled["registers"], list(range(125)))

    def test_mbpoll_reads_and_is_denied_to_write(self):
        self.start([3])
        read = self.client.run("mbpoll", "-m", "tcp", "-1", "-r", "5", "-c", "2", SERVER)
        self.assertIn("[5]: \t4", read.stdout)
        write = self.client.run("mbpoll", "-m", "tcp", "-1", "-r", "5", SERVER, "7", check=False)
        self.assertNotEqual(write.returncode, 0)
        self.assertNotIn(6, self.seen_by_server())

    def test_without_an_image_the_box_is_closed(self):
        self.box.start_dataplane(image=self.box.folder / "none")
        self.assertNotEqual(self.client.run("ping", "-c", "2", "-W", "1", SERVER, check=False).returncode, 0)

    def test_af_packet_ports_enforce_as_well(self):
        self.start([3], driver="af_packet")
        answers = self.send(3, 5, 6)
        self.assertEqual(answers[3]["outcome"], "reply")
        self.assertEqual(self.seen_by_server(), {3})


if __name__ == "__main__":
    unittest.main(verbosity=2)
