"""Networks: Debian's U-Boot gets its address and a file by virtio-net as on QEMU, by either version of the transport; machines that
are each other's peer, of QEMU's too; and what was recorded is the same run again, without a host."""
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import zlib
from suites.tools import PLAIN, QEMU, RVSIM, expect, expect_equal, run

U_BOOT = "/usr/lib/u-boot/qemu-riscv64/u-boot.bin"
PEER = "build/board/net.elf"
BOARD = ["-M", "virt", "-nographic"]
FILE = bytes(range(256)) * 500
# One line, so that nothing is typed while U-Boot is busy; what is typed before it has a prompt is lost.
COMMANDS = ("\n" * 100 + "setenv autoload no; dhcp; tftpboot 0x84000000 data; crc32 0x84000000 $filesize; ping 10.0.2.2; "
            "printenv ipaddr netmask gatewayip dnsip serverip; echo THE''END\n")
# Features that QEMU offers besides: CTRL_GUEST_OFFLOADS, GSO (legacy) and GUEST_ANNOUNCE, for what no network here can do.
QEMUS_OWN = 1 << 2 | 1 << 6 | 1 << 21


def stats_of(path):
    with open(path) as file:
        stats = json.load(file)
    return stats["trace_hash"], stats["cycles"], stats["instructions"]


# ---- libslirp's network ----

def u_boot(machine, folder, legacy, *options):
    """What it says after its prompt, but how fast it was; ours ends there, QEMU is ended."""
    command = [*machine, *BOARD, "-m", "256M", "-bios", U_BOOT, "-netdev", f"user,id=n,tftp={folder}", "-device", "virtio-net-device,netdev=n",
               "-global", f"virtio-mmio.force-legacy={legacy}", *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(COMMANDS.encode())
    process.stdin.flush()
    if machine[0] == RVSIM or machine[0] == PLAIN:
        process.stdin.close()
    out, limit = b"", time.monotonic() + 100
    while b"\nTHEEND" not in out and time.monotonic() < limit:
        more = os.read(process.stdout.fileno(), 65536)
        if not more:
            break
        out += more
    if machine == QEMU:
        process.kill()
    status, err = process.wait(100), process.stderr.read().decode()
    process.stdout.close()
    process.stderr.close()
    text = out.decode().replace("\r", "")
    expect("\nTHEEND" in text, f"exit {status}:\n{text[-2000:]}\n{err}")
    lines = text.split("dnsip serverip; echo", 1)[1].split("\nTHEEND")[0].split("\n")[1:]
    return status, [re.sub(r"\(\d+ ms\)|[\d.]+ [KM]iB/s", "", line) for line in lines]


def gets_a_file(legacy):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "data"), "wb") as file:
            file.write(FILE)
        status, ours = u_boot([RVSIM], folder, legacy, "--expect", "^THEEND")
        _, theirs = u_boot(QEMU, folder, legacy)
        expect_equal(status, 0, "status")
        expect(any(f"{zlib.crc32(FILE):08x}" in line for line in ours), "\n".join(ours))
        expect(any("10.0.2.2 is alive" in line for line in ours), "\n".join(ours))
        expect_equal([line for line in ours if line], [line for line in theirs if line], "what U-Boot says")


def repeats():
    """A recorded boot, again without a host's network, folder or console: by either engine, and what differs is said to."""
    with tempfile.TemporaryDirectory() as folder:
        stats, record, data = (os.path.join(folder, name) for name in ("stats", "record", "data"))
        with open(data, "wb") as file:
            file.write(FILE)
        ending = ["--expect", "^THEEND", "--stats", stats]
        recorded = u_boot([RVSIM], folder, "on", *ending, "--record", record), stats_of(stats)
        os.unlink(data)
        for program in (RVSIM, PLAIN):
            again = u_boot([program], folder, "on", *ending, "--replay", record), stats_of(stats)
            expect_equal(again, recorded, f"replayed by {program}")
        command = [RVSIM, *BOARD, "-m", "256M", "-bios", U_BOOT, "--replay", record, "--expect", "^THEEND"]
        card = ["-netdev", "user,id=n", "-device", "virtio-net-device,netdev=n"]
        for options, reason in ((["-device", "virtio-net-device"], "the recorded run had a network more"),
                                ([*card, "-netdev", "user,id=m"], "the recorded run had fewer networks"),
                                ([*card, "--set", "virtio.latency=1001"], "the recording is of another run"),
                                ([*card, "-device", "virtio-rng-device"], "the recording is of another run")):
            status, _, err = run([*command, *options], 100)
            expect_equal((status, len(re.findall("^rvsim: (?!warning)", err, re.M)), reason in err), (2, 1, True), f"{options}: {err}")


def old_recordings():
    """Versions 1 and 2 know of the console alone, 3 of no user: the same bytes, but for the version in front of their checksums."""
    with tempfile.TemporaryDirectory() as folder:
        record, stats = os.path.join(folder, "record"), os.path.join(folder, "stats")
        command = [RVSIM, "build/input/polled.elf", "--stats", stats]
        status, out, err = run([*command, "--record", record], 60, b"some text, then q")
        expect_equal((status, out), (0, "some text, then q"), err)
        recorded = stats_of(stats)
        with open(record, "rb") as file:
            content = file.read()
        expect_equal(content[:16], b"rvsim-input\0\4\0\0\0", "version")
        for version in (1, 2, 3):
            with open(record, "wb") as file:
                file.write(with_version(content, version))
            status, out, err = run([*command, "--replay", record], 60)
            expect_equal((status, out, stats_of(stats)), (0, "some text, then q", recorded), f"version {version}: {err}")


