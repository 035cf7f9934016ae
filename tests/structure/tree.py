"""The tree as the structure tests see it: its C++ files and what they include. Standard library only."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("rules", "dataplane", "control", "tests", "bench", "images")  # includes point left
_INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)


def sources():
    """Every C++ file below the folders of the tree, as a path from the root."""
    found = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".hpp", ".cpp") and path.is_file():
                found.append(path.relative_to(ROOT))
    return found


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def includes(path):
    """The files that `path` includes: (name, quoted)."""
    return [(name, mark == '"') for mark, name in _INCLUDE.findall(text(path))]


def is_test(path):
    return path.stem.endswith(("_test", "_bench", "_fuzz"))
