"""The box under test: sluice-dataplane on the interfaces of its own namespace, and sluiced beside it. Built on plant.py.

    box = Box(plant, binaries)
    plant.wire(client, "eth0", box.namespace, "eth1")
    plant.wire(box.namespace, "eth2", server, "eth0")
    box.start_dataplane()
    box.start_daemon()
    box.commit(policy_text)
"""
import json
import os
import pathlib

from plant import Failed, wait_until


def binaries_of_test():
    """Where ctest says that the programs are; the dev preset when a test is started by hand."""
    root = pathlib.Path(__file__).resolve().parents[2]
    return pathlib.Path(os.environ.get("SLUICE_BIN_DIR", root / "build/dev/bin"))


def support_of_test():
    root = pathlib.Path(__file__).resolve().parents[2]
    return pathlib.Path(os.environ.get("SLUICE_SUPPORT_DIR", root / "build/dev/tests/support"))


class Box:
    def __init__(self, plant, binaries=None, ports=("eth1", "eth2")):
        self.plant = plant
        self.binaries = pathlib.Path(binaries or binaries_of_test())
        self.ports = ports
        self.namespace = plant.namespace("box")
        self.folder = plant.folder / "box"
        self.folder.mkdir()
        self.state = self.folder / "state"
        self.state.mkdir()
        self.policy = self.folder / "policy.toml"
        self.eve = self.folder / "eve.json"
        self.api = self.folder / "api.sock"
        self.control = self.folder / "dataplane.sock"
        self.config = self.folder / "sluiced.toml"
        self.config.write_text(
            f'state = "{self.state}"\npolicy = "{self.policy}"\ndataplane = "{self.control}"\napi = "{self.api}"\n'
            f'[events]\nfile = "{self.eve}"\n' + "".join(f'[[port]]\nname = "{name}"\n' for name in ports))
        self.dataplane = None
        self.daemon = None

    @property
    def confirmed(self):
        """The start image: what the last confirmed commit left."""
        return self.state / "confirmed" / "image"

    def compile(self, text):
        """An image of a policy, for a dataplane without a daemon."""
        self.policy.write_text(text)
        image = self.folder / "image"
        self.sluice("check", self.policy, "--image", image)
        return image

    def start_dataplane(self, *options, image=None, driver="auto", ready="ready"):
        command = [self.binaries / "sluice-dataplane", "--control", self.control, "--image", image or self.confirmed,
                   "--driver", driver]
        for name in self.ports:
            command += ["--port", name]
        self.dataplane = self.namespace.start([*command, *options], ready=ready, timeout=60)
        return self.dataplane

    def start_daemon(self):
        """Starts sluiced, and waits until it has found the dataplane if there is one."""
        self.daemon = self.namespace.start([self.binaries / "sluiced", "--config", self.config], ready="ready on", timeout=60)
        if self.dataplane is not None and self.dataplane.alive():
            wait_until(lambda: self.status()["dataplane"]["connected"], "the daemon did not find the dataplane")
        return self.daemon

    def sluice(self, *words, check=True, timeout=60):
        return self.namespace.run(self.binaries / "sluice", *words, check=check, timeout=timeout)

    def ask(self, *words, check=True):
        """What the daemon answers to a command, as an object."""
        done = self.sluice(*words, "--socket", self.api, "-o", "json", check=check)
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            raise Failed(f"sluice {words[0]}: {done.stdout}{done.stderr}") from None

    def commit(self, text):
        """Writes the policy and commits it; returns what the daemon answered."""
        self.policy.write_text(text)
        return self.ask("commit", self.policy)

    def status(self):
        return self.ask("status", check=False)  # what it finds wrong is exit 1

    def events(self, wanted=lambda event: True):
        """The events written so far, oldest first; a line that is being written is left for the next time."""
        if not self.eve.exists():
            return []
        lines = self.eve.read_text(errors="replace").split("\n")[:-1]
        return [event for event in map(json.loads, lines) if wanted(event)]

    def wait_for_event(self, wanted, what, timeout=10):
        return wait_until(lambda: self.events(wanted), f"no event: {what}", timeout)[0]
