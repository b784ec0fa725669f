"""Linux on libslirp's network: it fetches a file from the host's server, and serves one to the host by hostfwd, to several at a time;
on QEMU the same. What was recorded is the same run again, without server or clients. Long, and needs what `make net` builds."""
import http.server
import json
import os
import re
import subprocess
import tempfile
import threading
from suites.network import fnv, free_port
from suites.tools import OPENSBI, PLAIN, QEMU, RVSIM, expect, expect_equal, run

KERNEL, INITRD = "build/linux/12/Image", "build/net/initrd"
DATA = bytes((i * 11 + (i >> 7)) % 256 for i in range(200000))
SERVED = bytes((i * 7 + (i >> 8)) % 256 for i in range(300000))
CLIENTS = 4
OURS = ["-M", "virt", "-m", "256M", "-nographic", "--timeout", "300"]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        self.wfile.write(DATA)

    def log_message(self, *_):
        pass


def command(machine, harts, legacy, port, served):
    return [*machine, "-smp", str(harts), "-bios", OPENSBI, "-kernel", KERNEL, "-initrd", INITRD,
            "-append", f"console=ttyS0 ip=dhcp fetch=10.0.2.2:{served}", "-global", f"virtio-mmio.force-legacy={legacy}",
            "-netdev", f"user,id=n,hostfwd=tcp:127.0.0.1:{port}-:80", "-device", "virtio-net-device,netdev=n"]


def curl(port, path):
    result = subprocess.run(["curl", "-sS", "--max-time", "100", f"http://127.0.0.1:{port}{path}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    expect_equal((result.returncode, result.stderr.decode()), (0, ""), f"curl {path}")
    return result.stdout


def ask(port):
    """Several clients at a time, then one that has it end."""
    got = [None] * CLIENTS

    def client(number):
        got[number] = curl(port, "/data")
    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect_equal([answer == SERVED for answer in got], [True] * CLIENTS, "what the clients got")
    expect_equal(curl(port, "/end"), b"", "the end")


def serves(machine, harts, legacy, options=()):
    """The run's command and what it wrote."""
    port = free_port()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    line = command([*machine, *options], harts, legacy, port, server.server_address[1])
    process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = b""
    try:
        for text in process.stdout:
            said += text
            if text.startswith(b"SERVING"):
                ask(port)
        status, err = process.wait(60), process.stderr.read().decode()
    finally:
        process.kill()
        process.communicate()
        server.shutdown()
        server.server_close()
    tail = f"\n{said.decode()[-1500:]}\n{err[-300:]}"
    expect_equal(status, 0, tail)
    hash_ = fnv(0xcbf29ce484222325, DATA)
    expect(re.search(rf"^FETCHED {len(DATA)} 0x{hash_:016x}\r*$", said.decode(), re.M), f"not fetched:{tail}")
    expect(re.search(r"^DONE\r*$", said.decode(), re.M), f"no end:{tail}")
    return line, said.decode()


def essence(path):
    with open(path) as file:
        stats = json.load(file)
    return stats["trace_hash"], stats["cycles"], stats["instructions"]


def repeats(harts, legacy):
    with tempfile.TemporaryDirectory() as folder:
        record, stats, again = (os.path.join(folder, name) for name in ("record", "stats", "again"))
        line, said = serves([RVSIM, *OURS], harts, legacy, ["--record", record, "--stats", stats])
        for program in (RVSIM, PLAIN):
            replay = [program, *line[1:]]
            at = replay.index("--record")
            replay[at:at + 2] = ["--replay", record]
            replay[replay.index("--stats") + 1] = again
            status, out, err = run(replay, 600)
            expect_equal((status, out), (0, said), f"replayed by {program}: {err}")
            expect_equal(essence(again), essence(stats), f"replayed by {program}")


def cases():
    for harts, legacy in ((1, "on"), (4, "off")):
        yield f"repeats-{harts}-{legacy}", lambda harts=harts, legacy=legacy: repeats(harts, legacy)
    yield "timed", lambda: serves([RVSIM, *OURS, "--cpu", "cva6"], 1, "off")
    yield "qemu", lambda: serves(QEMU, 2, "on")
