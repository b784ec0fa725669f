"""rvsim-sweep on Slurm (tests/slurm_here.py): 200 points to the table that this machine alone makes; jobs that are killed, requeued and
cancelled; a Slurm that cannot be reached. `make slurm`."""
import json
import os
import signal
import subprocess
import tempfile
from slurm_here import Slurm
from outside_project import logged_rvsim, make_project, read, starts, wait_for
from suites.rvsim_sweep import PYTHON, SWEEP, UART, rows
from suites.tools import RVSIM, expect, expect_equal, run

OVER = ["--over", "dram.latency=10..200:10", "--over", "l1i.size=1024..16384:x2", "--over", "tlb.entries=16,1024"]
MEASURES = ["--measure", "cycles", "--measure", "store/AMO guest-page fault.median"]


def sweep(project, environment, *words):
    result = subprocess.run([PYTHON, SWEEP, *words], cwd=project, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env={**environment, "RVSIM": os.path.abspath(RVSIM)}, timeout=1800, check=False)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def points_200():
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(folder)
        words = [*OVER, *MEASURES, "--plot", "png", "--", "--cpu", "cva6", *UART]
        status, out, err = sweep(project, os.environ, "--results", "here", *words)
        expect_equal((status, err), (0, ""), out)
        slurm = Slurm(os.path.join(folder, "slurm"))
        with slurm as environment:
            status, out, err = sweep(project, environment, "--results", "there", "--slurm", *words)
        expect(status == 0 and out.startswith("200 of 200 points"), f"{status} {out}{err}\n{slurm.logs()}")
        expect_equal(read(project, "there/sweep.csv"), read(project, "here/sweep.csv"), "tables")
        found = rows(os.path.join(project, "there/sweep.csv"))
        expect(len(found) == 200 and {row["status"] for row in found} == {"0"} and len({row["cycles"] for row in found}) > 40, "points")
        expect(len(os.listdir(os.path.join(project, "there/slurm"))) == 200, "jobs, one a point")
        kept = os.environ.get("SWEEP_PLOTS")
        if kept:
            run(["cp", "-r", os.path.join(project, "there"), kept])


LONG = '.globl _start\n_start: li t0, 200000000\n1: addi t0, t0, -1\n bnez t0, 1b\n li t0, 0x100000\n li t1, 0x5555\n sw t1, 0(t0)\n j .\n'


def killed_and_requeued():
    """A job of a long point: killed with all its processes, then requeued, goes on from its snapshot; one that is cancelled is sent again."""
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(folder)
        with open(os.path.join(project, "long.S"), "w") as file:
            file.write(LONG)
        expect_equal(run(["riscv64-unknown-elf-gcc", "-nostdlib", "-Wl,-Ttext=0x80000000", project + "/long.S", "-o", project + "/long.elf"])[0], 0, "gcc")
        words = ["--plot", "none", "--over", "alu.latency=1,2", "--measure", "cycles", "--", "--cpu", "cva6", "long.elf"]
        expect_equal(sweep(project, os.environ, "--results", "here", *words)[0], 0, "here")
        logged = logged_rvsim(project, RVSIM)
        with Slurm(os.path.join(folder, "slurm")) as environment:
            process = subprocess.Popen([PYTHON, SWEEP, "--results", "there", "--slice", "0.2", "--slurm", *words], cwd=project, stdout=subprocess.PIPE,
                                       env={**environment, "RVSIM": logged})
            wait_for(lambda: os.path.exists(os.path.join(project, "there/work/0/snapshot")))
            ids = json.loads(read(project, "there/slurm.json"))["ids"]
            expect_equal(subprocess.run(["scontrol", "requeue", f"{ids[0]}_0"], env=environment, check=False).returncode, 0, "requeue")
            wait_for(lambda: os.path.exists(os.path.join(project, "there/work/1/snapshot")))
            subprocess.run(["scancel", f"{ids[0]}_1"], env=environment, check=True)
            process.send_signal(signal.SIGKILL)
            process.wait()
            wait_for(lambda: not os.path.exists(f"/proc/{process.pid}"))
            status, out, err = sweep(project, environment, "--results", "there", "--rvsim", logged, "--slice", "0.2", "--slurm", *words)
            expect(status == 0 and out.startswith("2 of 2"), f"{status} {out}{err}")
        expect_equal(read(project, "there/sweep.csv"), read(project, "here/sweep.csv"), "tables")
        for setting in ("alu.latency=1", "alu.latency=2"):
            began = starts(project, setting)
            expect(len(began) > 2 and not began[0] and all(began[began.index(True):]), f"{setting} began anew behind a snapshot: {began}")


def never_ran():
    """Jobs that end without having run are no results, whatever Slurm says of them; no Slurm: one line."""
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(folder)
        words = ["--plot", "none", "--over", "dram.latency=20,40", "--", *UART]
        with Slurm(os.path.join(folder, "slurm")) as environment:
            status, out, err = sweep(project, environment, "--slurm", "--slurm-option=--chdir=/nonexistent", "--slurm-option=--time=0:01",
                                     "--slurm-option=--begin=now", "--slurm-option=--output=/nonexistent/x", *words)
            expect(status in (0, 1) and (status == 0) == out.startswith("2 of 2"), f"{status} {out}{err}")
            status, _, err = sweep(project, environment, "--fresh", "--slurm", "--slurm-option=--partition=nowhere", *words)
            expect(status == 2 and err.startswith("rvsim-sweep: sbatch: ") and err.count("\n") == 1, f"{status} {err}")
        status, _, err = sweep(project, {**os.environ, "SLURM_CONF": "/nonexistent"}, "--fresh", "--slurm", *words)
        expect(status == 2 and "Traceback" not in err and err.startswith("rvsim-sweep: sbatch: "), f"{status} {err}")


def cases():
    yield "200-points", points_200
    yield "killed-and-requeued", killed_and_requeued
    yield "never-ran", never_ran
