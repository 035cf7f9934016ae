"""Ports over real kernel interfaces: what a wire made of them (support/wire, the dataplane's worker without the engine) carries,
for af_xdp and af_packet; which ports are refused; and what sluice-dataplane gives up once it runs. Needs root."""
import os
import pathlib
import re
import signal
import socket
import struct
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from box import binaries_of_test, support_of_test  # noqa: E402
from plant import Plant, run, wait_until  # noqa: E402

BINARIES = binaries_of_test()
WIRE = support_of_test() / "wire"
MACS = bytes.fromhex("020000000002020000000001")
CTAG, STAG = bytes.fromhex("81002064"), bytes.fromhex("88a80007")

# Sends each line of its input, as hex, by the interface of its argument; a second argument: with that virtio_net_hdr in front.
SEND = """
import socket, sys
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
if len(sys.argv) > 2: out.setsockopt(263, 15, 1)
out.bind((sys.argv[1], 0))
for line in sys.stdin: out.send(bytes.fromhex("".join(sys.argv[2:]) + line))
"""


def frame(length, tags=b"", kind=b"\x88\xb5", seed=0):
    """A frame of `length` bytes, its tags among them."""
    head = MACS + tags + kind
    return head + bytes((seed + i * 7) % 251 for i in range(length - len(head)))


def mixture(*tags):
    """Small and large frames with each of the tags; a kernel sends four bytes more behind a tag of 802.1Q only."""
    return [frame(length, tag, seed=length) for length in (60, 61, 64, 200, 1000, 1510, 1514, 1518) for tag in tags
            if length <= (1518 if tag.startswith(b"\x81\x00") else 1514)]


def send(namespace, interface, frames, *header):
    namespace.run(sys.executable, "-c", SEND, interface, *header, input="".join(one.hex() + "\n" for one in frames))


def counters(process):
    found = {}
    for line in process.lines:
        match = re.match(r"(\w+) received=(\d+) cut=(\d+) sent=(\d+) unsent=(\d+)", line)
        if match:
            found[match[1]] = dict(zip(("received", "cut", "sent", "unsent"), map(int, match.groups()[1:])))
    return found


