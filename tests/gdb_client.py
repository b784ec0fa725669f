"""A client of GDB's remote protocol, and GDB itself, for the suites."""
import os
import select
import socket
import subprocess
import tempfile
import time
from suites.tools import RVSIM, expect

GDB = ["gdb-multiarch", "-nx", "-q", "-batch", "-ex", "set confirm off", "-ex", "set pagination off", "-ex", "set width 0",
       "-ex", "set tcp connect-timeout 30"]


class Machine:
    """rvsim with a stub, on a socket in a folder of its own."""

    def __init__(self, words, options=("-S",), gdb="", program=RVSIM, stdin=subprocess.DEVNULL):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "gdb")
        self.out = open(os.path.join(self.folder.name, "out"), "w+b")
        self.err = open(os.path.join(self.folder.name, "err"), "w+b")
        self.process = subprocess.Popen([program, *options, "-gdb", f"unix:{self.path}{gdb}", *words], stdin=stdin,
                                        stdout=self.out, stderr=self.err)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.out.close()
        self.err.close()
        self.folder.cleanup()

    def connect(self):
        return Client(self.path)

    def gdb(self, commands, program=None, before=(), remote="remote", timeout=40):
        """What GDB says to commands, after it has come in."""
        wait_for(lambda: os.path.exists(self.path) or self.process.poll() is not None)
        words = list(GDB)
        for command in [*before, f"target {remote} {self.path}", *commands]:
            words += ["-ex", command]
        result = subprocess.run(words + ([program] if program else []), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=timeout)
        return result.stdout.decode(errors="replace")

    def dialogue(self, turns, program, seconds=60):
        """GDB at its prompt: each command is typed when what was waited for has come. [(command, text)...]; what it said."""
        wait_for(lambda: os.path.exists(self.path) or self.process.poll() is not None)
        words = [word for word in GDB if word != "-batch"]
        gdb = subprocess.Popen([*words, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, seen, deadline = "", 0, time.monotonic() + seconds
        try:
            for command, text in turns:
                gdb.stdin.write(command.replace("SOCKET", self.path).encode() + b"\n")
                gdb.stdin.flush()
                while (at := said.find(text, seen)) < 0:
                    ready = select.select([gdb.stdout], [], [], max(0, deadline - time.monotonic()))[0]
                    more = os.read(gdb.stdout.fileno(), 65536).decode(errors="replace") if ready else ""
                    expect(more, f"after {command!r} no {text!r} in\n{said[seen:][-2000:]}")
                    said += more
                seen = at + len(text)
            gdb.stdin.close()
            return said + gdb.stdout.read().decode(errors="replace")
        finally:
            gdb.kill()
            gdb.wait()
            gdb.stdout.close()

    def end(self, timeout=60):
        """(exit status, stdout, stderr) when it has ended by itself."""
        status = self.process.wait(timeout)
        texts = []
        for file in (self.out, self.err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
        return status, *texts


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < deadline, "it does not come")
        time.sleep(0.01)


def frame(payload):
    payload = payload.encode("latin-1") if isinstance(payload, str) else payload
    return b"$" + payload + b"#%02x" % (sum(payload) & 255)


def expand(data):
    """Run lengths written out."""
    result = bytearray()
    at = 0
    while at < len(data):
        if data[at:at + 1] == b"*":
            result += result[-1:] * (data[at + 1] - 29)
            at += 2
        else:
            result += data[at:at + 1]
            at += 1
    return bytes(result)


def unescape(data):
    result = bytearray()
    at = 0
    while at < len(data):
        escaped = data[at:at + 1] == b"}"
        result.append(data[at + 1] ^ 0x20 if escaped else data[at])
        at += 2 if escaped else 1
    return bytes(result)


class Client:
    """One that says exactly what it is told to."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        wait_for(lambda: self.try_connect(path))
        self.socket.settimeout(20)
        self.buffer = b""
        self.acknowledges = True

    def try_connect(self, path):
        try:
            self.socket.connect(path)
            return True
        except OSError:
            return False

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def byte(self):
        if not self.buffer:
            self.buffer = self.socket.recv(65536)
            if not self.buffer:
                raise EOFError
        first, self.buffer = self.buffer[:1], self.buffer[1:]
        return first

    def packet(self, begin=b"$"):
        """The next packet (or notification), checked, without run lengths."""
        while self.byte() != begin:
            pass
        body = bytearray()
        while (byte := self.byte()) != b"#":
            body += byte
        said = self.byte() + self.byte()
        expect(b"%02x" % (sum(body) & 255) == said, f"a wrong checksum: {bytes(body)!r}#{said!r}")
        if self.acknowledges and begin == b"$":
            try:
                self.send(b"+")
            except OSError:  # those were its last words
                pass
        return expand(bytes(body))

    def ask(self, payload):
        self.send(frame(payload))
        return self.packet().decode("latin-1")

    def silence(self):
        expect(self.ask("QStartNoAckMode") == "OK", "no-ack mode is refused")
        self.acknowledges = False
