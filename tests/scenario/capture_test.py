"""sluice decode, match and inspect over captures made here: what tshark prints is what decode prints, and what a policy denies
does not leave the box."""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from box import binaries_of_test  # noqa: E402
from capture import Conversation, modbus, write_capture  # noqa: E402
from plant import read_capture  # noqa: E402

POLICY = """
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
targets = ["holding 0..9"]
reason = "test"
"""
READ = struct.pack("!HH", 3, 2)
FIELDS = ("modbus.func_code", "modbus.reference_num", "modbus.word_cnt", "modbus.bit_cnt", "modbus.exception_code",
          "mbtcp.unit_id", "mbtcp.trans_id")


def poll():
    """A connection, a read and its answer: frames 1 to 5."""
    return Conversation().open().ask(modbus(3, READ)).answer(modbus(3, b"\x04\x00\x01\x00\x02"))


class Captures(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.capture = self.folder / "capture.pcap"
        self.policy = self.folder / "policy.toml"
        self.policy.write_text(POLICY)

    def sluice(self, *words):
        done = subprocess.run([binaries_of_test() / "sluice", *map(str, words)], capture_output=True, text=True, timeout=120)
        self.assertIn(done.returncode, (0, 1, 2, 3), done.stderr)
        return done

    def decode(self, conversation, *fields):
        write_capture(self.capture, conversation.frames)
        flags = [word for field in fields for word in ("-e", field)]
        done = self.sluice("decode", self.capture, *flags)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [line.split("\t") for line in done.stdout.splitlines()]

    def inspect(self, conversation, *options):
        write_capture(self.capture, conversation.frames)
        done = self.sluice("inspect", self.capture, "--config", self.policy, "-o", "json", *options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        *events, last = map(json.loads, done.stdout.splitlines())
        return events, last["summary"]

    # decode

    def test_decode_prints_what_tshark_prints(self):
        talk = Conversation().open()
        for function in range(1, 128):
            for data in (READ, struct.pack("!HHB", 1, 1, 2) + b"\x12\x34", b"", b"\x0e\x01\x00"):
                if data == b"" and function in (8, 43):
                    continue  # too short for their sub-functions: tshark then takes the message for no Modbus at all
                talk.ask(modbus(function, data, transaction=function))
            talk.answer(modbus(function | 0x80, b"\x02", transaction=function))
        talk.ask(modbus(3, READ) + modbus(1, READ) + modbus(4, READ))  # three in one segment
        write_capture(self.capture, talk.frames)
        flags = [word for field in FIELDS for word in ("-e", field)]
        tshark = subprocess.run(["tshark", "-n", "-r", self.capture, "-Y", "modbus", "-T", "fields", "-E", "occurrence=a", "-E",
                                 "aggregator=,", "-e", "frame.number", *flags], capture_output=True, text=True, check=True)
        ours = self.sluice("decode", self.capture, *flags)
        theirs = dict(line.split("\t", 1) for line in tshark.stdout.splitlines())
        mine = dict(line.split("\t", 1) for line in ours.stdout.splitlines())
        self.assertGreater(len(theirs), 500)
        different = {frame: (theirs.get(frame), mine.get(frame)) for frame in theirs | mine if theirs.get(frame) != mine.get(frame)}
        self.assertEqual(different, {})

    def test_a_message_of_two_segments_is_shown_in_the_frame_that_completes_it(self):
        message = modbus(3, READ)
        rows = self.decode(Conversation().open().ask(message[:5]).ask(message[5:]), "modbus.func_code")
        self.assertEqual(rows, [["5", "3"]])

    def test_retransmitted_bytes_are_not_decoded_twice(self):
        message = modbus(3, READ)
        talk = Conversation().open().ask(message).again(message, len(message)).ask(modbus(4, READ))
        self.assertEqual(self.decode(talk, "modbus.func_code"), [["4", "3"], ["6", "4"]])

    def test_a_session_without_its_beginning_is_decoded(self):
        talk = Conversation().ask(modbus(3, READ)).answer(modbus(3, b"\x02\x00\x01"))
        self.assertEqual(self.decode(talk, "modbus.func_code"), [["1", "3"], ["2", "3"]])

    def test_wrong_checksums_do_not_matter_to_decode(self):
        talk = poll()
        frame = bytearray(talk.frames[3])
        frame[50] ^= 0xff
        talk.frames[3] = bytes(frame)
        self.assertEqual(len(self.decode(talk, "modbus.func_code")), 2)

    def test_every_field_that_fields_lists_is_accepted(self):
        names = [field["name"] for schema in json.loads(self.sluice("fields", "-o", "json").stdout) for field in schema["fields"]]
        self.assertGreater(len(names), 60)
        rows = self.decode(poll(), *names)
        self.assertEqual(len(rows), 5)
        self.assertEqual({len(row) for row in rows}, {len(names) + 1})

    def test_an_unknown_field_is_bad_use_and_prints_nothing(self):
        write_capture(self.capture, poll().frames)
        done = self.sluice("decode", self.capture, "-e", "modbus.func_code", "-e", "modbus.func_cod")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("modbus.func_code", done.stderr)

    def test_json_has_one_object_a_frame(self):
        write_capture(self.capture, poll().frames)
        done = self.sluice("decode", self.capture, "-e", "modbus.func_code", "-o", "json")
        self.assertEqual([json.loads(line) for line in done.stdout.splitlines()],
                         [{"frame": 4, "fields": {"modbus.func_code": [3]}}, {"frame": 5, "fields": {"modbus.func_code": [3]}}])

    # bad captures

    def test_a_capture_that_is_cut_is_read_to_the_cut(self):
        write_capture(self.capture, poll().frames)
        self.capture.write_bytes(self.capture.read_bytes()[:-3])
        for words in (("decode", self.capture, "-e", "frame.number"), ("match", self.capture, "frame.number")):
            done = self.sluice(*words)
            self.assertEqual(done.returncode, 3)
            self.assertEqual([line.split("\t")[0] for line in done.stdout.splitlines()], ["1", "2", "3", "4"])
            self.assertIn("after frame 4", done.stderr)

    def test_what_is_no_ethernet_capture_is_exit_3_with_nothing_printed(self):
        write_capture(self.capture, poll().frames, link_type=113)
        text = self.folder / "text"
        text.write_text("no capture")
        for path in (self.capture, text, self.folder / "none"):
            for words in (("decode", path, "-e", "ip.src"), ("match", path, "ip"), ("inspect", path, "--config", self.policy)):
                done = self.sluice(*words)
                self.assertEqual((done.returncode, done.stdout), (3, ""), words)
                self.assertIn(str(path), done.stderr)

    # match

    def test_match_prints_the_numbers_of_the_frames(self):
        write_capture(self.capture, poll().frames)
        for expression, frames in (("modbus.func_code == 3", "4 5"), ("tcp.dstport == 502 and not modbus", "1 3"),
                                   ("modbus.reference_num in {1..5}", "4"), ("modbus.func_code == 99", "")):
            done = self.sluice("match", self.capture, expression)
            self.assertEqual((done.returncode, done.stdout.split()), (0, frames.split()), expression)

    def test_a_wrong_expression_is_bad_use_and_prints_nothing(self):
        write_capture(self.capture, poll().frames)
        for expression in ("modbus.func_cod == 3", "modbus.func_code ==", "modbus.func_code == \"x\""):
            done = self.sluice("match", self.capture, expression)
            self.assertEqual((done.returncode, done.stdout), (2, ""), expression)
            self.assertRegex(done.stderr, r"expression:1:\d+: ")

    # inspect

    def test_what_the_policy_allows_leaves_the_box_unchanged(self):
        talk = poll()
        out = self.folder / "out.pcap"
        events, summary = self.inspect(talk, "--forwarded", out)
        self.assertEqual(events, [])
        self.assertEqual((summary["frames"], summary["denied"], summary["pdus"]), (5, 0, {"modbus": 2}))
        self.assertEqual([frame for _, frame in read_capture(out)], talk.frames)

    def test_a_denied_message_does_not_leave_the_box_and_is_told(self):
        denied = modbus(6, struct.pack("!HH", 1, 0xbeef))
        talk = poll().ask(denied)
        out = self.folder / "out.pcap"
        events, summary = self.inspect(talk, "--forwarded", out)
        self.assertEqual(summary["denied"], 1)
        self.assertEqual(events[0]["pcap_cnt"], 6)
        self.assertEqual(events[0]["sluice"]["reason"], "no_rule")
        self.assertEqual(events[0]["modbus"]["function"], "write_single_register")
        left = [frame for _, frame in read_capture(out)]
        self.assertFalse([frame for frame in left if denied in frame])
        self.assertEqual(left[:5], talk.frames[:5])

    def test_a_read_outside_the_targets_is_denied(self):
        events, summary = self.inspect(Conversation().open().ask(modbus(3, struct.pack("!HH", 8, 3))))
        self.assertEqual((summary["denied"], len(events)), (1, 1))

    def test_in_monitor_mode_output_equals_input(self):
        self.policy.write_text(POLICY.replace('"enforce"', '"monitor"'))
        talk = poll().ask(modbus(6, READ)).ask(b"\xff" * 300).again(b"\x00" * 20, 40)
        out = self.folder / "out.pcap"
        events, summary = self.inspect(talk, "--forwarded", out)
        self.assertEqual([frame for _, frame in read_capture(out)], talk.frames)
        self.assertEqual(summary["denied"], 0)
        self.assertGreater(summary["would_deny"], 0)
        self.assertIn("would deny", {event["sluice"]["outcome"] for event in events})

    def test_wrong_checksums_are_counted_or_verified_as_asked(self):
        talk = poll()
        frame = bytearray(talk.frames[3])
        frame[50] ^= 0xff
        talk.frames[3] = bytes(frame)
        _, counted = self.inspect(talk)
        self.assertEqual((counted["wrong_checksums"], counted["denied"]), (1, 0))
        events, _ = self.inspect(talk, "--checksums", "verify")
        self.assertEqual(events[0]["sluice"]["reason"], "bad_checksum")

    def test_quiet_prints_only_the_summary(self):
        write_capture(self.capture, Conversation().open().ask(modbus(6, READ)).frames)
        done = self.sluice("inspect", self.capture, "--config", self.policy, "--quiet", "-o", "json")
        self.assertEqual([list(json.loads(line)) for line in done.stdout.splitlines()], [["summary"]])

    def test_a_configuration_with_errors_is_exit_1_and_writes_nothing(self):
        write_capture(self.capture, poll().frames)
        self.policy.write_text(POLICY.replace("modbus", "modbuss"))
        out = self.folder / "out.pcap"
        done = self.sluice("inspect", self.capture, "--config", self.policy, "--forwarded", out)
        self.assertEqual((done.returncode, done.stdout, out.exists()), (1, "", False))

    def test_the_capture_itself_is_never_overwritten(self):
        write_capture(self.capture, poll().frames)
        before = self.capture.read_bytes()
        done = self.sluice("inspect", self.capture, "--config", self.policy, "--forwarded", self.capture)
        self.assertEqual((done.returncode, self.capture.read_bytes()), (2, before))


if __name__ == "__main__":
    unittest.main(verbosity=2)