class Bench:
    """left.p0 == middle.e1, middle.e2 == right.p1; a program in the middle joins e1 and e2."""

    def __init__(self, plant, mtu=1500):
        self.plant = plant
        self.left, self.middle, self.right = (plant.namespace(name) for name in ("left", "middle", "right"))
        plant.wire(self.left, "p0", self.middle, "e1", mtu=mtu)
        plant.wire(self.middle, "e2", self.right, "p1", mtu=mtu)

    def wire(self, driver):
        return self.middle.start([WIRE, "--driver", driver, "--port", "e1", "--port", "e2"], ready="ready", timeout=30)

    def carried(self, frames, wait=5):
        """Sends frames from left to right; those that arrived."""
        capture = self.right.capture("p1")
        send(self.left, "p0", frames)
        end = time.monotonic() + wait
        while time.monotonic() < end and capture.path.stat().st_size < 24 + sum(16 + len(one) for one in frames):
            time.sleep(0.05)
        return capture.frames()


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class Carries(unittest.TestCase):
    def check(self, driver, mtu, frames):
        with Plant() as plant:
            bench = Bench(plant, mtu)
            wire = bench.wire(driver)
            arrived = bench.carried(frames)
            self.assertEqual(wire.end(), 0, wire.tail())
            self.assertEqual([one.hex() for one in arrived], [one.hex() for one in frames], wire.tail())
            self.assertEqual(counters(wire)["e1"]["received"], len(frames))

    def test_af_xdp_carries_frames_of_every_kind_and_size_unchanged_and_in_order(self):
        self.check("af_xdp", 1500, mixture(b"", CTAG, STAG, STAG + CTAG, CTAG + CTAG))

    def test_af_xdp_carries_its_largest_mtu_whole(self):
        self.check("af_xdp", 3498, [frame(length) for length in range(3480, 3513)] + [frame(3516, CTAG), frame(3512, STAG)])

    def test_af_packet_carries_frames_without_or_with_802_1q_tags_unchanged_and_in_order(self):
        self.check("af_packet", 1500, mixture(b"", CTAG, CTAG + CTAG))

    def test_af_packet_carries_its_largest_mtu_whole(self):
        self.check("af_packet", 1982, [frame(length) for length in range(1960, 1997)] + [frame(2000, CTAG)])

    def test_what_af_packet_would_change_or_cut_never_arrives_and_is_counted(self):
        with Plant() as plant:
            bench = Bench(plant)
            wire = bench.wire("af_packet")
            # 802.1ad, which the driver would write back as 802.1Q.
            changed = [frame(100, STAG), frame(100, STAG + CTAG)]
            # A segment of 8,000 bytes, as a sender with segmentation offload hands it to its end of a veth.
            for feature in ("tx", "sg", "tso", "gso"):
                bench.left.run("ethtool", "-K", "p0", feature, "on", check=False)
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 8040, 1, 0x4000, 64, 6, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
            tcp = struct.pack(">HHIIBBHHH", 1000, 502, 1, 1, 0x50, 0x10, 1000, 0, 0)
            giant = MACS + b"\x08\x00" + ip + tcp + bytes(8000)
            header = struct.pack("<BBHHHH", 1, 1, 54, 1448, 34, 16)
            capture = bench.right.capture("p1")
            send(bench.left, "p0", changed)
            send(bench.left, "p0", [giant], header.hex())
            last = frame(60)
            send(bench.left, "p0", [last])
            time.sleep(0.5)
            self.assertEqual(capture.frames(), [last])
            wire.end()
            self.assertEqual(counters(wire)["e1"], {"received": 4, "cut": 3, "sent": 0, "unsent": 0})

    def test_what_the_host_itself_sends_by_a_port_is_not_received(self):
        for driver in ("af_xdp", "af_packet"):
            with self.subTest(driver), Plant() as plant:
                bench = Bench(plant)
                wire = bench.wire(driver)
                capture = bench.right.capture("p1")
                send(bench.middle, "e1", [frame(100)] * 3)
                send(bench.left, "p0", [frame(60)])
                time.sleep(0.5)
                self.assertEqual(capture.frames(), [frame(60)])
                wire.end()
                self.assertEqual(counters(wire)["e1"]["received"], 1)

    def test_a_killed_process_is_followed_by_one_that_carries_again(self):
        for driver in ("af_xdp", "af_packet"):
            with self.subTest(driver), Plant() as plant:
                bench = Bench(plant)
                for _ in range(3):
                    wire = bench.wire(driver)
                    self.assertEqual(bench.carried([frame(80)]), [frame(80)])
                    wire.kill()


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class Refuses(unittest.TestCase):
    def refused(self, namespace, *words):
        done = namespace.run(BINARIES / "sluice-dataplane", *words, check=False)
        return done.returncode, done.stderr

    def test_an_mtu_that_the_driver_does_not_carry_whole(self):
        for driver, mtu, most in (("af_xdp", 3499, 3498), ("af_packet", 1983, 1982), ("auto", 9000, 1982)):
            with self.subTest(driver), Plant() as plant:
                code, said = self.refused(Bench(plant, mtu).middle, "--driver", driver, "--port", "e1", "--port", "e2")
                self.assertEqual(code, 1)
                self.assertIn(f'port "e1": the MTU of e1 is {mtu}', said)
                self.assertIn(f"at most {most} whole", said)

    def test_bad_use_and_ports_that_are_not_there(self):
        with Plant() as plant:
            middle = Bench(plant).middle
            for words, code, part in (
                    (["--port", "e1", "--port", "nono"], 1, 'no network interface "nono"'),
                    (["--port", "e1", "--port", "x=net_nonsense0"], 1, "net_nonsense0"),
                    (["--port", "e1"], 2, "twice"),
                    (["--port", "e1", "--port", "e1"], 2, "given twice"),
                    (["--port", "e1", "--port", "e2", "--workers", "2"], 2, "one worker"),
                    (["--port", "e1", "--port", "e2", "--driver", "af_magic"], 2, "--driver"),
                    ([], 2, "--port")):
                with self.subTest(" ".join(words)):
                    got, said = self.refused(middle, *words)
                    self.assertEqual(got, code, said)
                    self.assertIn(part, said)


