"""insn.def and csr.def against binutils, other implementations and each other."""
import re
from suites.tools import RVSIM, expect_equal, run, run_program_suite


def reset_vector():
    """norm:pc_rst: every hart starts in the boot ROM, in M-mode."""
    status, out, err = run([RVSIM, "-smp", "2", "-S", "--debug-cmd", "print $pc\nhart 1\nprint $pc\nquit", "build/hyp/virtual.elf"])
    words = (out + err).split()
    expect_equal((words.count("0x1000"), " ".join(words).count("hart 1 M cycle 0")), (2, 1), f"two pcs and a mode in {out + err}")


def documented_events():
    """The table of docs/accuracy.md is that of events.def."""
    row = r'^(?:CLOCK|MODEL)_EVENT\((\d+), \w+, (?:"\w+", )?"(\w+)", "(.*)"\)$'
    with open("sim/isa/events.def") as table, open("docs/accuracy.md") as document:
        events = [(int(number), meaning, unit) for number, unit, meaning in re.findall(row, table.read(), re.M)]
        told = re.findall(r"^\| (\d+) \| (.*) \| (cycles|events) \|$", document.read(), re.M)
    expect_equal([(int(number), meaning, unit) for number, meaning, unit in told], events, "events in docs/accuracy.md")
    expect_equal([number for number, _, _ in events], list(range(1, len(events) + 1)), "numbers of events")


def cases():
    yield "events", documented_events
    yield "reset-vector", reset_vector
    yield "instructions", lambda: run_program_suite(["tools/check_insn"])
    yield "operands", lambda: run_program_suite(["tests/insn/run.sh", "build/tests/insn"])
