"""The ten checks of the pipeline that tests may switch off: with any one of them off the model finds what gets through, with all on
it finds nothing, and what is shipped has no such switch."""
import os
import pathlib
import subprocess
import tempfile
import unittest

BIN = pathlib.Path(os.environ.get("SLUICE_BIN_DIR", pathlib.Path(__file__).resolve().parents[2] / "build/dev/bin"))
SOAK = BIN.parent / "tests/soak"
COUNT = "30000"


def run(program, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run([SOAK / program, *arguments, "--capture", f"{folder}/flow.pcap"], capture_output=True, text=True,
                              check=False)


def names():
    told = run("adversarial-switched", "--off", "nothing-of-the-kind").stderr
    return told.split("there are")[1].split()


def symbols(path):
    return subprocess.run(["nm", "-C", path], capture_output=True, text=True, check=True).stdout


class Checks(unittest.TestCase):
    def test_without_any_of_the_ten_checks_something_gets_through_and_is_found(self):
        self.assertEqual(len(names()), 10)
        for name in names():
            with self.subTest(name):
                done = run("adversarial-switched", "--off", name, "--count", COUNT)
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                self.assertIn("violation at frame", done.stdout)

    def test_with_all_of_them_nothing_is_found(self):
        done = run("adversarial-switched", "--count", COUNT)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_check_that_is_none_is_an_error(self):
        done = run("adversarial-switched", "--off", "gravity")
        self.assertEqual(done.returncode, 2)
        self.assertIn("gravity", done.stderr)

    def test_the_shipped_engine_has_no_switch(self):
        self.assertEqual(run("adversarial", "--off", names()[0]).returncode, 2)
        build = BIN.parent
        self.assertIn("sluice::switched", symbols(build / "tests/libsluice_engine_switched.a"))
        for shipped in (build / "dataplane/libsluice_engine.a", BIN / "sluice-dataplane", BIN / "sluice"):
            with self.subTest(shipped.name):
                found = symbols(shipped)
                self.assertNotIn("sluice::switched", found)
                self.assertNotIn("sluice::runs(", found)


if __name__ == "__main__":
    unittest.main(verbosity=2)
