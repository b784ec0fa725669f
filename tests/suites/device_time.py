"""What accesses of devices cost: exactly the cycles of the device's parameter, whatever the engine does; and nothing without a pipeline."""
import os
import re
import tempfile
from suites.tools import PLAIN, RVSIM, expect, expect_equal, run, stats_of

# N times an access of a device, a fence, then the finisher.
LOOP = """.globl _start
_start: csrr t0, mhartid
1: bnez t0, 1b
li a1, {address}
li t0, {times}
again: {access}
addi t0, t0, -1
bnez t0, again
{last}
li t0, 0x5555
li t1, 0x100000
sw t0, (t1)
1: j 1b
"""
# Device: an address that may be read and written, the accesses, and how often.
DEVICES = {
    "clint": (0x200bff8, "ld a0, (a1)", "sd zero, -16(a1)"),
    "plic": (0xc000004, "lw a0, (a1)", "sw zero, (a1)"),
    "uart": (0x10000007, "lbu a0, (a1)", "sb zero, (a1)"),
    "rtc": (0x101000, "lw a0, (a1)", "sw zero, 4(a1)"),
    "finisher": (0x100000, "lw a0, (a1)", "sw zero, (a1)"),
    "rom": (0x1000, "lw a0, (a1)", "sw zero, (a1)"),
    "nmi": (0x102000, "lw a0, (a1)", "sw zero, (a1)"),
    "hgei": (0x103000, "ld a0, (a1)", "sd zero, (a1)"),
    "virtio_mmio": (0x10001000, "lw a0, (a1)", "sw zero, 0x50(a1)"),
    "pci_config": (0x30000000, "lw a0, (a1)", "sw zero, (a1)"),
    "pci_io": (0x3000000, "lw a0, (a1)", "sw zero, (a1)"),
    "pci_memory": (0x40000000, "lw a0, (a1)", "sw zero, (a1)"),
    "pci_memory_high": (0x400000000, "lw a0, (a1)", "sw zero, (a1)"),
}
MACHINE = ["--isa", "+smrnmi", "--set", "geilen=4", "-m", "16M", "--max-insns", "100000"]
TIMES, CORES = 100, ["cva6", "rocket", "u74"]


class Loops:
    """Programs by what they do, built once each."""
    def __init__(self, folder):
        self.folder = folder

    def build(self, device, store, times=TIMES, last="fence"):
        address, load, write = DEVICES[device]
        path = os.path.join(self.folder, f"{device}-{store}-{times}-{len(last)}")
        if not os.path.exists(path + ".elf"):
            with open(path + ".S", "w") as file:
                file.write(LOOP.format(address=address, times=times, access=write if store else load, last=last))
            status, _, err = run(["riscv64-unknown-elf-gcc", "-march=rv64im_zicsr", "-mabi=lp64", "-nostdlib", "-static",
                                  "-Wl,-N,--build-id=none,--no-warn-rwx-segments,-Ttext=0x80000000", path + ".S", "-o", path + ".elf"])
            expect_equal(status, 0, f"building the loop: {err}")
        return path + ".elf"


def in_folder(test):
    def case(*arguments):
        with tempfile.TemporaryDirectory() as folder:
            test(Loops(folder), *arguments)
    return case


def taken(program, *options, binary=RVSIM):
    status, _, stats = stats_of([binary, *MACHINE, *options, program])
    expect(status in (0, 1), f"exit {status}")
    return stats


def cycles(program, *options, binary=RVSIM):
    return taken(program, *options, binary=binary)["cycles"]


def set_to(device, value):
    return ["--set", f"device.{device}={value}"]


def listed_devices():
    with open("sim/dev/devices.def") as file:
        return re.findall(r"^DEVICE\((\w+)", file.read(), re.M)