POLICY = """
[[zone]]
name = "left"
security_level = 1
networks = ["10.9.0.1/32"]
[[zone]]
name = "right"
security_level = 2
networks = ["10.9.0.2/32"]
[[conduit]]
name = "c"
sides = [{ port = "e1", zones = ["left"] }, { port = "e2", zones = ["right"] }]
mode = "monitor"
on_failure = "closed"
midstream = "resync"
"""


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class Dataplane(unittest.TestCase):
    def setUp(self):
        self.plant = self.enterContext(Plant())
        self.bench = Bench(self.plant)
        self.bench.left.address("p0", "10.9.0.1/24")
        self.bench.right.address("p1", "10.9.0.2/24")

    def start(self, *words):
        command = [BINARIES / "sluice-dataplane", "--port", "e1", "--port", "e2", *words]
        return self.bench.middle.start(command, ready="ready", timeout=30)

    def image(self):
        policy, image = self.plant.folder / "policy.toml", self.plant.folder / "image"
        policy.write_text(POLICY)
        run(BINARIES / "sluice", "check", policy, "--image", image)
        return image

    def ping(self, count=3):
        done = self.bench.left.run("ping", "-q", "-c", count, "-i", "0.05", "-W", "1", "10.9.0.2", check=False)
        return int(re.search(r"(\d+) received", done.stdout)[1])

    def test_without_an_image_it_is_closed_and_ends_cleanly(self):
        dataplane = self.start()
        self.assertEqual(self.ping(), 0)
        self.assertEqual(dataplane.end(), 0, dataplane.tail())

    def test_a_start_image_that_is_refused_leaves_it_closed_and_says_why(self):
        broken = bytearray(self.image().read_bytes())
        broken[len(broken) // 2] ^= 1
        path = self.plant.folder / "broken"
        path.write_bytes(broken)
        dataplane = self.start("--image", path)
        self.assertIn("the start image is not used", dataplane.output)
        self.assertEqual(self.ping(), 0)

    def test_with_a_start_image_it_forwards_without_a_daemon(self):
        dataplane = self.start("--image", self.image())
        self.assertEqual(self.ping(), 3, dataplane.tail())

    def test_E99_while_it_is_dead_or_hangs_nothing_passes(self):
        for signal_, outcome in ((signal.SIGKILL, "dead"), (signal.SIGSEGV, "dead"), (signal.SIGSTOP, "hangs")):
            with self.subTest(signal_.name):
                dataplane = self.start("--image", self.image())
                self.assertEqual(self.ping(), 3, dataplane.tail())
                dataplane.signal(signal_)
                if outcome == "dead":
                    dataplane.wait()
                self.assertEqual(self.ping(), 0)
                if outcome == "hangs":
                    dataplane.signal(signal.SIGCONT)
                    self.assertEqual(self.ping(), 3, "it goes on")

    def test_E100_each_start_has_another_key(self):
        keys = set()
        for number in range(3):
            trace = self.plant.folder / f"trace-{number}"
            command = [BINARIES / "sluice-dataplane", "--port", "e1", "--port", "e2"]
            traced = self.bench.middle.start(["strace", "-D", "-f", "-xx", "-e", "trace=getrandom", "-o", trace, *command], ready="ready",
                                             timeout=60)
            drawn = re.findall(r'getrandom\("([^"]+)", 16, 0\) += 16', trace.read_text())
            self.assertEqual(len(drawn), 1, trace.read_text())
            keys.add(drawn[0])
            self.assertEqual(len(drawn[0]), 16 * len(r"\x00"))
            traced.end()
        self.assertEqual(len(keys), 3)

    def test_it_tells_the_service_manager_also_from_within_its_sandbox(self):
        manager = self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        path = str(self.plant.folder / "notify")
        manager.bind(path)
        manager.settimeout(10)
        dataplane = self.bench.middle.start(["env", f"NOTIFY_SOCKET={path}", "WATCHDOG_USEC=500000", BINARIES / "sluice-dataplane",
                                             "--port", "e1", "--port", "e2"], ready="ready", timeout=30)
        self.assertEqual(manager.recv(100), b"READY=1")
        self.assertEqual(manager.recv(100), b"WATCHDOG=1")
        dataplane.end()
        while (heard := manager.recv(100)) == b"WATCHDOG=1":
            continue
        self.assertEqual(heard, b"STOPPING=1")

    def test_once_it_runs_it_has_given_up_what_it_does_not_need(self):
        dataplane = self.start("--image", self.image())
        sanitised = "libasan" in run("ldd", BINARIES / "sluice-dataplane").stdout
        for task in pathlib.Path(f"/proc/{dataplane.pid}/task").iterdir():
            status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
            with self.subTest(status["Name"]):
                for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
                    self.assertEqual(int(status[kind], 16), 0, kind)
                if not sanitised:
                    self.assertEqual(status["NoNewPrivs"].strip(), "1")
                    self.assertEqual(status["Seccomp"].strip(), "2")

    def test_a_worker_calls_the_system_only_for_its_ports_and_its_rest(self):
        dataplane = self.start("--image", self.image())
        tasks = pathlib.Path(f"/proc/{dataplane.pid}/task")
        worker = next(task.name for task in tasks.iterdir() if (task / "comm").read_text().strip() == "worker-0")
        trace = self.plant.folder / "trace"
        strace = self.plant.start(["strace", "-p", worker, "-o", trace], ready="attached")
        self.assertEqual(self.ping(40), 40)
        time.sleep(0.3)
        strace.end()
        calls = set(re.findall(r"^(?:<\.\.\. )?(\w+)", trace.read_text(), re.MULTILINE)) - {"strace"}
        self.assertIn("clock_nanosleep", calls)
        self.assertLessEqual(calls, {"clock_nanosleep", "restart_syscall", "sendto", "recvfrom", "poll"})
        self.assertTrue(wait_until(dataplane.alive, "the dataplane lives"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
