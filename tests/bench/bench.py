#!/usr/bin/env python3
"""rvsim's speed next to QEMU's (TCG, one thread), on the same programs in the same run.

    tests/bench/bench.py [--instructions] [TEXT...]     all rows, or those whose name contains one of the texts

Each program runs on QEMU, on rvsim with timing off and under --cpu cva6 in turn, REPEAT times (default 3; less where a run is long), and
the least counts: the CPU time, user and system, that the process took; or with --instructions the host's instructions, which other
work on the machine does not change, if perf can count them. A program that does nothing was measured too, and is taken off. What
a program prints must be the same everywhere. The events are rvsim's own count of a run under cva6.

SPIKE=path adds Spike. COREMARK=path and EMBENCH=path add programs of the user's own: an ELF, or a folder of them, that run on QEMU's
virt machine from 0x80000000 in M-mode, and end by its finisher.
"""
import glob
import json
import math
import os
import subprocess
import sys
import tempfile
import time

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
REPEAT = int(os.environ.get("REPEAT", "3"))
LONG = 4  # seconds: what takes so long is run once
MOST = 600  # seconds: what takes so long is ended
SPIKE = os.environ.get("SPIKE")
RVSIM = os.environ.get("RVSIM", "build/rvsim")
BUILT = "build/bench"
FIRMWARE = "build/firmware.elf"
OPENSBI = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.elf"
QEMU = ["qemu-system-riscv64", "-M", "virt", "-cpu", "rv64,h=true", "-accel", "tcg,thread=single", "-m", "512M", "-nographic"]
OFF, CVA6 = ["--timing", "off"], ["--cpu", "cva6", "--timing", "on"]


class Row:
    """A program and how it is run. `variant`: of another row, so the means do not count it; `text`: all print the same."""

    def __init__(self, name, machine, elf=None, harts=1, options=(), variant=False, text=True):
        self.name, self.elf, self.harts, self.variant, self.text = name, elf, harts, variant, text
        self.machine = [*machine, "-smp", str(harts)] if harts > 1 else machine
        self.options = list(options)

    def commands(self):
        yield "qemu", [*QEMU, *self.machine]
        for label, timing in (("off", OFF), ("cva6", CVA6)):
            yield label, [RVSIM, "-M", "virt", "-m", "512M", "-nographic", *timing, *self.options, *self.machine]
        if SPIKE and self.elf:
            yield "spike", [SPIKE, "--isa=rv64imafdch_zicntr", f"-p{self.harts}", self.elf]


class Failure(Exception):
    pass


# ---- rows ----

def kinds():
    """(name, harts) of each program of kinds.txt."""
    with open("tests/bench/kinds.txt") as file:
        for line in file:
            columns = line.split("#")[0].split()
            for mode in columns[3].split(",") if columns else ():
                yield f"{columns[0]}-{mode}", 4 if mode == "M4" else 1


def program(name, harts=1, folder=BUILT, **more):
    elf = f"{folder}/{name}.elf"
    return Row(name, ["-bios", elf], elf, harts, **more)


def exits(folder=BUILT):
    """The project's firmware and a guest that only exits."""
    return ["-bios", FIRMWARE, "-device", f"guest-loader,addr=0x90000000,kernel={folder}/exits.elf"]


def users():
    """What the user named."""
    for variable in ("COREMARK", "EMBENCH"):
        path = os.environ.get(variable)
        if not path:
            continue
        found = sorted(file for file in glob.glob(f"{path}/**", recursive=True) if is_elf(file)) if os.path.isdir(path) else [path]
        if not found or not is_elf(found[0]):
            raise Failure(f"{variable}={path}: no ELF")
        for file in found:
            yield Row(f"{variable.lower()}-{os.path.splitext(os.path.basename(file))[0]}", ["-bios", file], file, variant=True, text=False)


def is_elf(path):
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def linux():
    """A boot of each kernel that make linux has built, to the end of its user space."""
    for version, folder in (("6.1", "12"), ("6.12", "13")):
        kernel, initrd = f"build/linux/{folder}/Image", "build/linux/initrd"
        if os.path.exists(kernel) and os.path.exists(initrd):
            yield Row(f"linux-{version}", ["-bios", OPENSBI, "-kernel", kernel, "-initrd", initrd, "-append", "console=ttyS0"], text=False)


def rows():
    for name, harts in kinds():
        if not name.startswith("nothing-"):
            yield program(name, harts)
        if harts > 1:
            yield Row(f"{name}-quantum-1", ["-bios", f"{BUILT}/{name}.elf"], None, harts, ["--quantum", "1"], variant=True)
    yield Row("exits", exits())
    yield Row("exits-trace", exits(), options=["--trace", "/dev/null"], variant=True)
    yield Row("exits-stats", exits(), options=["--stats", "/dev/null"], variant=True)
    yield from linux()
    yield from users()


# ---- measuring ----

