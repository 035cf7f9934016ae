"""The lab tells its story to the end, and removes all that it made, also when it is interrupted."""
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "support"))
from plant import PREFIX, needs_root, run  # noqa: E402

BUILD = pathlib.Path(os.environ.get("SLUICE_BIN_DIR", HERE.parents[1] / "build/dev/bin")).parent


@needs_root
class Lab(unittest.TestCase):
    def start(self, *words):
        return subprocess.Popen([sys.executable, "-B", HERE / "story.py", BUILD, *words], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, start_new_session=True)

    def left_behind(self, pid):
        names = run("ip", "netns", "list").stdout.split()
        processes = run("ps", "-eo", "args").stdout.splitlines()
        mark = f"{PREFIX}{pid}-"
        return [text for text in names + processes if mark in text] + list(pathlib.Path("/tmp").glob(mark + "*"))

    def test_the_story_goes_as_told(self):
        lab = self.start("--once")
        out, _ = lab.communicate(timeout=240)
        self.assertEqual(lab.returncode, 0, out)
        for words in ("WOULD DENY", "DENIED", "PATCHED", "The story went as told", "This is a lab"):
            self.assertIn(words, out)
        self.assertNotIn("BAD", out)
        self.assertEqual(self.left_behind(lab.pid), [])

    def test_an_interrupted_lab_removes_what_it_made(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                lab = self.start()
                lines = iter(lab.stdout.readline, "")
                self.assertTrue(any("polls the PLC" in line for line in lines))
                self.assertNotEqual(self.left_behind(lab.pid), [])
                time.sleep(0.5)
                lab.send_signal(number)
                lab.communicate(timeout=60)
                self.assertEqual(self.left_behind(lab.pid), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
