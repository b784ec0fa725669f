#!/usr/bin/env python3
"""
Random programs on rvsim and on QEMU (and on Spike, if given): do they end in the same state?

    compare.py --build build --seeds 1000 [--first 1] [--spike PATH]   compare; exit 1 if anything is unexplained
    compare.py --build build --show SEED [--shrink]                    one case: where it first differs, and its code
    compare.py --build build --options --seeds 200                     rvsim's own settings and engines against each other

known.md says which differences are QEMU's; known.py recognizes them.
"""
import argparse
import collections
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import known
import machines
import records
from program import programs_of

BATCH = 40


def generate(build, folder, first, count, slots=None, keep=None, everything=True):
    elf = os.path.join(folder, "batch.elf")
    command = [f"{build}/tests/diff/generate"] + ["--all"] * everything + [f"{build}/tests/diff/runtime.elf", elf, str(first), str(count)]
    if slots or keep is not None:
        command.append(str(slots or 24))
    if keep is not None:
        command.append(",".join(map(str, keep)))
    subprocess.run(command, check=True)
    return elf


def differing(ours, theirs):
    return [name for name in ours if ours[name] != theirs.get(name)]


def first_difference(program, ours, theirs, explain):
    """Compare two lists of records. Returns (verdict, index, names, ids): verdict None if they are the same up to the
    differences of known.md with these ids, else "UNEXPLAINED" at this record in these registers."""
    case = known.Case(program)
    for index, (our, their) in enumerate(zip(ours, theirs)):
        names = differing(our, their)
        if names:
            left, parts = explain(case, our, their, names)
            if left:
                return "UNEXPLAINED", index, left, case.seen
            if parts:
                return None, index, names, case.seen
        case.records.append(our)
    if len(ours) != len(theirs):
        return "UNEXPLAINED", min(len(ours), len(theirs)), ["length"], case.seen
    return None, None, [], case.seen


class Result:
    def __init__(self):
        self.programs = 0
        self.same = 0
        self.events = 0
        self.known = collections.Counter()
        self.unexplained = []
        self.trouble = []

    def add(self, other):
        self.programs += other.programs
        self.same += other.same
        self.events += other.events
        self.known += other.known
        self.unexplained += other.unexplained
        self.trouble += other.trouble


def compare_logs(first, programs, ours, theirs, explain, who):
    result = Result()
    if len(ours) != len(theirs):
        result.trouble.append(f"seeds {first}..: {len(ours)} cases here, {len(theirs)} on {who}")
    for number, (program, our, their) in enumerate(zip(programs, ours, theirs)):
        result.programs += 1
        result.events += len(our)
        verdict, index, names, seen = first_difference(program, our, their, explain)
        for name in seen:
            result.known[name] += 1
        if verdict:
            result.unexplained.append((first + number, index, names))
        elif not seen:
            result.same += 1
    return result