@in_folder
def slope(loops, core):
    """N accesses, K more cycles each: K * N more, of loads and of stores. And a wait is counted as the device's."""
    expect_equal([name for name in DEVICES if name not in listed_devices()], [], "devices that are none")
    for device in DEVICES:
        for store in (False, True):
            program = loops.build(device, store)
            low, high = (taken(program, "--cpu", core, *set_to(device, value)) for value in (100, 137))
            lines = (high["cycles"] - low["cycles"]) - 37 * TIMES
            # code is in ROM before it is in the loop: a device of its own for every other
            expect(lines == 0 or (device == "rom" and lines % 37 == 0 and 0 < lines <= 37 * 20), f"{core}, {device}, stores: {store}: {lines} cycles too many")
            if device not in ("rom", "finisher"):
                expect_equal(high["harts"][0]["stalls"]["device"] - low["harts"][0]["stalls"]["device"], 37 * TIMES, f"stalls by the {device}")


@in_folder
def posted(loops, core):
    """One store is waited for by nobody, but by a fence; a load is waited for by what reads it and by what commits after it."""
    store, fenced = loops.build("clint", True, 1, ""), loops.build("clint", True, 1)
    far = set_to("finisher", 0)
    expect_equal(cycles(store, "--cpu", core, *far, *set_to("clint", 500)), cycles(store, "--cpu", core, *far, *set_to("clint", 20)), f"{core}: one store")
    expect_equal(cycles(fenced, "--cpu", core, *far, *set_to("clint", 500)) - cycles(fenced, "--cpu", core, *far, *set_to("clint", 120)), 380,
                 f"{core}: a store and a fence")


@in_folder
def whatever_the_engine_does(loops, core):
    """The plain loop, one-op blocks, forgotten translations, tracing, stepping."""
    for device, store in (("clint", False), ("uart", True), ("rom", False)):
        program = loops.build(device, store)
        options = ["--cpu", core, *set_to(device, 77)]
        wanted = taken(program, *options)["trace_hash"]
        expect_equal(taken(program, *options, binary=PLAIN)["trace_hash"], wanted, f"{core}, {device}: the plain loop")
        for setting in ("engine.block_ops=1", "engine.block_ops=3", "engine.flush_always=yes", "tlb.entries=1"):
            expect_equal(taken(program, *options, "--set", setting)["trace_hash"], wanted, f"{core}, {device}: {setting}")
        trace = os.path.join(loops.folder, "t")
        expect_equal(taken(program, *options, "--trace", f"{trace},events=all")["trace_hash"], wanted, f"{core}, {device}: tracing")
        stepped = taken(program, *options, "--debug-cmd", "step 250; break again; continue; step 20; delete; continue; quit")
        expect_equal(stepped["trace_hash"], wanted, f"{core}, {device}: stepping")


@in_folder
def ideal(loops):
    """Without a pipeline every access takes a cycle, whatever the parameters say."""
    for device in DEVICES:
        loads, stores = (cycles(loops.build(device, store), *set_to(device, 500)) for store in (False, True))
        expect_equal((loads, stores), (cycles(loops.build(device, False)), cycles(loops.build(device, True))), device)
        expect_equal(cycles(loops.build(device, False, 2 * TIMES)) - loads, 3 * TIMES, f"{device}: cycles are instructions")


@in_folder
def code_in_rom(loops):
    """The boot ROM's lines are waited for, once each; and again after nothing but fence.i."""
    program = loops.build("clint", False, 1)
    for core in CORES:
        near, far = (taken(program, "--cpu", core, *set_to("rom", value)) for value in (10, 110))
        lines, rest = divmod(far["cycles"] - near["cycles"], 100)
        expect(rest == 0 and 1 <= lines <= 4, f"{core}: {lines} lines, {rest} cycles")


def parameters():
    """Each device has a parameter, each core a value for it, and --set help shows it."""
    _, out, _ = run([RVSIM, "--set", "help"])
    for device in listed_devices():
        expect(re.search(rf"^device\.{device} ", out, re.M), f"--set help does not have device.{device}")
    status, _, err = run([RVSIM, "--set", "device.clint=2001", "--cpu", "cva6", "build/firmware.elf"])
    expect(status == 2 and err.count("\n") == 1 and "2000" in err, f"out of range: {status} {err}")


def cases():
    yield "parameters", parameters
    yield "ideal", ideal
    yield "code-in-rom", code_in_rom
    for core in CORES:
        yield f"slope-{core}", lambda core=core: slope(core)
        yield f"posted-{core}", lambda core=core: posted(core)
        yield f"engine-{core}", lambda core=core: whatever_the_engine_does(core)
