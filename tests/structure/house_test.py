"""The house: what stands at the top, which files are programs, who may read wire bytes, and that each file is formatted and
each header stands alone."""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import tree  # noqa: E402

TOP = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", "dataplane", "rules", "control", "tests", "bench",
       "images", "build"}
PROGRAMS = (".ci/run", "images/setup", "images/lab/run", "tests/run", "tests/fuzz/nightly")
# Ways around Reader: bytes of a message touched by hand.
RAW = re.compile(r"\b(memcpy|memmove|reinterpret_cast|bit_cast|ntohs|ntohl|be16toh|be32toh|be64toh)\b"
                 r"|\b(bytes|pdu|payload|prefix|message|data)\s*\[")


class House(unittest.TestCase):
    def test_the_top_level_is_fixed(self):
        extra = sorted(path.name for path in tree.ROOT.iterdir() if path.name not in TOP and not path.name.startswith("."))
        self.assertFalse(extra, f"not of the top level: {extra}")

    def test_programs_have_their_run_bit(self):
        for name in PROGRAMS:
            with self.subTest(name):
                self.assertTrue(os.access(tree.ROOT / name, os.X_OK), f"{name} is missing or has no run bit")

    def test_decoders_read_wire_bytes_only_through_reader(self):
        wrong = []
        for path in tree.sources():
            if path.parts[:2] != ("dataplane", "protocol") or len(path.parts) < 4 or tree.is_test(path):
                continue
            for number, line in enumerate(tree.text(path).splitlines(), 1):
                if RAW.search(line.split("//")[0]):
                    wrong.append(f"{path}:{number}: {line.strip()}")
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def test_every_file_is_formatted(self):
        done = subprocess.run(["clang-format-14", "--dry-run", "--Werror", *map(str, tree.sources())], cwd=tree.ROOT,
                              capture_output=True, text=True)
        files = sorted({line.split(":")[0] for line in done.stderr.splitlines() if ": error:" in line})
        self.assertEqual(done.returncode, 0, "clang-format-14 -i " + " ".join(files))

    def test_headers_start_with_pragma_once_and_a_comment(self):
        wrong = []
        for path in tree.sources():
            lines = tree.text(path).splitlines()
            if path.suffix == ".hpp" and (not lines or not lines[0].startswith("//") or "#pragma once" not in lines):
                wrong.append(str(path))
        self.assertFalse(wrong, f"no first comment, or no #pragma once: {wrong}")

    def test_each_header_stands_alone(self):
        """A header whose .cpp or test includes it first is proven by the build; the others are compiled here."""
        alone, wrong = [], []
        for path in (path for path in tree.sources() if path.suffix == ".hpp"):
            partners = [path.with_name(path.stem + end) for end in (".cpp", "_test.cpp")]
            firsts = [tree.includes(partner)[0][0] for partner in partners if (tree.ROOT / partner).is_file()]
            if str(path) not in firsts:
                alone.append(path)

        def compile_alone(path):
            done = subprocess.run(["g++", "-std=c++20", "-fsyntax-only", "-DTOML_EXCEPTIONS=0", "-march=corei7", "-I.",
                                   "-isystem", "/usr/include/dpdk", "-x", "c++", "-include", str(path), "/dev/null"],
                                  cwd=tree.ROOT, capture_output=True, text=True)
            return f"{path}:\n{done.stderr}" if done.returncode else ""

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            wrong = [fault for fault in pool.map(compile_alone, alone) if fault]
        self.assertFalse(wrong, "\n".join(wrong))


if __name__ == "__main__":
    unittest.main(verbosity=2)
