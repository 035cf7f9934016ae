"""A line with one conduit, for tests of whole sessions: clients in one namespace, a device in another, the box between."""
import pathlib
import subprocess

from box import Box

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEVICE = "10.9.0.130"
POLICY = """
[[zone]]
name = "it"
networks = ["10.9.0.0/25"]
[[zone]]
name = "ot"
networks = ["10.9.0.128/25"]
[[asset]]
name = "plc"
zone = "ot"
address = "10.9.0.130"
neutralise = true
[[conduit]]
name = "line"
sides = [{ port = "eth1", zones = ["it"] }, { port = "eth2", zones = ["ot"] }]
groundwork = ["arp"]
mode = "enforce"
on_failure = "closed"
midstream = "resync"
[[allow]]
from = "it"
to = "plc"
protocol = "modbus"
functions = ["read_holding_registers"]
targets = ["holding 0..99"]
reason = "the HMI reads"
"""


def release(*more):
    """The programs as they are shipped, the peers, and more targets; builds what is not built."""
    folder = ROOT / "build/release"
    subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", "release", "--target", "sluice", "sluiced", "sluice-dataplane",
                    "sluice-compile", "modbus_client", "modbus_server", *more], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder / "bin", folder / "tests/support"


class Line:
    """Reads of the device are allowed, all else is refused by stand-ins; no daemon, the image as compiled."""

    def __init__(self, plant, binaries=None):
        self.it, self.ot = plant.namespace("it"), plant.namespace("ot")
        self.box = Box(plant, binaries)
        plant.wire(self.it, "eth0", self.box.namespace, "eth1")
        plant.wire(self.box.namespace, "eth2", self.ot, "eth0")
        self.it.address("eth0", "10.9.0.1/24")
        self.ot.address("eth0", f"{DEVICE}/24")
        self.image = self.box.compile(POLICY)
        self.start()

    def start(self):
        self.box.start_dataplane("--shared-core", image=self.image)
