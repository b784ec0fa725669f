"""How long interrupts wait: exactly, by counted instructions on --cpu ideal; the same in the trace, in --stats and in rvtrace stat."""
import json
import os
import re
import tempfile
from suites.tools import FIRMWARE, RVSIM, RVTRACE, expect, expect_equal, guest, run, stats_of

NOPS = 37
# Traps end the program, unless `handler` does something first. s0: the CLINT.
PROGRAM = """.globl _start
_start: la t0, handler
csrw mtvec, t0
li s0, 0x2000000
csrr t0, mhartid
bnez t0, other
{setup}
j over
.align 2
handler: {handler}
over: li t0, 0x5555
li t1, 0x100000
sw t0, (t1)
1: j 1b
other: {other}
1: wfi
j 1b
"""
TIMER = """li t0, 1 << 63
csrw menvcfg, t0
li t0, 100
csrw stimecmp, t0
li t0, 1 << 5
csrw mie, t0
"""
GUEST = """li t0, -1
csrw pmpaddr0, t0
li t0, 0x1f
csrw pmpcfg0, t0
la t0, handler
csrw vstvec, t0
la t0, over
csrw mepc, t0
li t0, 1 << 2
csrw hideleg, t0
li t0, 2
csrw vsie, t0
csrw vsstatus, t0
li t0, (1 << 39) | (1 << 11)
csrw mstatus, t0
li t0, 1 << 2
csrw hvip, t0
"""


def nops(count):
    return "nop\n" * count


# The program's parts, then per interrupt: cause, waited, masked, in order. A trap takes a cycle, and so does an instruction.
CASES = {
    # the store raises the wire, one cycle later the trap is taken
    "at-once": ({"setup": "csrwi mie, 8\ncsrwi mstatus, 8\nli t0, 1\nsw t0, (s0)\nnop"}, [("machine software interrupt", 2, 0)]),
    "disabled-in-mstatus": ({"setup": f"csrwi mie, 8\nli t0, 1\nsw t0, (s0)\n{nops(NOPS)}csrwi mstatus, 8\nnop"},
                            [("machine software interrupt", NOPS + 3, NOPS + 2)]),
    "disabled-in-mie": ({"setup": f"csrwi mstatus, 8\nli t0, 1\nsw t0, (s0)\n{nops(NOPS)}csrwi mie, 8\nnop"},
                        [("machine software interrupt", NOPS + 3, NOPS + 2)]),
    # it is not cleared at first: the second time counts from the first
    "taken-again": ({"setup": "csrwi mie, 8\ncsrwi mstatus, 8\nli t0, 1\nsw t0, (s0)\n1: j 1b",
                     "handler": f"bnez s1, over\naddi s1, s1, 1\n{nops(NOPS)}mret"},
                    [("machine software interrupt", 2, 0), ("machine software interrupt", NOPS + 3 + 1, NOPS + 3)]),
    # it goes away without being taken, and comes again
    "goes-away": ({"setup": f"csrwi mie, 8\nli t0, 1\nsw t0, (s0)\n{nops(NOPS)}sw zero, (s0)\n{nops(NOPS)}sw t0, (s0)\ncsrwi mstatus, 8\nnop"},
                  [("machine software interrupt", 3, 2)]),
    # from the end of the instruction that wrote hvip, through the return to the guest
    "hvip": ({"setup": GUEST + nops(NOPS) + "mret"}, [("virtual supervisor software interrupt", NOPS + 2, NOPS + 1)]),
    # software's own bit, from the end of the instruction that wrote it
    "mip": ({"setup": f"csrwi mie, 2\ncsrwi mip, 2\n{nops(NOPS)}csrwi mstatus, 8\nnop"}, [("supervisor software interrupt", NOPS + 2, NOPS + 1)]),
}


def build(folder, setup="nop", handler="nop", other="nop"):
    path = os.path.join(folder, "p")
    with open(path + ".S", "w") as file:
        file.write(PROGRAM.format(setup=setup, handler=handler, other=other))
    status, _, err = run(["riscv64-unknown-elf-gcc", "-march=rv64im_zicsr", "-mabi=lp64", "-Wa,-march=rv64imh_zicsr_sstc", "-nostdlib", "-static",
                          "-Wl,-N,--build-id=none,--no-warn-rwx-segments,-Ttext=0x80000000", path + ".S", "-o", path + ".elf"])
    expect_equal(status, 0, f"building the program: {err}")
    return path + ".elf"


