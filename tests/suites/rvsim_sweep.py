"""rvsim-sweep: its table against rvsim run by hand, point by point; killed, sliced, interrupted; words that are wrong."""
import csv
import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
from outside_project import logged_rvsim, make_project, read, starts
from suites.tools import RVSIM, expect, expect_equal, run, stats_of

SWEEP = os.path.abspath("tools/rvsim-sweep")
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable  # the one that Debian's matplotlib is for
UART = ["hypervisor.elf", "-device", "loader,file=uart.elf"]
OVER = ["--over", "dram.latency=20..100:40", "--over", "cpu=cva6,u74"]


def sweep(folder, *words, timeout=600):
    result = subprocess.run([PYTHON, SWEEP, *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env={**os.environ, "RVSIM": os.path.abspath(RVSIM)}, timeout=timeout, check=False)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def rows(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def by_hand():
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(folder)
        status, out, err = sweep(project, "--plot", "none", *OVER, "--measure", "cycles", "--measure", "store/AMO guest-page fault.median",
                                 "--measure", "harts.*.cache.dcache_misses", "--", *UART)
        expect_equal((status, err), (0, ""), out)
        found = rows(os.path.join(project, "rvsim-sweep-results/sweep.csv"))
        expect_equal([(row["dram.latency"], row["cpu"]) for row in found], list(itertools.product(("20", "60", "100"), ("cva6", "u74"))), "points")
        for row in found:
            _, _, stats = stats_of([RVSIM, "--cpu", row["cpu"], "--set", f"dram.latency={row['dram.latency']}", project + "/hypervisor.elf", "-device",
                                    f"loader,file={project}/uart.elf"])
            cause = {cause["cause"]: cause for cause in stats["world_switches"]["causes"]}["store/AMO guest-page fault"]
            expect_equal((row["status"], row["cycles"], row["store/AMO guest-page fault.median"], row["trace_hash"]),
                         ("0", str(stats["cycles"]), str(cause["median"]), stats["trace_hash"]), row)
            expect_equal(row["harts.*.cache.dcache_misses"], str(sum(hart["cache"].get("dcache_misses", 0) for hart in stats["harts"])), row)
        expect(len({row["trace_hash"] for row in found}) == 6, "points that are the same")


def sliced():
    """Snapshots now and then, and a worker that is ended or killed between: the same table as in one go."""
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(folder)
        source = '.globl _start\n_start: li t0, 60000000\n1: addi t0, t0, -1\n bnez t0, 1b\n li t0, 0x100000\n li t1, 0x5555\n sw t1, 0(t0)\n j .\n'
        with open(os.path.join(project, "long.S"), "w") as file:
            file.write(source)
        expect_equal(run(["riscv64-unknown-elf-gcc", "-nostdlib", "-Wl,-Ttext=0x80000000", project + "/long.S", "-o", project + "/long.elf"])[0], 0, "gcc")
        over = ["--plot", "none", "--over", "alu.latency=1,2", "--measure", "cycles", "--"]
        expect_equal(sweep(project, "--results", "whole", *over, "long.elf")[0], 0, "in one go")
        words = [PYTHON, SWEEP, "--results", "parts", "--slice", "0.05", "-j", "1", *over, "long.elf"]
        logged = {**os.environ, "RVSIM": logged_rvsim(project, RVSIM)}
        for sent in (signal.SIGKILL, signal.SIGINT):
            process = subprocess.Popen(words, cwd=project, env=logged, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 20
            while not snapshots(project) and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.005)
            process.send_signal(sent)
            process.wait()
        expect(snapshots(project), "no snapshot was left")
        expect_equal(subprocess.run(words, cwd=project, env=logged, stdout=subprocess.DEVNULL, check=False).returncode, 0, "gone on")
        for setting in ("alu.latency=1", "alu.latency=2"):
            began = starts(project, setting)
            expect(len(began) > 2 and not any(began[:1]) and all(began[began.index(True):]), f"{setting} began anew behind a snapshot: {began}")
        expect_equal(read(project, "parts/sweep.csv"), read(project, "whole/sweep.csv"), "tables")
        expect(any('"slices": 1,' not in read(project, f"parts/points/{number}.json") for number in (0, 1)), "nothing was sliced")


def snapshots(project):
    work = os.path.join(project, "parts/work")
    return [name for name in (os.listdir(work) if os.path.isdir(work) else []) if os.path.exists(os.path.join(work, name, "snapshot"))]


WRONG = [["--over", "dram.latency"], ["--over", "dram.latency=9..1"], ["--over", "dram.latency=1,1"], ["--over", "dram.latency=1..9:0"], ["--over", "dram.latency="],
         ["--over", "a=1", "--over", "a=2"], ["--over", "a=1..999999", "--over", "b=1..9"], ["--over", "a=1", "--x", "b"], ["--over", "a=1", "--slice", "0"],
         ["--over", "a=1", "-j", "0"], ["--over", "a=1", "--rvsim", "./nothing"]]


def wrong():
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(folder)
        for words in WRONG:
            status, out, err = sweep(project, "--plot", "none", *words, "--", *UART)
            expect(status == 2 and not out and "Traceback" not in err, f"{words}: {status} {out}{err}")
        expect_equal(sweep(project, "--over", "dram.latency=1")[0], 2, "no program")
        expect_equal(sweep(project, "--over", "dram.latency=1", "--", "--stats", "x", *UART)[0], 2, "--stats")
        status, out, err = sweep(project, "--plot", "none", "--over", "dram.latency=20,3000", "--", *UART)
        expect(status == 1 and out.startswith("1 of 2 points") and "dram.latency=3000" in err, f"a value that rvsim refuses: {status} {out}{err}")
        expect_equal([row["status"] for row in rows(os.path.join(project, "rvsim-sweep-results/sweep.csv"))], ["0", "2"], "status")
        status, _, err = sweep(project, "--plot", "none", "--over", "dram.latency=20", "--", *UART)
        expect(status == 2 and "holds another sweep" in err, err)
        status, _, err = sweep(project, "--plot", "none", "--fresh", "--over", "dram.latency=20", "--measure", "cylces", "--", *UART)
        expect(status == 2 and "no point has such a number" in err, err)


def plots():
    """Both kinds; the same points make the same picture; of text and lines in it. Where there is no matplotlib it says so."""
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(folder)
        status, out, err = sweep(project, "--plot", "svg", *OVER, "--measure", "cycles", "--", *UART)
        if status == 2 and "python3-matplotlib" in err:
            return
        expect_equal((status, err), (0, ""), out)
        path = os.path.join(project, "rvsim-sweep-results/cycles.svg")
        first = read(project, "rvsim-sweep-results/cycles.svg")
        words = [element.text for element in xml.etree.ElementTree.parse(path).iter() if element.tag.endswith("}text")]
        expect({"dram.latency [cycles to the first data of a line from memory]", "cycles", "cpu cva6", "cpu u74"} <= {(word or "").strip() for word in words}, words)
        os.remove(path)
        sweep(project, "--plot", "svg", *OVER, "--measure", "cycles", "--", *UART)
        expect_equal(re.sub(r"<dc:title>.*", "", read(project, "rvsim-sweep-results/cycles.svg")), re.sub(r"<dc:title>.*", "", first), "the picture")
        hidden = ["--over", "dram.latency=20..80:20", "--over", "rtc.epoch=1,2,3", "--measure", "store/AMO guest-page fault.median", "--measure", "harts.*.cache.dcache_misses", "--", "--cpu", "cva6", *UART]
        expect_equal(sweep(project, "--fresh", "--plot", "svg", *hidden)[0], 0, "lines that are the same")
        drawn = read(project, "rvsim-sweep-results/store-AMO-guest-page-fault.median.svg")
        expect("store/AMO guest-page fault.median [cycles]" in drawn and "rtc.epoch 1" in drawn and "and 2 more, the same" in drawn and "rtc.epoch 2" not in drawn, drawn[-3000:])
        expect("harts.*.cache.dcache_misses [events]" in read(project, "rvsim-sweep-results/harts.-.cache.dcache_misses.svg"), "a unit")
        expect_equal(sweep(project, "--fresh", "--plot", "png", *OVER, "--measure", "cycles", "--", *UART)[0], 0, "png")
        with open(os.path.join(project, "rvsim-sweep-results/cycles.png"), "rb") as file:
            expect_equal(file.read(8), b"\x89PNG\r\n\x1a\n", "png")


def cases():
    yield "by-hand", by_hand
    yield "sliced", sliced
    yield "wrong", wrong
    yield "plots", plots
