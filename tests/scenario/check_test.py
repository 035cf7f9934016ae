"""sluice check: what it says of good, bad and unreadable configurations, and its exit codes."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from box import binaries_of_test  # noqa: E402

GOOD = """
[[zone]]
name = "a"
security_level = 1
networks = ["10.0.0.0/24"]

[[zone]]
name = "b"
security_level = 2
networks = ["10.0.1.0/24"]

[[conduit]]
name = "a-b"
sides = [{ port = "eth1", zones = ["a"] }, { port = "eth2", zones = ["b"] }]
groundwork = ["arp"]
mode = "enforce"
on_failure = "closed"
midstream = "drop"
deny = "reset"

[[allow]]
from = "a"
to = "b"
protocol = "modbus"
access = ["read"]
reason = "test"
"""


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def check(self, text, *options, name="policy.toml"):
        path = self.folder / name
        path.write_text(text)
        return subprocess.run([binaries_of_test() / "sluice", "check", path, *options], capture_output=True, text=True)

    def test_a_good_configuration_is_exit_0(self):
        done = self.check(GOOD)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("2 zones", done.stdout)

    def test_the_first_configuration_of_the_readme_is_good(self):
        readme = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text()
        done = self.check(readme.split("```toml\n")[1].split("```")[0])
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_explain_shows_what_a_conduit_chose_otherwise(self):
        path = self.folder / "policy.toml"
        chosen = 'ttl_floor = 5\nnormalisation = { tcp_urgent = "drop", ip_options = "normalise", trailer = "normalise" }\n'
        path.write_text(GOOD.replace('midstream = "drop"\n', 'midstream = "drop"\n' + chosen))
        explain = [binaries_of_test() / "sluice", "explain", "normalisation", "--config", path]
        told = subprocess.run([*explain, "-o", "json"], capture_output=True, text=True, check=True)
        self.assertEqual(json.loads(told.stdout)["conduits"],
                         [{"name": "a-b", "ttl_floor": 5,
                           "normalisation": {"ip_options": "normalise", "tcp_urgent": "drop"}}])
        told = subprocess.run(explain, capture_output=True, text=True, check=True)
        self.assertIn("conduit a-b: \n    ip_options = normalise (usual: drop)\n", told.stdout)

    def test_every_error_is_told_at_once_with_its_place(self):
        done = self.check(GOOD.replace('protocol = "modbus"', 'protocol = "modbuss"')
                          .replace('"arp"', '"arpp"').replace('10.0.1.0/24', '10.0.1.0/240'))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "")
        lines = done.stderr.splitlines()
        self.assertGreaterEqual(len(lines), 3)
        for line in lines:
            self.assertRegex(line, r"^sluice: error: .*policy\.toml:\d+:\d+: .+")
        for word in ("modbuss", "arpp", "/240"):
            self.assertIn(word, done.stderr)

    def test_json_has_the_errors_as_objects(self):
        done = self.check(GOOD.replace('"arp"', '"arpp"'), "-o", "json")
        self.assertEqual(done.returncode, 1)
        told = json.loads(done.stdout)
        self.assertFalse(told["ok"])
        self.assertEqual(told["errors"][0]["line"], 15)
        self.assertIn("arp", told["errors"][0]["remedy"])

    def test_json_of_a_good_configuration_counts_what_is_in_it(self):
        told = json.loads(self.check(GOOD, "-o", "json").stdout)
        self.assertTrue(told["ok"])
        self.assertEqual((told["summary"]["zones"], told["summary"]["rules"]), (2, 1))
        self.assertRegex(told["source_digest"], "^[0-9a-f]{64}$")

    def test_text_that_is_no_toml_is_exit_1(self):
        self.assertEqual(self.check("[[zone]\nname").returncode, 1)

    def test_a_file_that_cannot_be_read_is_exit_3(self):
        done = subprocess.run([binaries_of_test() / "sluice", "check", self.folder / "none.toml"], capture_output=True,
                              text=True)
        self.assertEqual(done.returncode, 3)
        self.assertIn("none.toml", done.stderr)

    def test_the_image_is_written_only_when_it_is_good(self):
        image = self.folder / "image"
        self.check(GOOD + "nonsense", "--image", image)
        self.assertFalse(image.exists())
        self.assertEqual(self.check(GOOD, "--image", image).returncode, 0)
        self.assertEqual(image.read_bytes()[:8], b"SLUICEIM")


if __name__ == "__main__":
    unittest.main(verbosity=2)
