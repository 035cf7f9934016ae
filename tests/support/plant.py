"""A small plant in network namespaces, for tests and the lab: namespaces, wires between them, processes inside them, and the
promise that all of it goes away again, also when something fails or a signal comes. Standard library only; needs root.

    with Plant() as plant:
        client, server = plant.namespace("client"), plant.namespace("server")
        plant.wire(client, "eth0", server, "eth0")
        client.address("eth0", "10.0.0.1/24")
        peer = server.start(["modbus_server"], ready="ready")

Every name carries the number of this process, so that several plants live beside each other; what a killed process has left
behind is swept by the next. Processes are ended by their id, newest first.
"""
import atexit
import contextlib
import ctypes
import itertools
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PREFIX = "slt"
OFFLOADS = ("rx", "tx", "sg", "tso", "gso", "gro", "lro", "rxvlan", "txvlan")
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # nothing may interrupt the removal
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_count = itertools.count(1)


class Failed(Exception):
    """Something of the plant did not come up; the message says what, with the end of its log."""


def needs_root(test):
    """Marks a test that makes namespaces: without root it is skipped, and says so."""
    return unittest.skipUnless(os.geteuid() == 0, "makes network namespaces: run the tests as root, with sudo tests/run")(test)


def run(*command, check=True, timeout=60, **options):
    """Runs a program to its end and returns what subprocess.run does; a failure tells the program's own words."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace",
                          timeout=timeout, **options)
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}".rstrip())
    return done


def _end_with_parent():
    """In the child: a plant that is killed outright takes its processes with it."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A program that runs until it is told to end. Its output is kept in a log and can be waited for."""

    def __init__(self, command, log, name):
        self.name = name
        self.log = pathlib.Path(log)
        with open(self.log, "wb") as out:
            self._child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out,
                                           stderr=subprocess.STDOUT, start_new_session=True,
                                           preexec_fn=_end_with_parent)

    @property
    def pid(self):
        return self._child.pid

    @property
    def output(self):
        return self.log.read_text(errors="replace")

    @property
    def lines(self):
        return self.output.splitlines()

    def alive(self):
        return self._child.poll() is None

    def wait_for(self, text, timeout=20):
        """Waits until `text` stands in the output."""
        end = time.monotonic() + timeout
        while text not in self.output:
            if not self.alive() and text not in self.output:
                raise Failed(f"{self.name} ended with {self._child.returncode} before it said \"{text}\":\n{self.tail()}")
            if time.monotonic() > end:
                raise Failed(f"{self.name} did not say \"{text}\" in {timeout} s:\n{self.tail()}")
            time.sleep(0.02)
        return self

    def tail(self, lines=30):
        return "\n".join(self.lines[-lines:])

    def signal(self, number):
        if self.alive():
            os.kill(self.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        return self._child.wait()

    def end(self, timeout=10):
        """SIGTERM, then SIGKILL; returns the exit code."""
        self.signal(signal.SIGTERM)
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()

    def wait(self, timeout=60):
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end in {timeout} s:\n{self.tail()}") from None


class Namespace:
    def __init__(self, plant, name):
        self._plant = plant
        self.name = name

    def command(self, *command):
        return ["ip", "netns", "exec", self.name, *command]

    def run(self, *command, **options):
        return run(*self.command(*command), **options)

    def start(self, command, ready=None, timeout=20, name=None):
        """Starts a program here; with `ready`, waits until it has said so."""
        return self._plant.start(self.command(*command), ready, timeout, name or pathlib.Path(str(command[0])).name)

    def address(self, interface, *addresses):
        for address in addresses:
            run("ip", "-n", self.name, "address", "add", address, "dev", interface, *(("nodad",) if ":" in address else ()))

    def inject(self, interface, *frames):
        """Sends raw frames out of `interface`."""
        script = ("import socket, sys; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind((sys.argv[1], 0))\n"
                  "for frame in sys.argv[2:]: s.send(bytes.fromhex(frame))")
        self.run(sys.executable, "-c", script, interface, *(frame.hex() for frame in frames))

    def mac(self, interface):
        return json.loads(run("ip", "-j", "-n", self.name, "link", "show", interface).stdout)[0]["address"]

    def capture(self, interface, filter_=""):
        """Starts to capture what comes and goes by `interface`; see Capture."""
        return Capture(self, interface, filter_, self._plant.folder / f"{interface}-{next(_count)}.pcap")


class Capture:
    """A capture that runs until frames() ends it. It has begun when the constructor returns."""

    def __init__(self, namespace, interface, filter_, path):
        self.path = path
        self._process = namespace.start(["tcpdump", "--immediate-mode", "-U", "-n", "-s", "0", "-i", interface, "-w", path,
                                         *([filter_] if filter_ else [])], ready="listening on", name="tcpdump")

    def frames(self):
        """Ends the capture; the bytes of each frame, in order."""
        if self._process.alive():
            time.sleep(0.2)
            self._process.end()
        return [frame for _, frame in read_capture(self.path)]


class Plant:
    def __init__(self):
        self._namespaces = []
        self._processes = []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        self._closed = False

    def __enter__(self):
        _sweep()
        atexit.register(self.close)
        if threading.current_thread() is threading.main_thread():
            for number in ENDING[1:]:
                signal.signal(number, _leave)
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends and removes everything; can be called again."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        main = threading.current_thread() is threading.main_thread()
        held = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING} if main else {}
        for process in reversed(self._processes):
            with contextlib.suppress(OSError):
                process.end()
        for namespace in self._namespaces:
            run("ip", "netns", "delete", namespace.name, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        for number, handler in held.items():
            signal.signal(number, handler)

    def namespace(self, label):
        name = f"{PREFIX}{os.getpid()}-{next(_count)}-{label}"
        run("ip", "netns", "add", name)
        namespace = Namespace(self, name)
        self._namespaces.append(namespace)
        run("ip", "-n", name, "link", "set", "lo", "up")
        return namespace

    def wire(self, left, left_interface, right, right_interface, mtu=1500, ipv6="off"):
        """A wire between two namespaces: a pair of veth with all offloads off, so that frames are what a wire would carry.
        With ipv6="off" the kernel adds no traffic of its own."""
        run("ip", "link", "add", left_interface, "netns", left.name, "type", "veth", "peer", "name", right_interface,
            "netns", right.name)
        for namespace, interface in ((left, left_interface), (right, right_interface)):
            for feature in OFFLOADS:
                namespace.run("ethtool", "-K", interface, feature, "off", check=False)
            if ipv6 == "off":
                namespace.run("sysctl", "-q", "-w", f"net.ipv6.conf.{interface}.disable_ipv6=1", check=False)
            run("ip", "-n", namespace.name, "link", "set", interface, "mtu", str(mtu), "up")

    def start(self, command, ready=None, timeout=20, name=None):
        name = name or pathlib.Path(str(command[0])).name
        process = Process(command, self.folder / f"{name}-{next(_count)}.log", name)
        self._processes.append(process)
        if ready is not None:
            process.wait_for(ready, timeout)
        return process


def _leave(number, _frame):
    raise SystemExit(128 + number)


def _owner_is_gone(name):
    owner = name[len(PREFIX):].split("-")[0]
    return owner.isdigit() and not os.path.exists(f"/proc/{owner}")


def _sweep():
    """Removes namespaces and folders of plants whose process is gone."""
    for folder in pathlib.Path(tempfile.gettempdir()).glob(f"{PREFIX}[0-9]*-*"):
        if _owner_is_gone(folder.name):
            shutil.rmtree(folder, ignore_errors=True)
    for line in run("ip", "netns", "list", check=False).stdout.splitlines():
        name = line.split()[0] if line.split() else ""
        if name.startswith(PREFIX) and _owner_is_gone(name):
            run("ip", "netns", "delete", name, check=False)


def read_capture(path):
    """(time in seconds, bytes) of each frame of a classic pcap file; stops where the file is cut."""
    data = pathlib.Path(path).read_bytes()
    if len(data) < 24:
        return
    order = {b"\xd4\xc3\xb2\xa1": ("<", 1e6), b"\xa1\xb2\xc3\xd4": (">", 1e6), b"\x4d\x3c\xb2\xa1": ("<", 1e9),
             b"\xa1\xb2\x3c\x4d": (">", 1e9)}.get(data[:4])
    if order is None:
        raise Failed(f"{path} is no pcap file")
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, length, _ = struct.unpack_from(order[0] + "IIII", data, at)
        if at + 16 + length > len(data):
            return
        yield seconds + fraction / order[1], data[at + 16:at + 16 + length]
        at += 16 + length


def wait_until(condition, what, timeout=20):
    """Polls `condition` until it holds; returns what it gave."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {timeout} s")
        time.sleep(0.02)
