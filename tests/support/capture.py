"""Captures made from a few words, for scenarios: TCP conversations with right lengths and checksums, written as pcap files."""
import ipaddress
import struct


def _checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def udp_frame(source, destination, payload, source_mac="02:00:00:00:00:01", destination_mac="02:00:00:00:00:02", vlan=None,
              port=5000):
    """One UDP datagram over IPv4, optionally in a VLAN."""
    udp = struct.pack("!HHHH", 4000, port, 8 + len(payload), 0) + payload  # no checksum: allowed by RFC 768
    ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0x4000, 64, 17, 0) + ends
    ip = ip[:10] + struct.pack("!H", _checksum(ip)) + ip[12:]
    tag = b"" if vlan is None else struct.pack("!HH", 0x8100, vlan)
    macs = bytes.fromhex(destination_mac.replace(":", "") + source_mac.replace(":", ""))
    return (macs + tag + b"\x08\x00" + ip + udp).ljust(60, b"\0")


class Host:
    def __init__(self, address, mac, port):
        self.address, self.mac, self.port = address, bytes.fromhex(mac.replace(":", "")), port
        self.sequence = 1000


class Conversation:
    """One TCP connection. Each method adds a frame; `frames` are the bytes."""

    def __init__(self, client="10.0.0.1", server="10.0.1.1", client_port=40000, server_port=502):
        self.client = Host(client, "02:00:00:00:00:01", client_port)
        self.server = Host(server, "02:00:00:00:00:02", server_port)
        self.frames = []

    def _segment(self, source, destination, flags, payload=b"", sequence=None):
        number = source.sequence if sequence is None else sequence
        acknowledged = destination.sequence if flags & 0x10 else 0
        tcp = struct.pack("!HHIIBBHHH", source.port, destination.port, number & 0xffffffff, acknowledged & 0xffffffff, 0x50,
                          flags, 65000, 0, 0)
        ends = ipaddress.ip_address(source.address).packed + ipaddress.ip_address(destination.address).packed
        pseudo = ends + struct.pack("!BBH", 0, 6, len(tcp) + len(payload))
        tcp = tcp[:16] + struct.pack("!H", _checksum(pseudo + tcp + payload)) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp) + len(payload), len(self.frames), 0x4000, 64, 6, 0) + ends
        ip = ip[:10] + struct.pack("!H", _checksum(ip)) + ip[12:]
        frame = destination.mac + source.mac + b"\x08\x00" + ip + tcp + payload
        self.frames.append(frame.ljust(60, b"\0"))
        return self

    def open(self):
        self._segment(self.client, self.server, 0x02)
        self.client.sequence += 1
        self._segment(self.server, self.client, 0x12)
        self.server.sequence += 1
        return self._segment(self.client, self.server, 0x10)

    def ask(self, payload):
        return self._data(self.client, self.server, payload)

    def answer(self, payload):
        return self._data(self.server, self.client, payload)

    def again(self, payload, back):
        """The client sends `payload` again, from `back` bytes before its place."""
        return self._segment(self.client, self.server, 0x18, payload, self.client.sequence - back)

    def _data(self, source, destination, payload):
        self._segment(source, destination, 0x18, payload)
        source.sequence += len(payload)
        return self


def modbus(function, data=b"", transaction=1, unit=1):
    """A Modbus/TCP message with any function code."""
    return struct.pack("!HHHBB", transaction, 0, len(data) + 2, unit, function) + data


def write_capture(path, frames, link_type=1):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, link_type))
        for number, frame in enumerate(frames):
            out.write(struct.pack("<IIII", 1700000000 + number // 100, number % 100 * 10000, len(frame), len(frame)) + frame)
