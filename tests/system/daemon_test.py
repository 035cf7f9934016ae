"""The control daemon and the dataplane live apart: the daemon's death changes nothing on the wire, it finds the running generation
again, and the dataplane starts from the last confirmed image with no daemon running."""
import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from box import Box, support_of_test  # noqa: E402
from plant import Failed, Plant, needs_root, wait_until  # noqa: E402

CLIENT, SERVER = "10.0.0.1", "10.0.1.1"
POLICY = """
[[zone]]
name = "clients"
networks = ["10.0.0.0/24"]
[[zone]]
name = "servers"
networks = ["10.0.1.0/24"]
[[conduit]]
name = "line"
sides = [{ port = "eth1", zones = ["clients"] }, { port = "eth2", zones = ["servers"] }]
groundwork = ["arp"]
mode = "enforce"
on_failure = "closed"
midstream = "resync"
deny = "reset"
[[allow]]
from = "clients"
to = "servers"
protocol = "modbus"
functions = ["read_holding_registers"]
reason = "test"
"""
WIDER = POLICY.replace('["read_holding_registers"]', '["read_holding_registers", "write_single_register"]')


@needs_root
class Daemon(unittest.TestCase):
    def setUp(self):
        self.plant = self.enterContext(Plant())
        self.client, self.server = self.plant.namespace("client"), self.plant.namespace("server")
        self.box = Box(self.plant)
        self.plant.wire(self.client, "eth0", self.box.namespace, "eth1")
        self.plant.wire(self.box.namespace, "eth2", self.server, "eth0")
        self.client.address("eth0", f"{CLIENT}/23")
        self.server.address("eth0", f"{SERVER}/23")
        self.server.start([support_of_test() / "modbus_server", "--address", "0.0.0.0"], ready="ready")

    def poll(self):
        poller = self.client.start([support_of_test() / "modbus_client", SERVER, "poll", "--rate", "100", "--report", "0.5"])
        wait_until(lambda: any(json.loads(line)["answered"] > 0 for line in poller.lines), "the first answer")
        return poller

    def polled(self, poller):
        poller.end()
        return json.loads(poller.lines[-1])

    def ask(self, function, data):
        sent = self.client.run(support_of_test() / "modbus_client", SERVER, "--timeout", "2", "send", "--function", function,
                               "--data", data, check=False)
        return json.loads(sent.stdout.splitlines()[-1])["outcome"]

    def test_the_daemons_death_changes_nothing_on_the_wire(self):
        self.box.start_dataplane("--shared-core")
        self.box.start_daemon()
        generation = self.box.commit(POLICY)["generation"]
        poller = self.poll()
        self.box.daemon.kill()
        time.sleep(2)
        self.assertEqual(self.ask(6, "00010002"), "closed", "what was denied is denied without the daemon")
        self.box.start_daemon()
        status = wait_until(lambda: (lambda s: s if s["generation"].get("running") == generation else None)(self.box.status()),
                            "the restarted daemon finds the running generation")
        self.assertEqual(status["generation"]["running"], generation)
        self.assertEqual(self.box.commit(WIDER)["generation"], generation + 1)
        self.assertEqual(self.ask(6, "00010002"), "reply")
        polled = self.polled(poller)
        self.assertEqual((polled["failed"], polled["exceptions"], polled["connections"]), (0, 0, 1), polled)
        self.assertGreater(polled["answered"], 200)

    def test_the_dataplane_starts_from_the_last_confirmed_image_without_the_daemon(self):
        self.box.start_dataplane("--shared-core")
        self.box.start_daemon()
        self.box.commit(POLICY)
        self.assertEqual(self.ask(3, "00000001"), "reply")
        self.box.daemon.kill()
        self.box.dataplane.kill()
        self.box.start_dataplane("--shared-core")
        self.assertEqual(wait_until(lambda: self.ask(3, "00000001"), "an answer"), "reply")
        self.assertEqual(self.ask(6, "00010002"), "closed")

    def test_without_any_image_nothing_passes(self):
        self.box.start_dataplane("--shared-core")
        self.assertEqual(self.ask(3, "00000001"), "no connection")

    def test_a_refused_configuration_leaves_the_old_one_in_force(self):
        self.box.start_dataplane("--shared-core")
        self.box.start_daemon()
        generation = self.box.commit(POLICY)["generation"]
        self.box.policy.write_text(WIDER.replace("write_single_register", "write_singel_register"))
        done = self.box.sluice("commit", self.box.policy, "--socket", self.box.api, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("policy.toml:", done.stdout + done.stderr)
        self.assertIn("write_single_register", done.stdout + done.stderr)
        self.assertEqual(self.box.status()["generation"]["running"], generation)
        self.assertEqual(self.ask(3, "00000001"), "reply")
        with self.assertRaises(Failed):
            self.box.commit(POLICY.replace("eth2", "eth9"))
        self.assertEqual(self.box.status()["generation"]["running"], generation)
        self.assertEqual(self.ask(6, "00010002"), "closed")


if __name__ == "__main__":
    unittest.main(verbosity=2)
