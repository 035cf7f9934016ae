"""The lab's story. Run by images/lab/run, which builds what it needs: story.py BUILD [--once]"""
import json
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from box import Box  # noqa: E402
from plant import Failed, Plant, run, wait_until  # noqa: E402

HMI, ENGINEERING, LAPTOP, PLC = "10.10.0.20", "10.10.0.30", "10.10.0.66", "10.10.1.5"
PUMP_OFF, PUMP_ON, UMAS_STOP = "00000000", "0000ff00", "00410100"
TERMINAL = sys.stdout.isatty()
PICTURE = """
      office (IT)                     Sluice                      tank cell (OT)

  HMI          .20 --+           eth1 +--------+ eth2
  engineering  .30 --+-- switch ------|  wire  |--------------- PLC  10.10.1.5
  laptop       .66 --+                +--------+                 |
  10.10.0.x                    sluice-dataplane, sluiced       ~~~~~ tank, pump, valve
"""


def paint(code, text):
    return f"\x1b[{code}m{text}\x1b[0m" if TERMINAL else text


def say(text=""):
    print(text, flush=True)


class Teller:
    """Tells the story and keeps count of what did not go as told."""

    def __init__(self):
        self.wrong = []
        self._chapter = 0

    def chapter(self, title):
        self._chapter += 1
        say()
        say(paint("1", f"{self._chapter}. {title}"))

    def tell(self, text):
        say(f"   {text}")

    def check(self, holds, text):
        say(f"   {paint('32', 'ok  ') if holds else paint('31', 'BAD ')} {text}")
        if not holds:
            self.wrong.append(text)
        return holds