def summary(values):
    """As --stats has it: nearest ranks."""
    values = sorted(values)
    at = lambda percent: values[max(1, -(-len(values) * percent // 100)) - 1]
    return {"count": len(values), "min": values[0], "median": at(50), "p99": at(99), "max": values[-1], "total": sum(values)}


def waits(command):
    """Each interrupt of the run as the trace has it: (hart, cycle of the trap, cause, waited, masked). And that --stats, the trace's
    statistics and these are the same."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "t")
        _, _, stats = stats_of([RVSIM, "--trace", trace, *command])
        lines = run([RVTRACE, "dump", "--type=trap", trace])[1]
        table = json.loads(run([RVTRACE, "stat", "--json", trace])[1])
        text = run([RVTRACE, "stat", trace])[1]
    found = [(int(hart), int(cycle), cause, int(waited), int(masked)) for cycle, hart, cause, waited, masked in
             re.findall(r'^ *(\d+) +(\d+) .*? cause="(.*?)".* waited=(\d+) masked=(\d+)$', lines, re.M)]
    expect_equal(len(found), len(re.findall(r'cause="[\w ]*interrupt"', lines)), "interrupts that say how long they have waited")
    for number, hart in enumerate(stats["harts"]):
        rows = {cause: [wait for wait in found if wait[0] == number and wait[2] == cause] for cause in {wait[2] for wait in found if wait[0] == number}}
        wanted = {cause: {"cause": cause, **summary([wait[3] for wait in row]), "masked": sum(wait[4] for wait in row)} for cause, row in rows.items()}
        expect_equal({row["cause"]: row for row in hart["interrupts"]}, wanted, f"--stats, hart {number}")
        expect_equal(table["harts"][number]["interrupts"], hart["interrupts"], f"rvtrace stat, hart {number}")
        for row in hart["interrupts"]:
            shown = [str(row[key]) for key in ("count", "min", "median", "p99", "max", "total", "masked")]
            expect(any(line.split() == [str(number), *row["cause"].split(), *shown] for line in text.splitlines()), f"no line of {row} in\n{text}")
    return found


def exact(name):
    parts, wanted = CASES[name]
    with tempfile.TemporaryDirectory() as folder:
        found = waits(["-m", "16M", "--max-insns", "100000", build(folder, **parts)])
    expect_equal([wait[2:] for wait in found], wanted, name)


def timer(masked):
    """The time of the comparator is where it becomes pending, whether anybody looks then or not."""
    loop = "li t0, 40000\n1: addi t0, t0, -1\nbnez t0, 1b\n"
    setup = TIMER + (loop + "csrwi mstatus, 8\nnop" if masked else "csrwi mstatus, 8\n" + loop)
    with tempfile.TemporaryDirectory() as folder:
        found = waits(["-m", "16M", "--set", "machine.cycles_per_tick=300", build(folder, setup=setup)])
    expect_equal([(wait[2], wait[3]) for wait in found], [("supervisor timer interrupt", wait[1] + 1 - 30000) for wait in found], "the timer")
    expect_equal([wait[4] for wait in found], [found[0][3] - 1 if masked else 0], "of it masked")
    expect(found[0][3] > 40000 if masked else found[0][3] <= 3, f"{found}")


def other_hart(quantum):
    """From one hart's store to another that sleeps: a cycle for the trap."""
    with tempfile.TemporaryDirectory() as folder:
        program = build(folder, setup=f"li t0, 1\n{nops(200)}sw t0, 4(s0)\n2: j 2b", other="csrwi mie, 8\ncsrwi mstatus, 8")
        found = waits(["-m", "16M", "-smp", "2", "--quantum", quantum, program])
    expect_equal([(wait[0], *wait[2:]) for wait in found], [(1, "machine software interrupt", 1, 0)], "the other hart")


def workload(cpu):
    """A hypervisor with guests: --stats and the trace say the same."""
    for options, names in ((["-smp", "2"], ["timer", "smp"]), (["--isa", "-sstc"], ["timer"]), (["-smp", "2"], ["plic"])):
        found = waits(["--cpu", cpu, "-m", "24M", *options, FIRMWARE, *map(guest, names)])
        expect(len(found) > 4 and all(0 <= wait[4] <= wait[3] for wait in found), f"{names}: {found}")


def cases():
    for name in CASES:
        yield name, lambda name=name: exact(name)
    yield "timer", lambda: timer(False)
    yield "timer-masked", lambda: timer(True)
    for quantum in ("1", "1000"):
        yield f"other-hart-{quantum}", lambda quantum=quantum: other_hart(quantum)
    for cpu in ("ideal", "cva6"):
        yield f"workload-{cpu}", lambda cpu=cpu: workload(cpu)
