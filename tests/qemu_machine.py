"""QEMU as a machine that may hang: when a run takes too long, what every hart was doing is told before it is ended."""
import bisect
import json
import os
import re
import socket
import subprocess
import tempfile

ONE_THREAD = ["-accel", "tcg,thread=single"]  # for an opinion: the same interleaving of harts in each run, or nearly so
PRIVILEGE_REGISTER = 65  # of gdb's, behind x0..x31, pc and f0..f31; the monitor does not show it
MODES = {(0, 0): "U", (1, 0): "HS", (3, 0): "M", (0, 1): "VU", (1, 1): "VS"}
SHOWN = [("mstatus", "mip", "mie", "mideleg", "hideleg", "hstatus", "vsstatus"),
         ("mcause", "mepc", "scause", "sepc", "stval", "stvec", "vscause", "vsepc", "vstvec", "x1/ra", "x2/sp", "x4/tp")]


class Hang(AssertionError):
    """A run that did not end in time, with the report."""


class Monitor:
    """QEMU's machine protocol, by which the human monitor's commands can be given too."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw")
        self.file.readline()  # who it is
        self.execute("qmp_capabilities")

    def execute(self, name, **arguments):
        self.file.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "error" in answer:
                raise OSError(answer["error"])
            if "return" in answer:  # else it is an event
                return answer["return"]

    def human(self, line):
        return self.execute("human-monitor-command", **{"command-line": line})


class Gdb:
    """As much of gdb's remote protocol as reading a register takes."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.ask("qXfer:features:read:target.xml:0,1000")  # gives the registers their numbers

    def ask(self, text):
        self.socket.sendall(b"$%s#%02x" % (text.encode(), sum(text.encode()) & 255))
        data = b""
        while not re.search(rb"\$([^#]*)#..$", data, re.S):
            more = self.socket.recv(65536)
            if not more:
                raise OSError("the gdb stub has closed")
            data += more
        self.socket.sendall(b"+")
        return re.search(rb"\$([^#]*)#..$", data, re.S)[1].decode()

    def register(self, thread, number):
        self.ask(f"Hg{thread:x}")
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")


def symbols(command):
    """[(file name, addresses, names)] of the ELFs in a command line."""
    found = []
    for path in sorted({word for text in command for word in re.split("[=,]", text) if word.endswith(".elf")}):
        result = subprocess.run(["riscv64-unknown-elf-nm", "-n", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        rows = [line.split() for line in result.stdout.decode().splitlines()]
        rows = [(int(row[0], 16), row[2]) for row in rows if len(row) == 3 and row[1] in "tT" and row[2][0] != "$"]
        found.append((os.path.basename(path), [row[0] for row in rows], [row[1] for row in rows]))
    return found


def name_of(pc, tables):
    """In each program that might be there: whose address space it is, is not known."""
    names = []
    for file, addresses, functions in tables:
        index = bisect.bisect_right(addresses, pc) - 1
        if 0 <= index < len(addresses) - 1:
            names.append(f"{file}:{functions[index]}+0x{pc - addresses[index]:x}")
    return f" <{' or '.join(names)}>" if names else ""


def describe_hart(hart, text, privilege, tables):
    values = {name: int(value, 16) for name, value in re.findall(r"(\S+)\s+(?:=\s+)?([0-9a-f]+)(?=\s|$)", text)}
    mode = MODES.get((privilege, values.get("V", 0)), f"privilege {privilege}")
    lines = [f"hart {hart}: pc 0x{values['pc']:x}{name_of(values['pc'], tables)} in {mode}-mode"]
    return lines + ["    " + " ".join(f"{name} {values[name]:x}" for name in names if name in values) for names in SHOWN]


def report(monitor_path, folder, command):
    """pc, mode, pending and enabled interrupts, and the last traps of every hart."""
    monitor = Monitor(monitor_path)
    monitor.execute("stop")
    harts = re.split(r"CPU#\d+", monitor.human("info registers -a").replace("\r", ""))[1:]
    path = os.path.join(folder, "gdb")
    monitor.human(f"gdbserver unix:{path},server=on,wait=off")
    gdb, tables, lines = Gdb(path), symbols(command), []
    for hart, text in enumerate(harts):
        lines += describe_hart(hart, text, gdb.register(hart + 1, PRIVILEGE_REGISTER), tables)
    return "\n".join(lines)


def told_of(monitor_path, folder, command):
    try:
        return report(monitor_path, folder, command)
    except (OSError, ValueError, KeyError) as error:
        return f"QEMU does not tell of its harts: {error!r}"


def run(command, timeout, cwd=None):
    """(exit status, stdout, stderr) as text. After `timeout` seconds the harts are told of, and Hang is raised."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "monitor")
        process = subprocess.Popen(command + ["-qmp", f"unix:{path},server=on,wait=off"], cwd=cwd, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        harts = None
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            harts = told_of(path, folder, command)
        finally:
            process.kill()
        if harts is not None:
            out, err = process.communicate()
            tail = out.decode(errors="replace")[-1000:]
            raise Hang(f"{' '.join(command)}: no end after {timeout} s\n{harts}\nconsole: ...{tail!r}")
        return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")