class Lab:
    def __init__(self, plant, build):
        self.plant = plant
        self.build = pathlib.Path(build)
        self.client = self.build / "tests/support/modbus_client"
        self.policy = (ROOT / "images/lab/policy.toml.in").read_text()

    def wire_up(self):
        switch = self.plant.namespace("switch")
        run("ip", "-n", switch.name, "link", "add", "br0", "type", "bridge")
        run("ip", "-n", switch.name, "link", "set", "br0", "up")
        self.hosts = {}
        for name, address in (("hmi", HMI), ("engineering", ENGINEERING), ("laptop", LAPTOP)):
            host = self.plant.namespace(name)
            self.plant.wire(host, "eth0", switch, name)
            host.address("eth0", f"{address}/23")
            run("ip", "-n", switch.name, "link", "set", name, "master", "br0")
            self.hosts[name] = host
        self.box = Box(self.plant, self.build / "bin")
        self.plant.wire(switch, "uplink", self.box.namespace, "eth1")
        run("ip", "-n", switch.name, "link", "set", "uplink", "master", "br0")
        cell = self.plant.namespace("cell")
        self.plant.wire(self.box.namespace, "eth2", cell, "eth0")
        cell.address("eth0", f"{PLC}/23")
        self.tank = cell.start([self.build / "lab/tank"], ready="ready")

    def commit(self, mode):
        return self.box.commit(self.policy.replace("@MODE@", mode))

    def start_hmi(self):
        self.hmi = self.hosts["hmi"].start([self.client, PLC, "--timeout", "2", "poll", "--rate", "10", "--report", "0.2",
                                            "--count", "4"], name="hmi")
        wait_until(lambda: self.polled()["answered"] > 0, "the HMI got no answer")

    def polled(self):
        """What the HMI has counted so far."""
        whole = self.hmi.output.split("\n")[:-1]
        return json.loads(whole[-1]) if whole else {"sent": 0, "answered": 0, "failed": 0, "registers": [0, 0, 0, 0]}

    def level(self):
        return self.polled()["registers"][0]

    def send(self, host, function, data):
        done = self.hosts[host].run(self.client, PLC, "--timeout", "2", "send", "--function", function, "--data", data,
                                    check=False)
        return json.loads(done.stdout.splitlines()[-1])

    def gauge(self):
        polled = self.polled()
        level, inflow, valve, runs = polled["registers"]
        bar = "#" * (level // 50) + "." * (20 - level // 50)
        return (f"level [{bar}] {level:4} mm   inflow {inflow:3} ml/s   valve {valve:3} %   "
                f"program {'runs   ' if runs else 'STOPPED'}   HMI polls {polled['answered']}, missed {polled['failed']}")

    def watch(self, seconds):
        """Shows the plant for some seconds: one line that moves in a terminal, else a line every two seconds."""
        end = time.monotonic() + seconds
        shown = 0.0
        while time.monotonic() < end:
            if TERMINAL:
                print("\r   " + self.gauge(), end="", flush=True)
            elif time.monotonic() - shown >= 2:
                shown = time.monotonic()
                say("   " + self.gauge())
            time.sleep(0.2)
        if TERMINAL:
            say()


def is_denial(outcome, source, function=None, patch=None):
    def wanted(event):
        own = event.get("sluice", {})
        protocol = event.get(event.get("app_proto", ""), {})
        return (own.get("outcome") == outcome and event.get("src_ip") == source
                and (function is None or protocol.get("function") == function)
                and (patch is None or own.get("patch") == patch))
    return wanted


def show_event(teller, event):
    own = event["sluice"]
    protocol = event.get(event.get("app_proto", ""), {})
    what = " ".join(filter(None, (event.get("app_proto"), protocol.get("function")))) or \
        f"{event.get('proto', '')} port {event.get('dest_port', '')}"
    why = f"patch {own['patch']}" if "patch" in own else own.get("reason", "")
    colour = "33" if own["outcome"].startswith("would") else "31"
    teller.tell(f"event: {paint(colour, own['outcome'].upper())}  {event['src_ip']} -> {event.get('dest_ip')}  {what}  ({why}, "
                f"generation {own['generation']})")


def tell_story(lab, teller):
    teller.chapter("The plant runs behind Sluice, which only watches")
    lab.box.start_dataplane()
    lab.box.start_daemon()
    lab.commit("monitor")
    teller.tell("sluice-dataplane forwards on two DPDK ports; sluiced has compiled the policy: mode = \"monitor\"")
    lab.start_hmi()
    teller.tell("the HMI polls the PLC ten times a second")
    lab.watch(6)
    teller.check(650 <= lab.level() <= 850, "the level is steady near 750 mm")

    teller.chapter("A laptop in the office stops the pump, and monitor mode lets it")
    answer = lab.send("laptop", 5, PUMP_OFF)
    teller.tell("the laptop writes coil 0 (pump) = off, as anyone on this network could")
    teller.check(answer["outcome"] == "reply", "the PLC obeyed and answered the laptop")
    event = lab.box.wait_for_event(is_denial("would deny", LAPTOP, "write_single_coil"), "would deny, from the laptop")
    show_event(teller, event)
    before = lab.level()
    lab.watch(7)
    teller.check(lab.level() < before - 100, f"the level falls: {before} -> {lab.level()} mm")
    answer = lab.send("hmi", 5, PUMP_ON)
    teller.check(answer["outcome"] == "reply", "the operator switches the pump on again, which the policy allows")
    lab.watch(7)

    teller.chapter("The same policy is committed in mode \"enforce\" while the HMI polls on")
    before = lab.polled()
    answer = lab.commit("enforce")
    teller.tell(f"sluice commit: generation {answer['generation']} is in force after {answer['milliseconds']} ms")
    lab.watch(4)
    after = lab.polled()
    teller.check(after["answered"] - before["answered"] >= 20, "the HMI polled on through the change")
    teller.check(after["failed"] == 0 and after["connections"] == 1, "no poll failed, and it is still its first connection")

    teller.chapter("The same attack again")
    answer = lab.send("laptop", 5, PUMP_OFF)
    teller.check(answer["outcome"] != "reply", f"the laptop got no answer from the PLC ({answer['outcome']})")
    show_event(teller, lab.box.wait_for_event(is_denial("denied", LAPTOP), "denied, from the laptop"))
    before = lab.level()
    lab.watch(6)
    teller.check(lab.level() >= before - 30, f"the level holds: {before} -> {lab.level()} mm")

    teller.chapter("A stop of the PLC's program, from a host that may program it")
    teller.tell("engineering may use UMAS; a replayed stop (0x41) is CVE-2017-6034, and this PLC can't be patched")
    answer = lab.send("engineering", 90, UMAS_STOP)
    teller.check(answer["outcome"] != "reply", f"the stop never got an answer ({answer['outcome']})")
    show_event(teller, lab.box.wait_for_event(is_denial("patched", ENGINEERING, patch="LAB-2017-6034"),
                                              "patched, from engineering"))
    lab.watch(5)
    teller.check(lab.polled()["registers"][3] == 1, "the program of the PLC still runs")

    teller.chapter("What the HMI saw of all this")
    polled = lab.polled()
    teller.check(polled["failed"] == 0 and polled["exceptions"] == 0 and polled["connections"] == 1,
                 f"{polled['answered']} polls answered, {polled['failed']} missed, on one connection; slowest "
                 f"{polled['worst_ms']:.0f} ms")
    teller.check(lab.box.dataplane.alive() and lab.box.daemon.alive(), "dataplane and daemon are up")


def live(lab):
    say()
    say("The lab stays up. Try it from another terminal, then end it here with Ctrl-C:")
    say(f"   ip netns exec {lab.hosts['laptop'].name} {lab.client} {PLC} send --function 5 --data 00000000")
    say(f"   {lab.build / 'bin/sluice'} status --socket {lab.box.api}")
    say(f"   tail -f {lab.box.eve}")
    say()
    while lab.box.dataplane.alive():
        lab.watch(10)
        status = lab.box.status()
        counters = status.get("counters", {})
        say(f"   generation {status['generation']['running']}; frames: {counters.get('received')} received, "
            f"{counters.get('forwarded')} forwarded, {counters.get('dropped')} dropped; messages: {counters.get('pdus')} read, "
            f"{counters.get('denied')} denied")
    raise Failed(f"sluice-dataplane ended:\n{lab.box.dataplane.tail()}")


def main():
    build, once = sys.argv[1], "--once" in sys.argv[2:]
    teller = Teller()
    say(paint("1", "Sluice: the lab"))
    say(PICTURE)
    say("This is a lab on veth pairs and shared cores: none of its timings speaks for the product.")
    try:
        with Plant() as plant:
            lab = Lab(plant, build)
            try:
                lab.wire_up()
                tell_story(lab, teller)
                say()
                if teller.wrong:
                    raise Failed("not as told: " + "; ".join(teller.wrong))
                say(paint("32", "The story went as told."))
                if not once:
                    live(lab)
            except Failed:
                for process in (lab.box.dataplane, lab.box.daemon) if hasattr(lab, "box") else ():
                    if process is not None:
                        say(f"--- end of the log of {process.name}\n{process.tail()}")
                raise
    except KeyboardInterrupt:
        say()
        say("Everything that the lab made is removed.")
        return 0
    except Failed as failed:
        say(paint("31", f"lab: {failed}"))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
