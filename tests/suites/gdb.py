"""GDB's stub, as gdb-multiarch uses it, and packet by packet."""
import json
import re
import tempfile
from gdb_client import Machine, frame, unescape, wait_for
from suites.tools import FIRMWARE, expect, expect_equal, guest, run, stats_of, RVSIM

HELLO = [FIRMWARE, guest("hello")]
OSABI = {"default": [], "none": ["set osabi none"]}


def in_order(text, *wanted):
    at = 0
    for one in wanted:
        found = text.find(one, at)
        expect(found >= 0, f"no {one!r} in\n{text[at:][-3000:]}")
        at = found + len(one)


def session(harts, commands, *wanted, osabi="default", words=HELLO, program=FIRMWARE, options=("-S",), status=0):
    """A session of GDB; what it must say, in order; and how the run ends."""
    with Machine(words, ["-smp", str(harts), *options]) as machine:
        text = machine.gdb(commands, program, OSABI[osabi])
        in_order(text, *wanted)
        ended, out, err = machine.end()
        expect_equal(ended, status, f"exit status; {err}\n{text[-1500:]}")
        return text, out


def breakpoints(harts, osabi):
    session(harts, ["break hypervisor_entry", "continue", "print $priv", "hbreak percpu_new", "continue", "finish", "info breakpoints",
                    "delete", "continue"],
            "Breakpoint 1, hypervisor_entry", "$1 = 1", "Breakpoint 2, ", "percpu_new", "Value returned is",
            "breakpoint already hit 1 time", "exited normally", osabi=osabi)


def every_hart_stops(osabi):
    """No hart passes a breakpoint while GDB steps another over it."""
    with Machine(HELLO, ["-smp", "4", "-S"]) as machine:
        text = machine.gdb(["break percpu_new", *["continue", "info registers a0"] * 4, "delete", "continue"], FIRMWARE, OSABI[osabi])
        found = sorted(re.findall(r"^a0 +0x(\d+)", text, re.M))
        expect_equal(found, ["0", "1", "2", "3"], "the harts that came to percpu_new")
        expect_equal(machine.end()[0], 0, "exit status")


def steps(harts, osabi):
    """stepi goes the way of the REPL's step."""
    count = 40
    status, _, err = run([RVSIM, "-smp", str(harts), "--debug", *HELLO], 60, b"until hypervisor_entry\n" + b"step\n" * count + b"quit\n")
    wanted = re.findall(r"^hart 0 .*?0x0*([0-9a-f]+)", err, re.M)[1:]
    text, _ = session(harts, ["break hypervisor_entry", "continue", "delete", *["stepi", "print/x $pc"] * count, "kill"], osabi=osabi)
    expect_equal(re.findall(r"^\$\d+ = 0x([0-9a-f]+)", text, re.M), wanted, "pc by pc")


LOOKS = ["break hypervisor_entry", "hbreak _guest_exit", "continue", *["continue"] * 6, "info registers csr", "x/20i $pc", "stepi", "nexti",
         "watch *(long *)&percpu_base", "rwatch *(long *)($sp - 8)", "continue", "continue", "bt", "info threads", "delete", "continue"]


def of_the_run(stats):
    """Without what the host and the engine's translations have to do with."""
    for key in ("config", "host_seconds", "mips"):
        stats.pop(key)
    for hart in stats["harts"]:
        hart.pop("engine")
    return stats


def numbers_of(command):
    """What --stats says of a run, but for the host's part."""
    status, out, stats = stats_of(command)
    return status, out, of_the_run(stats)


def looking_changes_nothing(harts, osabi, options=()):
    """A session that only looks: the run is the one without it, to the cycle."""
    words = ["-smp", str(harts), *options]
    with tempfile.TemporaryDirectory() as folder, Machine(HELLO, ["-S", "--stats", f"{folder}/stats", *words]) as machine:
        text = machine.gdb(LOOKS, FIRMWARE, OSABI[osabi])
        in_order(text, "Breakpoint 1, ", "Breakpoint 2, ", "exited normally")
        expect("Could not" not in text and "Error" not in text, text)
        status, out, _ = machine.end()
        stats = of_the_run(json.load(open(f"{folder}/stats")))
    expect_equal((status, out, stats), numbers_of([RVSIM, *words, *HELLO]), "what the run says")


def cases():
    for osabi in OSABI:
        for harts in (1, 4):
            tag = f"{harts}-{osabi}"
            yield f"breakpoints-{tag}", lambda harts=harts, osabi=osabi: breakpoints(harts, osabi)
            yield f"steps-{tag}", lambda harts=harts, osabi=osabi: steps(harts, osabi)
            yield f"looking-{tag}", lambda harts=harts, osabi=osabi: looking_changes_nothing(harts, osabi)
        yield f"every-hart-{osabi}", lambda osabi=osabi: every_hart_stops(osabi)
    for cpu in ("cva6", "rocket"):
        yield f"looking-{cpu}", lambda cpu=cpu: looking_changes_nothing(4, "none", ["--cpu", cpu])
    yield "looking-quantum-1", lambda: looking_changes_nothing(4, "default", ["--quantum", "1"])
