"""What fuzzing leaves in the tree: each target has a corpus, each corpus a target, and all of it stays small."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import tree  # noqa: E402

CORPUS = tree.ROOT / "tests" / "fuzz" / "corpus"
MOST_FILE = 4096
MOST_TARGET = 64 << 10
MOST = 1536 << 10


def targets():
    """Names as the build makes them: THING of THING_fuzz.cpp, and decoder_NAME of each protocol's folder."""
    names = []
    for path in tree.sources():
        if path.name.endswith("_fuzz.cpp") and path.as_posix() != "dataplane/protocol/decoder_fuzz.cpp":
            names.append(path.name.removesuffix("_fuzz.cpp"))
        if path.parts[:2] == ("dataplane", "protocol") and len(path.parts) == 4 and path.name == "decoder.hpp":
            names.append(f"decoder_{path.parts[2]}")
    return names


class Fuzz(unittest.TestCase):
    def test_names_of_targets_are_one_set(self):
        names = targets()
        self.assertIn("packet", names)
        self.assertEqual(len(names), len(set(names)), sorted(names))

    def test_each_target_has_a_corpus_and_each_corpus_a_target(self):
        folders = {path.name for path in CORPUS.iterdir() if any(path.iterdir())}
        self.assertEqual(folders, set(targets()), "tests/fuzz/nightly --write makes a corpus")

    def test_each_target_of_text_or_bytes_has_its_words(self):
        for path in tree.sources():
            if path.name.endswith("_fuzz.cpp") and path.as_posix() != "dataplane/protocol/decoder_fuzz.cpp":
                with self.subTest(str(path)):
                    words = tree.ROOT / path.with_name(path.name.replace("_fuzz.cpp", ".dict"))
                    self.assertTrue(words.is_file(), f"{words} is missing")

    def test_corpora_stay_small(self):
        total = 0
        for folder in CORPUS.iterdir():
            sizes = {path: path.stat().st_size for path in folder.iterdir()}
            for path, size in sizes.items():
                self.assertLess(size, MOST_FILE, path)
            self.assertLess(sum(sizes.values()), MOST_TARGET, folder)
            total += sum(sizes.values())
        self.assertLess(total, MOST)


if __name__ == "__main__":
    unittest.main(verbosity=2)
