"""Includes point one way: rules <- dataplane <- control <- tests, bench <- images, and inside the first two from the ground
up. Only tests may look sideways, and no file outside the ports knows DPDK."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import tree  # noqa: E402

LEVEL = {"rules": 0, "dataplane": 1, "control": 2, "tests": 3, "bench": 3, "images": 4}
INNER = {
    "rules": ("base", "schema", "language", "image", "pack", "compile"),
    "dataplane": ("packet", "protocol", "flow", "stream", "ruleset", "engine", "channel", "port", "app"),
}
DPDK_FOLDERS = ("dataplane/port/", "dataplane/app/")


def edges():
    for path in tree.sources():
        for name, quoted in tree.includes(path):
            yield path, name, quoted


class Includes(unittest.TestCase):
    def report(self, wrong):
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def test_the_tree_is_found(self):
        self.assertGreater(len(tree.sources()), 20)

    def test_every_include_of_ours_is_a_path_from_the_root(self):
        self.report([f"{path}: \"{name}\" is no file of the tree" for path, name, quoted in edges()
                     if quoted and not (tree.ROOT / name).is_file()])

    def test_includes_point_left(self):
        wrong = []
        for path, name, _ in edges():
            target = name.split("/")[0]
            if target in LEVEL and LEVEL[path.parts[0]] < LEVEL[target]:
                wrong.append(f"{path} includes {name}: {path.parts[0]} must not know {target}")
            if target in ("tests", "bench") and path.parts[0] in ("tests", "bench") and target != path.parts[0]:
                wrong.append(f"{path} includes {name}: tests and bench do not know each other")
        self.report(wrong)

    def test_inside_rules_and_dataplane_includes_point_to_the_ground(self):
        wrong = []
        for path, name, _ in edges():
            parts = pathlib.PurePath(name).parts
            order = INNER.get(path.parts[0])
            if order is None or parts[0] != path.parts[0] or tree.is_test(path):
                continue
            for folder in (path.parts[1], parts[1]):
                self.assertIn(folder, order, f"{path}: the folder {folder} has no place in the order")
            if order.index(parts[1]) > order.index(path.parts[1]):
                wrong.append(f"{path} includes {name}: {path.parts[1]} must not know {parts[1]}")
        self.report(wrong)

    def test_the_model_knows_nothing_of_what_it_judges(self):
        self.report([f"{path} includes {name}" for path, name, quoted in edges()
                     if path.parts[:2] == ("tests", "model") and not tree.is_test(path) and quoted
                     and not name.startswith("tests/model/")])

    def test_no_protocol_knows_another(self):
        wrong = []
        for path, name, _ in edges():
            parts = pathlib.PurePath(name).parts
            if path.parts[:2] != ("dataplane", "protocol") or len(path.parts) < 4 or tree.is_test(path):
                continue
            if parts[:2] == ("dataplane", "protocol") and len(parts) == 4 and parts[2] not in (path.parts[2], "carrier"):
                wrong.append(f"{path} includes {name}")
        self.report(wrong)

    def test_nothing_outside_a_protocols_folder_knows_it(self):
        """Central code that names a protocol would have to be edited for the next one."""
        wrong = []
        for path, name, _ in edges():
            parts = pathlib.PurePath(name).parts
            if parts[:2] != ("dataplane", "protocol") or len(parts) != 4 or tree.is_test(path):
                continue
            if path.parts[0] in ("rules", "dataplane", "control") and path.parts[:3] != parts[:3] and \
                    path.parts[:2] != ("dataplane", "protocol"):
                wrong.append(f"{path} includes {name}")
        self.report(wrong)

    def test_only_ports_and_the_program_know_dpdk(self):
        self.report([f"{path} includes {name}" for path, name, _ in edges()
                     if name.startswith("rte_") and not str(path).startswith(DPDK_FOLDERS) and not tree.is_test(path)])

    def test_the_dataplane_takes_only_the_runtime_of_hyperscan(self):
        self.report([f"{path} includes {name}" for path, name, _ in edges()
                     if path.parts[0] == "dataplane" and not tree.is_test(path)
                     and name in ("hs.h", "hs_compile.h", "hs/hs.h", "hs/hs_compile.h")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