def run_batch(build, rvsim, other, first, count, slots):
    """Run one batch on both; a batch that one of them cannot finish is halved until the case is alone."""
    result = Result()
    with tempfile.TemporaryDirectory(prefix="diff", dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        elf = generate(build, folder, first, count, slots, None, other.everything)
        ours = None
        try:
            ours = records.cases_of(rvsim.run(elf, folder, isa=other.isa))
            theirs = records.cases_of(other.run(elf, folder, 8 if count == 1 else 20))
            return compare_logs(first, programs_of(elf), ours, theirs, known.explainer(other.name), other.name)
        except (machines.Trouble, ValueError) as error:
            if count == 1:
                result.programs += 1
                reason = known.hang(other.name, ours[0]) if ours else None
                if reason:
                    result.known[reason] += 1
                else:
                    result.trouble.append(f"seed {first}: {error}")
                return result
    half = count // 2
    result.add(run_batch(build, rvsim, other, first, half, slots))
    result.add(run_batch(build, rvsim, other, first + half, count - half, slots))
    return result


def report(name, result, verbose=True):
    print(f"{name}: {result.programs} programs, {result.events} traps; {result.same} the same throughout, "
          f"{result.programs - result.same - len(result.unexplained) - len(result.trouble)} the same up to known differences, "
          f"{len(result.unexplained)} unexplained, {len(result.trouble)} in trouble")
    for key, count in sorted(result.known.items()):
        print(f"  known {key}: {count}")
    for seed, index, names in sorted(result.unexplained)[:40] if verbose else []:
        print(f"  UNEXPLAINED seed {seed} record {index}: {' '.join(names[:12])}")
    for line in result.trouble[:20]:
        print(f"  TROUBLE {line}")


def compare(args, rvsim, others):
    totals = {other.name: Result() for other in others}
    starts = range(args.first, args.first + args.seeds, BATCH)
    with concurrent.futures.ThreadPoolExecutor(max_workers=args.jobs) as pool:
        work = [(other, pool.submit(run_batch, args.build, rvsim, other, start,
                                    min(BATCH, args.first + args.seeds - start), args.slots))
                for start in starts for other in others]
        for done, (other, future) in enumerate(work):
            totals[other.name].add(future.result())
            if sys.stderr.isatty() and done % 10 == 0:
                print(f"\r{done} of {len(work)} batches", end="", file=sys.stderr)
    for name, result in totals.items():
        report(name, result)
    bad = any(result.unexplained or result.trouble or not result.programs for result in totals.values())
    return 1 if bad else 0


# ---- one case ----

def show_value(name, value):
    return f"{value:#x}"


def one(args, rvsim, other, seed, keep=None):
    with tempfile.TemporaryDirectory(prefix="diff") as folder:
        elf = generate(args.build, folder, seed, 1, args.slots, keep, other.everything)
        ours = records.cases_of(rvsim.run(elf, folder, isa=other.isa))[0]
        try:
            theirs = records.cases_of(other.run(elf, folder, 10))[0]
        except machines.Trouble as error:
            return ours, None, ("TROUBLE", 0, [str(error)], set())
        return ours, theirs, first_difference(programs_of(elf)[0], ours, theirs, known.explainer(other.name))


def shrink(args, rvsim, other, seed):
    """Leave slots out while the case still differs."""
    keep = list(range(args.slots or 24))
    for size in (8, 4, 2, 1):
        at = 0
        while at < len(keep):
            fewer = keep[:at] + keep[at + size:]
            if fewer and one(args, rvsim, other, seed, fewer)[2][0]:
                keep = fewer
            else:
                at += size
    return keep


def disassemble(args, seed, keep, wanted, everything):
    """The code of the slots `wanted`."""
    with tempfile.TemporaryDirectory(prefix="diff") as folder:
        elf = generate(args.build, folder, seed, 1, args.slots, keep, everything)
        code = subprocess.run([f"{args.build}/tests/diff/listing", elf], stdout=subprocess.PIPE, check=True).stdout.decode()
    for block in code.split("\n\n"):
        if any(block.startswith(f"slot {slot} ") or block.startswith(f"slot {slot}\n") for slot in wanted) or "init" in wanted:
            print(block)


def show(args, rvsim, other):
    seed = args.show
    keep = shrink(args, rvsim, other, seed) if args.shrink else None
    ours, theirs, (verdict, index, names, seen) = one(args, rvsim, other, seed, keep)
    print(f"seed {seed}: {verdict}, known {sorted(seen)}, slots {keep}")
    if theirs is None or index is None:
        print(names)
        index = len(ours) - 1
    slots = set()
    for record in range(max(0, index - args.before), min(index + 1, len(ours))):
        our, their = ours[record], theirs[record] if theirs and record < len(theirs) else {}
        slots |= {our.get("slot"), their.get("slot")}
        print(f"record {record}:")
        for name in our:
            mark = "" if their.get(name) == our[name] else f"   {other.name} {their.get(name, 0):#x}"
            if mark or (args.all and our[name]) or name in ("slot", "mcause", "mepc", "mtval", "mstatus", "hstatus", "scause", "sepc"):
                print(f"    {name:12} {our[name]:#x}{mark}")
    disassemble(args, seed, keep, sorted(slots - {None}) + (["init"] if args.all else []), other.everything)


# ---- rvsim against itself ----

SETTINGS = [["--set", "engine.block_ops=1"], ["--set", "engine.flush_always=yes"], ["--quantum", "1"],
            ["--set", "engine.block_ops=1", "--set", "engine.flush_always=yes", "--quantum", "1"]]
SMALL_TLB = ["--set", "tlb.entries=1"]


def options(args):
    """Settings that are to change no result: the same log, and the same trace hash where time stays the same."""
    import json
    bad = 0
    for start in range(args.first, args.first + args.seeds, BATCH):
        with tempfile.TemporaryDirectory(prefix="diff") as folder:
            elf = generate(args.build, folder, start, min(BATCH, args.first + args.seeds - start), args.slots)
            stats = os.path.join(folder, "stats")

            def outcome(machine):
                log = machine.run(elf, folder, timeout=300, stats=stats)
                with open(stats) as file:
                    return log, json.load(file)["trace_hash"]

            base = outcome(machines.Rvsim(args.rvsim))
            variants = [(machines.Rvsim(args.rvsim, setting), True) for setting in SETTINGS]
            variants.append((machines.Rvsim(args.plain), True))
            for path in (args.rvsim, args.plain):
                variants.append((machines.Rvsim(path, SMALL_TLB + (SETTINGS[-1] if path == args.plain else [])), False))
            for machine, same_hash in variants:
                log, trace_hash = outcome(machine)
                if log != base[0] or (same_hash and trace_hash != base[1]):
                    bad += 1
                    differs = [start + n for n, (a, b) in enumerate(zip(records.cases_of(base[0]), records.cases_of(log))) if a != b]
                    print(f"{machine.path} {machine.options}: seeds {start}..: log differs in {differs}, "
                          f"trace hash {'same' if trace_hash == base[1] else 'differs'}")
    print(f"settings: {args.seeds} programs, {bad} batches differ")
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--slots", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rvsim")
    parser.add_argument("--rvsim-set", action="append", default=[], help="a --set of rvsim")
    parser.add_argument("--plain")
    parser.add_argument("--spike")
    parser.add_argument("--only", choices=["qemu", "spike"])
    parser.add_argument("--show", type=int)
    parser.add_argument("--shrink", action="store_true")
    parser.add_argument("--all", action="store_true", help="with --show: every register")
    parser.add_argument("--before", type=int, default=1, help="with --show: records before the difference")
    parser.add_argument("--options", action="store_true")
    args = parser.parse_args()
    args.rvsim = args.rvsim or f"{args.build}/rvsim"
    args.plain = args.plain or f"{args.build}/plain/rvsim"
    if args.options:
        return options(args)
    rvsim = machines.Rvsim(args.rvsim, [word for value in args.rvsim_set for word in ("--set", value)])
    others = [machines.Qemu()] if args.only != "spike" else []
    if args.spike and args.only != "qemu":
        others.append(machines.Spike(args.spike))
    if args.show is not None:
        show(args, rvsim, others[0])
        return 0
    if not shutil.which("qemu-system-riscv64") and args.only != "spike":
        print("compare.py: qemu-system-riscv64 is not installed", file=sys.stderr)
        return 2
    return compare(args, rvsim, others)


if __name__ == "__main__":
    sys.exit(main())
