"""Stop points: met at the engine's speed where that is possible, and exactly where stepping meets them."""
import re
from suites.tools import FIRMWARE, RVSIM, expect, expect_equal, guest, run, stats_of

TICK = ["build/debug/tick.elf"]
SMP = ["-smp", "4", "--cpu", "cva6", FIRMWARE, guest("smp")]


def lines_of(script, program, options=()):
    got, _, err = run([RVSIM, *options, "--debug-cmd", "\n".join(script), *program], 300)
    expect_equal(got, 0, f"exit status of {script}: {err[-2000:]}")
    return err.splitlines()


def hits_of(lines):
    """By the kinds of points: how often each was met."""
    return {line.split()[1]: int(re.search(r"hit (\d+) times", line)[1]) for line in lines if re.search(r"hit \d+ times", line)}


def every_interrupt():
    """A breakpoint on an interrupt's handler is met each time, before the handler's first instruction; loads and stores are told one by one."""
    for options in ([], ["--cpu", "cva6"], ["--cpu", "cva6", "-smp", "2", "--quantum", "1"]):
        script = ["break handler", "continue", "print $s1", "continue", "print $s1", "rwatch seen", "awatch phys seen", "watch seen", "tbreak done",
                  "ignore 1 100000", "ignore 2 100000", "ignore 3 100000", "ignore 4 100000", "continue", "print $s1", "info breakpoints", "continue"]
        lines = lines_of(script, TICK, options)
        expect("0x0 0" in lines and "0x1 1" in lines and "0x12c 300" in lines, f"s1 at the stops: {lines}")
        expect_equal(hits_of(lines), {"break": 300, "rwatch": 299, "awatch": 598, "watch": 299}, f"hits: {lines}")


def steps_of_interrupts():
    """A step that takes an interrupt ends at the handler's first instruction."""
    lines = lines_of(["catch trap", "continue", "print $pc == handler", "continue", "print $pc == handler", "delete", "tbreak loop if $s1 == 5", "continue",
                      "step trap", "print $pc == handler", "print $s1", "quit"], TICK)
    expect_equal([line for line in lines if line == "0x1 1"], ["0x1 1"] * 3, f"at the handler: {lines}")
    expect("0x5 5" in lines, lines)


def back_to_the_last():
    """Back from the end to the last time that each kind of stop point was met, and on from there to where it was."""
    for point, before in (("break handler", "0x12b 299"), ("watch seen", "0x12c 300"), ("rwatch seen", "0x12c 300"), ("catch trap", "0x12b 299")):
        lines = lines_of(["break done", "continue", "info harts", point, "reverse-continue", "print $s1", "reverse-continue", "print $s1", "delete 2",
                          "continue", "info harts", "quit"], TICK, ["--cpu", "cva6"])
        expect(before in lines, f"{point}: s1 is not {before}: {lines}")
        earlier = f"{int(before.split()[0], 16) - 1:#x} {int(before.split()[1]) - 1}"
        expect(earlier in lines, f"{point}, once more: s1 is not {earlier}: {lines}")
        harts = [line for line in lines if line.startswith("* hart")]
        expect_equal(harts[0], harts[1], f"{point}: forth again")


POINTS = [["catch exit", "break sbi_console_write if $a0 & 8"], ["watch percpu_base+8", "catch world VS"], ["awatch percpu_base+0x100", "break _guest_exit"]]


def as_by_stepping(points):
    """Stepping, which the watching of a register asks for, stops at the same places in the same order, forth and back."""
    rest = [*["-continue"] * 6, "info harts", "-reverse-continue", "info harts", "-continue", "info harts", "quit"]
    fast = lines_of(["until zone_config_share_harts", *points, *rest], SMP)
    slow = lines_of(["until zone_config_share_harts", *points, "watch $zero", *rest], SMP)
    expect_equal(fast, [line for line in slow if "$zero" not in line], f"{points}")


def nothing_changes():
    """A run that stops a thousand times is the run that does not."""
    _, _, stats = stats_of([RVSIM, *SMP])
    script = ["break _guest_exit", "catch world VS", "rwatch percpu_base", *["-continue"] * 1000, "delete", "-continue 1000000", "-continue", "info stats"]
    lines = lines_of(script, SMP)
    expect(any(f"trace hash {stats['trace_hash']}" in line for line in lines), f"another hash than {stats['trace_hash']}: {lines[-3:]}")


def over_calls():
    """next, finish and until run through what they run through; a breakpoint in there stops them."""
    lines = lines_of(["until hypervisor_entry", "break percpu_new", "next line", "finish", "next line 3", "delete", "until zone_config_share_harts", "finish", "quit"],
                     [FIRMWARE, guest("hello")])
    expect(any("breakpoint 1: percpu_new" in line for line in lines), f"not stopped in there: {lines}")


def refuses():
    got, _, err = run([RVSIM, "--debug-cmd", "-rwatch $sp; -rwatch phys 0x1000 4; -awatch; -rwatch seen 9; quit", *TICK], 60)
    expect_equal(got, 0, err)
    expect(err.count("only reads of memory can be watched") == 2 and "1 to 8 bytes" in err, err)


def cases():
    yield "every-interrupt", every_interrupt
    yield "steps-of-interrupts", steps_of_interrupts
    yield "back-to-the-last", back_to_the_last
    for points in POINTS:
        yield f"as-by-stepping {points[0]}", lambda points=points: as_by_stepping(points)
    yield "nothing-changes", nothing_changes
    yield "over-calls", over_calls
    yield "refuses", refuses