def fnv(state, data):
    for byte in data:
        state = (state ^ byte) * 0x100000001b3 % (1 << 64)
    return state


def with_version(content, version):
    out = content[:12] + version.to_bytes(4, "little")
    state, at = fnv(0xcbf29ce484222325, out), 16
    while at < len(content):
        size = 24 + int.from_bytes(content[at + 20:at + 24], "little")
        state = fnv(state, content[at:at + size])
        checksum = state.to_bytes(8, "little")
        out += content[at:at + size] + checksum
        state = fnv(state, checksum)
        at += size + 8
    return out


# ---- ports of the host ----

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connects(address, port):
    with socket.socket() as client:
        return client.connect_ex((address, port)) == 0


def forwards():
    """A forwarded port is the loopback's unless an address is given; one that is taken is named."""
    port, other = free_port(), free_port()
    network = ["-netdev", f"user,id=n,hostfwd=tcp::{port}-:80,hostfwd=tcp:127.0.0.2:{other}-:80", "-device", "virtio-net-device,netdev=n"]
    process = subprocess.Popen([RVSIM, *BOARD, "-bios", PEER, *network], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        expect(b"offered" in process.stdout.readline(), "no start")
        expect_equal((connects("127.0.0.1", port), connects("127.0.0.2", port)), (True, False), "who listens to the first port")
        expect_equal((connects("127.0.0.1", other), connects("127.0.0.2", other)), (False, True), "and to the second")
        status, _, err = run([RVSIM, "-bios", PEER, *network], 20)
        expect_equal((status, err), (2, f"rvsim: -netdev user,id=n: hostfwd: TCP port {port} of 127.0.0.1: Address already in use\n"), "a port in use")
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        expect_equal(process.wait(20), 130, "SIGINT")
        expect(time.monotonic() - asked < 5, "SIGINT is late")
    finally:
        process.kill()
        process.communicate()
    start = time.monotonic()
    status, _, err = run([RVSIM, *BOARD, "-bios", PEER, "--timeout", "1", *network], 20)
    expect(status == 3 and "--timeout" in err and 0.9 < time.monotonic() - start < 6, f"{status} {err}")


# ---- peers ----

def cable(kind, folder):
    if kind == "unix":
        ends = [f"type=unix,{{0}}.path={folder}/{name}" for name in "ab"]
    else:
        ends = [f"type=inet,{{0}}.host=127.0.0.1,{{0}}.port={port}" for port in (free_port(), free_port())]
    return [f"dgram,id=n,local.{near.format('local')},remote.{far.format('remote')}" for near, far in (ends, ends[::-1])]


def peers(machines, kind):
    """(output, statistics) of both: all of one's frames have come to the other, whole. QEMU's tells what it offers."""
    with tempfile.TemporaryDirectory() as folder:
        said = []
        processes = []
        for number, (machine, end) in enumerate(zip(machines, cable(kind, folder))):
            record = [] if machine[0] == QEMU[0] else ["--record", f"{folder}/record{number}", "--stats", f"{folder}/stats"]
            record = record[:3] + [record[3] + str(number)] if record else []
            command = [*machine, *BOARD, "-bios", PEER, "-device", f"virtio-net-device,netdev=n,mac=52:54:00:00:00:0{number + 1}", "-netdev", end]
            processes.append((subprocess.Popen(command + record, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE), command))
        for number, (process, command) in enumerate(processes):
            out, err = process.communicate(timeout=100)
            text = out.decode().replace("\r", "")
            expect_equal((process.returncode, text.split("\n")[3:5]), (0, ["sent 0x3c", "received 0x3c"]), f"{command}: {text}{err}")
            said.append(text)
        for number, (machine, (_, command)) in enumerate(zip(machines, processes)):
            if machine[0] == QEMU[0]:
                continue
            stats = f"{folder}/stats{number}"
            recorded = stats_of(stats)
            status, out, err = run([*command, "--replay", f"{folder}/record{number}", "--stats", stats], 60)
            expect_equal((status, out, stats_of(stats)), (0, said[number], recorded), f"the same again: {err}")
            expect(not os.path.exists(f"{folder}/{'ab'[number]}"), "a socket is left over")
        return said


MODERN = ["-global", "virtio-mmio.force-legacy=false"]


def interworks(ours, theirs):
    """With QEMU at the other end, which offers what we do, and what no network here could keep."""
    said = peers(([RVSIM, *ours], [*QEMU[:1], *theirs]), "unix")
    same = peers(([RVSIM, *theirs], [*QEMU[:1], *ours]), "inet")
    offered = [[int(text.split()[1], 0) for text in pair] for pair in (said, same[::-1])]
    for mine, other in ((offered[0][0], offered[1][0]), (offered[1][1], offered[0][1])):
        expect_equal(other & ~QEMUS_OWN, mine & ~QEMUS_OWN, "what is offered")
        expect_equal(mine & QEMUS_OWN, 0, "what is not offered here")


def cases():
    yield "u-boot-legacy", lambda: gets_a_file("on")
    yield "u-boot-modern", lambda: gets_a_file("off")
    yield "repeats", repeats
    yield "old-recordings", old_recordings
    yield "forwards", forwards
    yield "peers-unix", lambda: peers(([RVSIM], [RVSIM, *MODERN]), "unix")
    yield "peers-inet", lambda: peers(([RVSIM, *MODERN], [PLAIN]), "inet")
    yield "peers-qemu", lambda: interworks([], MODERN)
