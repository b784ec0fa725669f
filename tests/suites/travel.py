"""Time travel in the REPL: back by steps, calls and stop points, to cycles and checkpoints; who wrote there last."""
import os
import re
import tempfile
from suites.tools import FIRMWARE, RVSIM, expect, expect_equal, guest, run, stats_of

SMP = ["-smp", "4", "--cpu", "cva6", FIRMWARE, guest("smp")]
HELLO = [FIRMWARE, guest("hello")]


def lines_of(script, program=HELLO, options=(), status=0):
    got, out, err = run([RVSIM, *options, "--debug-cmd", "\n".join(script), *program], 300)
    expect_equal(got, status, f"exit status of {script}: {err[-2000:]}")
    return out, err.splitlines()


def harts_of(lines):
    """Each `info harts`: its lines."""
    shown = [line[2:] for line in lines if re.match(r"^[* ] hart ", line)]
    return shown


def by_steps():
    """Back and forth lands where it was, on one hart and on four, at each quantum; and the hash is the straight run's."""
    for options in ([], ["--quantum", "1"], ["--cpu", "ideal"]):
        for harts in ("1", "4"):
            program = ["-smp", harts, FIRMWARE, guest("smp")]
            script = ["continue 900000", "step 1", "info harts", "step 250", "info harts", "reverse-step 250", "info harts", "step 250", "info harts",
                      *["reverse-step"] * 20, "step 20", "info harts", "continue", "info stats"]
            _, lines = lines_of(script, program, options)
            shown = harts_of(lines)
            size = int(harts)
            first, second, third, fourth, fifth = (shown[i * size:(i + 1) * size] for i in range(5))
            expect(first != second, "250 steps changed nothing")
            # the hart that steps is where it was; others are where they were before its next step
            expect_equal([line.split("retired")[1] for line in third[:1]], [line.split("retired")[1] for line in first[:1]], "after going back")
            expect_equal(fourth, second, "forth again")
            expect_equal(fifth, second, "twenty steps back and forth")
            _, _, stats = stats_of([RVSIM, *options, *program])
            expect(any(f"trace hash {stats['trace_hash']}" in line for line in lines), f"another hash than {stats['trace_hash']}: {lines[-1]}")


def by_stop_points():
    """reverse-continue comes to the breakpoint that was met before; to the beginning when there is none."""
    _, lines = lines_of(["break sbi_console_write", "continue", "info harts", "continue", "info harts", "reverse-continue", "info harts", "delete",
                         "-reverse-continue", "info harts"], SMP)
    shown = harts_of(lines)
    expect_equal(shown[8:12], shown[0:4], "the first hit")
    expect("nothing is known of what was before" in lines, lines)
    expect(all(" retired 0 " in line for line in shown[12:16]), f"not at the beginning: {shown[12:16]}")


def by_watched_value():
    """Back to before the instruction that changed it, with what it held and got."""
    _, lines = lines_of(["break zone_config_share_harts", "continue", "watch $sp-8", "continue", "x $sp", "reverse-continue", "step", "info breakpoints"], SMP)
    hits = [line for line in lines if "watchpoint 2" in line and "->" in line]
    expect_equal(len(hits), 3, f"hits: {lines}")  # there, before it again, and once more by stepping over it
    expect_equal(len({hit.split(",")[0] for hit in hits}), 1, f"values: {hits}")


def by_calls():
    """reverse-next takes back a call as a whole, reverse-finish leads to the call."""
    _, lines = lines_of(["break sbi_console_write", "continue", "reverse-finish", "step", "delete", "finish", "reverse-next"], SMP)
    places = [line for line in lines if line.startswith("hart ")]
    call, entry, after, before = places[1], places[2], places[3], places[4]
    expect("jalr" in call or "jal" in call, f"no call: {call}")
    expect("<sbi_console_write>" in entry, f"the call leads to {entry}")
    expect("<sbi_console_write" not in after, f"not finished: {after}")
    expect_equal(before, call, "reverse-next after finish")


def to_cycles():
    _, lines = lines_of(["goto 1000000", "info harts", "goto +200000", "goto -200000", "info harts", "checkpoint", "goto end", "goto start", "restart 1", "info harts",
                         "info checkpoints"], SMP)
    shown = harts_of(lines)
    expect_equal(shown[4:8], shown[0:4], "there and back")
    expect_equal(shown[8:12], shown[0:4], "at the checkpoint")
    cycles = [int(re.search(r"cycle (\d+)", line)[1]) for line in shown[:4]]
    expect(1000000 <= max(cycles) < 1000200, f"cycles {cycles}")
    expect(any(re.match(r"1   cycle 10000", line) for line in lines), lines)


