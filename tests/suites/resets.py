"""A reset starts the machine anew: each start is the same run, whatever was before; and what ends a machine that resets for ever."""
import os
import re
import tempfile
from suites.tools import PLAIN, RVSIM, RVTRACE, expect, expect_equal, run, stats_of

LIMITS = {"--max-insns": "100000", "--max-cycles": "100000", "--timeout": "0.5", "--max-resets": "7"}


def board(name):
    return f"build/board/{name}.elf"


def statuses():
    """-no-reboot ends it well, the reset after the last that --max-resets allows does not."""
    for options, status, said in (
            ([], 0, ""), (["-no-reboot"], 0, "the guest asked for a reset"), (["--max-resets", "2"], 0, ""),
            (["--max-resets", "1"], 3, "--max-resets reached"), (["--max-resets", "0"], 3, "--max-resets reached"),
            (["-no-reboot", "--max-resets", "1"], 0, "the guest asked for a reset")):
        for harts in ("1", "3"):
            got, out, err = run([RVSIM, "-smp", harts, *options, board("reset")])
            expect_equal((got, err.strip().removeprefix("rvsim: ")), (status, said), f"{options} on {harts} harts")
            starts = {"": 3, "1": 2}.get(options[-1] if status else "", 1) if "-no-reboot" not in options else 1
            expect_equal(out.count("resets before"), starts, f"{options} on {harts} harts: starts")


def for_ever(harts, quantum):
    for option, value in LIMITS.items():
        for binary in (RVSIM, PLAIN):
            status, _, err = run([binary, "-smp", harts, "--quantum", quantum, option, value, board("again")], 30)
            expect_equal((status, err), (3, f"rvsim: {option} reached\n"), f"{harts} harts, {option}")


def counted():
    _, _, stats = stats_of([RVSIM, "-smp", "2", board("world")])
    expect_equal(stats["resets"], 3, "resets")
    # a guest that was there at the reset left by no exit; what it ran counts
    zone = stats["zones"][-1]
    expect_equal((zone["entries"], zone["exits"]), (6, 3), f"switches: {zone}")
    causes = [row["cause"] for row in stats["world_switches"]["causes"]]
    expect_equal(causes, ["ecall from VS-mode"], "exits")


def starts_of(text):
    """The hart's events of each start, cycles counted from the reset."""
    starts, base = [[]], 0
    for line in text.splitlines():
        cycle, hart, rest = line.split(None, 2)
        if 'cause="reset"' in line:
            base = int(cycle)
            starts.append([])
        else:
            starts[-1].append((int(cycle) - base, rest))
    return starts


def the_same_run(cpu):
    """Timed or not: every start of a program that does the same takes the same cycles, from caches as cold as at power-on."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace")
        run([RVSIM, "--cpu", cpu, "--max-resets", "3", "--trace", f"{trace},events=insn,world", board("again")])
        status, out, err = run([RVTRACE, "dump", trace])
        expect_equal((status, err), (0, ""), "rvtrace")
        starts = starts_of(out)
        expect_equal(len(starts), 4, out)
        for start in starts[1:]:
            expect_equal(start, starts[0], f"{cpu}: a start after a reset")


def traced():
    """Registers that a reader computes are right after a reset too: the file tells them again."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace")
        run([RVSIM, "-smp", "4", "--trace", f"{trace},events=all", board("reset")])
        status, out, err = run([RVTRACE, "dump", "--type=insn", trace])
        expect_equal((status, err), (0, ""), "rvtrace")
        first = [line for line in out.splitlines() if re.search(r"\bM  insn +0x1000\b", line)]
        expect_equal(len(first), 12, "starts of four harts at the ROM")


def debugged():
    """Break points stay; what was known of the last trap goes (`why` then is a command that fails); and nobody stops at a reset."""
    script = "break main;continue;continue;info breakpoints;-why;continue;continue;quit"
    status, out, err = run([RVSIM, "--debug-cmd", script, board("reset")])
    expect_equal((status, err.count("breakpoint 1: main"), out.count("resets before")), (0, 3, 3), err)
    expect("hart 0 has taken no trap yet" in err and "the machine has stopped" in err, err)


def fed():
    """Input goes on over resets, recorded and replayed too."""
    text = "one character each\n"
    with tempfile.TemporaryDirectory() as folder:
        recording = os.path.join(folder, "recording")
        for options, stdin in ((["--record", recording], text.encode()), (["--replay", recording], None)):
            status, out, err = run([RVSIM, *options, board("input")], stdin=stdin)
            expect_equal((status, out, err), (0, text, ""), f"{options}")


def cases():
    yield "fed", fed
    yield "statuses", statuses
    for harts, quantum in (("1", "1000"), ("3", "1"), ("4", "1000")):
        yield f"for-ever-{harts}", lambda harts=harts, quantum=quantum: for_ever(harts, quantum)
    yield "counted", counted
    for cpu in ("ideal", "cva6", "rocket", "u74"):
        yield f"the-same-run-{cpu}", lambda cpu=cpu: the_same_run(cpu)
    yield "traced", traced
    yield "debugged", debugged