def spent_time(command):
    """(user and system seconds, exit status, stdout)"""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(["timeout", str(MOST), *command], stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            raise Failure(f"{' '.join(command)}: exit {process.returncode}: {err.read().decode(errors='replace')[-300:]}")
        return usage.ru_utime + usage.ru_stime, out.read().decode(errors="replace").replace("\r", "")


def spent_instructions(command):
    """(host instructions in user mode, in units of 10^9: some 0.3 s; stdout)"""
    with tempfile.NamedTemporaryFile("r") as file:
        _, out = spent_time(["perf", "stat", "-x", ",", "-e", "instructions:u", "-o", file.name, *command])
        counts = [line.split(",")[0] for line in file if "instructions" in line]
        return int(counts[0]) / 1e9, out


def perf_counts():
    try:
        return spent_instructions(["true"])[0] > 0
    except (OSError, Failure, ValueError, IndexError):
        return False


WITHOUT = ("--trace", "--stats", "/dev/null")  # of a row that measures results


def statistics(row):
    """Instructions of a run under cva6, and its events."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "stats")
        command = dict(row.commands())["cva6"]
        spent_time([command[0], "--stats", path, *[word for word in command[1:] if word not in WITHOUT]])
        with open(path) as file:
            return json.load(file)


EVENTS = [("I$", "cache", ["icache_misses"]), ("D$", "cache", ["dcache_misses"]), ("TLB", "tlb", ["itlb_misses", "dtlb_misses"]),
          ("PTEs", "tlb", ["pte_reads_first", "pte_reads_second"]), ("mispr.", "branch", ["mispredicts"]),
          ("new", "engine", ["wrong_paths_new"]), ("changed", "engine", ["wrong_paths_changed"]),
          ("left", "engine", ["blocks_left"]), ("settled", "engine", ["blocks_settled"]), ("transl.", "engine", ["translations"])]


def per_kilo(stats):
    return [sum(hart[group][key] for hart in stats["harts"] for key in keys) / stats["instructions"] * 1000 for _, group, keys in EVENTS]


def least(row, spent, turns):
    """The least that each command took, in turns; all must print the same."""
    best, texts = {}, {}
    commands = list(row.commands())
    for turn in range(turns):
        for label, command in commands:
            if turn and best[label] > LONG:
                continue
            value, texts[label] = spent(command)
            best[label] = min(best.get(label, value), value)
    ours = {label: text for label, text in texts.items() if label != "spike"}
    if row.text and len(set(console(text) for text in ours.values())) != 1:
        raise Failure(f"{row.name}: not the same text: {ours}")
    return best


def console(text):
    """Without what differs by platform."""
    return text[max(text.find("rvsim hypervisor"), 0):]


# ---- the table ----

class Table:
    def __init__(self, spent):
        self.spent = spent
        self.nothing = least(program("nothing-M"), spent, 3 * REPEAT)
        self.ratios = {}

    def heading(self, unit):
        print("What it costs without a program: " + ", ".join(f"{label} {value:.3f}" for label, value in self.nothing.items()) + f" {unit}\n")
        cells = ["program", "M insns", "QEMU", "off", "ratio", "cva6", "ratio"] + (["Spike", "ratio"] if SPIKE else []) + [name for name, _, _ in EVENTS]
        print(f"| {' | '.join(cells)} |\n|{' --- |' * len(cells)}", flush=True)

    def row(self, row):
        stats, best = statistics(row), least(row, self.spent, REPEAT)
        instructions = stats["instructions"]
        net = {label: max(value - self.nothing.get(label, 0), 1e-3) for label, value in best.items()}
        cells = [row.name, f"{instructions / 1e6:.0f}", f"{net['qemu'] / instructions * 1e9:.2f}"]
        for label in [label for label in net if label != "qemu"]:
            ratio = net["qemu"] / net[label]
            cells += [f"{net[label] / instructions * 1e9:.2f}", f"{ratio:.3f}"]
            if not row.variant:
                self.ratios.setdefault(label, []).append((ratio, row.name))
        cells += ["", ""] if SPIKE and "spike" not in net else []
        cells += [f"{value:.1f}" if value >= 0.05 or value == 0 else "0.0+" for value in per_kilo(stats)]
        print(f"| {' | '.join(cells)} |", flush=True)

    def summary(self):
        for label, ratios in self.ratios.items():
            mean = math.exp(sum(math.log(ratio) for ratio, _ in ratios) / len(ratios))
            worst, name = min(ratios)
            print(f"{label}: geometric mean of {len(ratios)} ratios to QEMU {mean:.3f}, worst {worst:.3f} ({name})")


def traces(names, spent):
    """What tracing costs: how many times what it takes without."""
    print("\nTracing, as a multiple of the time without:\n\n| program | off: world | insn | cva6: world | insn |\n| --- | --- | --- | --- | --- |")
    for name in names:
        cells = [name]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "trace")
            for timing in (OFF, CVA6):
                runs = [[], ["--trace", path], ["--trace", path + ",events=insn"]]
                values = [min(spent([RVSIM, *timing, *options, f"{BUILT}/{name}.elf"])[0] for _ in range(REPEAT)) for options in runs]
                cells += [f"{value / values[0]:.2f}" for value in values[1:]]
        print(f"| {' | '.join(cells)} |", flush=True)


def main():
    texts = [word for word in sys.argv[1:] if word != "--instructions"]
    spent, unit = spent_time, "seconds of CPU time"
    if "--instructions" in sys.argv[1:]:
        if perf_counts():
            spent, unit = spent_instructions, "10^9 instructions of the host"
        else:
            print("perf counts no instructions here: CPU time instead")
    chosen = [row for row in rows() if not texts or any(text in row.name for text in texts)]
    if not chosen:
        raise Failure(f"no row's name contains {' or '.join(texts)}")
    start = time.monotonic()
    table = Table(spent)
    table.heading(unit)
    for row in chosen:
        table.row(row)
    print()
    table.summary()
    if not texts:
        traces(("mix-VS", "records-VS", "kernels-VS", "walk-VS"), spent)
    print(f"\n{time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"bench.py: {failure}")