def who_wrote_last():
    """`last` finds the store, also one that changed nothing, and steps over what only read."""
    _, lines = lines_of(["break zone_config_share_harts", "continue", "finish", "last $sp-8", "x/i $pc", "step"], SMP)
    at = next(i for i, line in enumerate(lines) if " at physical 0x" in line and line.endswith("by"))
    expect(re.search(r"\t?(c\.)?(sd|sdsp)\s", lines[at + 1]), f"no store: {lines[at + 1]}")


def shows_output_once():
    out, lines = lines_of(["continue", "goto start", "continue", "goto start", "continue"])
    expect_equal(out.count("hello: pass"), 1, "how often the guest's words are shown")
    expect_equal(sum("the machine has stopped" in line for line in lines), 3, "stops")


def hears_again():
    """`expect` looks at what the guest writes in its own time."""
    lines_of(['expect hello: pass', "goto start", 'expect hello: pass'])


def leaves_traces_alone():
    """A trace's file has a run once, whatever was gone back to meanwhile."""
    events = "world,trap,tp,irq,insn,mem,csr"
    with tempfile.TemporaryDirectory() as folder:
        straight, travelled, part = (os.path.join(folder, name) for name in ("straight", "travelled", "part"))
        run([RVSIM, "--trace", f"{straight},events={events}", *HELLO], 60)
        lines_of(["continue 300000", "goto 100000", "step 500", "goto 250000", "reverse-step 100", "continue 100", "continue"], HELLO,
                 ["--trace", f"{travelled},events={events}"])
        status, out, err = run(["build/rvtrace", "diff", straight, travelled], 60)
        expect_equal(status, 0, f"{out}{err}")
        # a file that is opened in the past has what comes from there on
        lines_of(["continue 300000", "goto 100000", f"trace on {part} {events}", "continue 1000", "trace off"])
        status, out, _ = run(["build/rvtrace", "dump", part], 60)
        expect(status == 0 and len(out.splitlines()) > 100, "no trace of the past")


def another_future():
    """What is typed in the past, or a reset there, makes another future; the one before is forgotten."""
    _, lines = lines_of(["continue", "goto 100000", "system_reset", "-goto end", "info harts", "continue", "info stats"])
    expect(any("cycle 1000" in line for line in harts_of(lines)), f"the future is still there: {harts_of(lines)}")


def refuses():
    for command, said in (("reverse-step 0", "reverse-step 0 is no step"), ("goto", "goto CYCLE"), ("restart 7", "no checkpoint 7"), ("reverse-continue 1", "takes no argument"),
                          ("last 0x10", "is not in memory"), ("last $sp 9", "1 to 8 bytes"), ("checkpoint maybe", "what is `maybe'?"), ("goto -1", "from the start"),
                          ("checkpoint off\nreverse-step", "the past is not kept"), ("reverse-step 10", "nothing is known of what was before")):
        _, lines = lines_of(command.split("\n"), status=6)
        expect(any(said in line for line in lines), f"{command}: {lines}")


def before_timing_begins():
    """Where an instruction still took a cycle it does so again, also for who comes from behind the beginning of timing."""
    script = ["continue 60000", "goto 5000", "next 100", "goto 60000", "step 10", "goto 5000", "step 100"]
    _, lines = lines_of(["break *0", *script], options=["--cpu", "cva6", "--timing", "from=20000"])
    cycles = [int(found[1]) for found in (re.search(r"^hart 0 M cycle (\d+) ", line) for line in lines) if found]
    expect_equal([cycles[i] for i in (-1, -2, -5, -6)], [5100, 5000, 5100, 5000], lines)


def cases():
    yield "steps", by_steps
    yield "before-timing-begins", before_timing_begins
    yield "stop-points", by_stop_points
    yield "watched-value", by_watched_value
    yield "calls", by_calls
    yield "cycles", to_cycles
    yield "last", who_wrote_last
    yield "output", shows_output_once
    yield "expect", hears_again
    yield "traces", leaves_traces_alone
    yield "another-future", another_future
    yield "refuses", refuses
