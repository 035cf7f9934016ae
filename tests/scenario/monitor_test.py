"""Monitor means monitor: over every capture at hand, what leaves is what came, byte for byte and in order. Cut frames apart,
which never leave. Skips where the captures are absent."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from box import binaries_of_test  # noqa: E402

CAPTURES = ROOT.parent / "shared/captures"
POLICY = """
[[zone]]
name = "low"
networks = ["0.0.0.0/1", "::/1"]
[[zone]]
name = "high"
networks = ["128.0.0.0/1", "8000::/1"]
[[conduit]]
name = "line"
sides = [{ port = "eth1", zones = ["low"] }, { port = "eth2", zones = ["high"] }]
mode = "monitor"
on_failure = "closed"
midstream = "resync"
[[allow]]
from = "low"
to = "high"
protocol = "modbus"
access = ["read"]
reason = "reading is let pass"
"""


def frames(path):
    """(captured bytes, length on the wire) of each frame of a classic pcap file."""
    data = path.read_bytes()
    order = "little" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else "big"
    at, found = 24, []
    while at + 16 <= len(data):
        length = int.from_bytes(data[at + 8:at + 12], order)
        on_wire = int.from_bytes(data[at + 12:at + 16], order)
        found.append((data[at + 16:at + 16 + length], on_wire))
        at += 16 + length
    return found


class Monitor(unittest.TestCase):
    def test_output_equals_input_over_every_capture(self):
        captures = sorted(CAPTURES.glob("*/*.pcap"))
        if not captures:
            self.skipTest("no captures beside the project")
        compared = 0
        with tempfile.TemporaryDirectory() as folder:
            policy = pathlib.Path(folder) / "policy.toml"
            policy.write_text(POLICY)
            forwarded = pathlib.Path(folder) / "forwarded.pcap"
            for capture in captures:
                for checksums in ([], ["--checksums", "verify"]):
                    with self.subTest(capture=capture.name, checksums=checksums):
                        done = subprocess.run([binaries_of_test() / "sluice", "inspect", capture, "--config", policy,
                                               "--forwarded", forwarded, "--quiet", *checksums], capture_output=True,
                                              text=True, check=False)
                        self.assertIn(done.returncode, (0, 3), done.stderr)
                        came = [frame for frame, on_wire in frames(capture) if len(frame) >= on_wire]
                        left = [frame for frame, _ in frames(forwarded)]
                        self.assertEqual(left, came)
                        compared += len(came)
        print(f"{compared} frames of {len(captures)} captures compared")
        self.assertGreater(compared, 1000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
