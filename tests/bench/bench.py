#!/usr/bin/env python3
"""rvsim's speed next to QEMU's (TCG, one thread) and, with SPIKE=path, Spike's, on the same ELFs in the same run.

Machines are noisy: each program runs on each simulator in turn, REPEAT times (default 3), and the best time counts. MIPS are retired
instructions by rvsim's own count; what can be compared is the ratio. Then what traces cost: the default events, and every instruction.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
REPEAT = int(os.environ.get("REPEAT", "3"))
SPIKE = os.environ.get("SPIKE")
RVSIM = os.environ.get("RVSIM", "build/rvsim")
PROGRAMS = [f"{name}-{mode}" for name in ("mix", "walk", "records", "kernels") for mode in ("M", "S", "VS")]


def timed(command):
    start = time.perf_counter()
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    seconds = time.perf_counter() - start
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {result.returncode}: {result.stderr.decode()[-300:]}")
    return seconds


def instructions(options, elf):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "stats")
        timed([RVSIM, "--stats", path, *options, elf])
        with open(path) as file:
            return json.load(file)["instructions"]


def commands(elf, harts):
    smp = ["-smp", str(harts)]
    yield "qemu", ["qemu-system-riscv64", "-M", "virt", "-cpu", "rv64,h=true", "-accel", "tcg,thread=single", "-m", "512M",
                   "-nographic", *smp, "-bios", elf]
    yield "off", [RVSIM, "--timing", "off", *smp, elf]
    yield "cva6", [RVSIM, "--cpu", "cva6", "--timing", "on", *smp, elf]
    if harts > 1:
        yield "q1", [RVSIM, "--cpu", "cva6", "--timing", "on", "--quantum", "1", *smp, elf]
    if SPIKE:
        yield "spike", [SPIKE, "--isa=rv64imafdch_zicntr", f"-p{harts}", elf]


def supported(command):
    """A preset may not be built yet: then its column stays empty."""
    return subprocess.run(command + ["--max-insns", "1"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE).returncode in (0, 3)


def measure(name, harts=1):
    elf = f"build/bench/{name}.elf"
    count = instructions(["-smp", str(harts)], elf)
    best = {}
    table = [(label, command) for label, command in commands(elf, harts)
             if command[0] != RVSIM or supported(command)]
    for _ in range(REPEAT):
        for label, command in table:
            best[label] = min(best.get(label, 1e9), timed(command))
    mips = {label: count / seconds / 1e6 for label, seconds in best.items()}
    cells = [f"{mips['qemu']:9.0f}"]
    for label in ("off", "cva6", "q1", "spike"):
        cells.append(f"{mips[label]:9.0f} {mips[label] / mips['qemu']:6.3f}" if label in mips else " " * 16)
    print(f"{name:12}{count / 1e6:8.0f}" + "".join(cells), flush=True)


def traces(name):
    """What tracing costs: seconds, and how many times those without."""
    elf = f"build/bench/{name}.elf"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace")
        table = [(f"{timing} {label}", [RVSIM, "--timing", timing, "--cpu", "cva6", *options, elf])
                 for timing in ("off", "on")
                 for label, options in (("none", []), ("world", ["--trace", path]), ("insn", ["--trace", path + ",events=insn"]))]
        best = {}
        for _ in range(REPEAT):
            for label, command in table:
                best[label] = min(best.get(label, 1e9), timed(command))
    cells = "".join(f"{best[f'{timing} {label}'] / best[f'{timing} none']:13.3f}" for timing in ("off", "on") for label in ("world", "insn"))
    print(f"{name:12}{cells}", flush=True)


def main():
    print("MIPS, and the ratio to QEMU's\n" + f"{'program':12}{'M insns':>8}{'QEMU':>9}{'timing off':>16}{'--cpu cva6':>16}"
          f"{'cva6, quantum 1':>16}{'Spike' if SPIKE else '':>16}")
    for name in PROGRAMS:
        measure(name)
    measure("shared-M", harts=4)
    print("\nTracing: time, as a multiple of that without\n" + f"{'program':12}{'off: world':>13}{'insn':>13}{'cva6: world':>13}{'insn':>13}")
    for name in ("mix-VS", "records-VS", "kernels-VS", "walk-VS"):
        traces(name)


if __name__ == "__main__":
    main()
