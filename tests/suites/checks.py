"""--check finds nothing in our firmware, and does find faults planted in a copy of it."""
import os
import re
import shutil
import tempfile
from suites.tools import FIRMWARE, GUESTS, RVSIM, expect, expect_equal, guest, run

CHECK = ["--check", "percpu,worldswitch"]

# name: (file, pattern, replacement, which check must speak, and what it says)
PLANTED = {
    "tp-not-restored": (
        "trap.S", r"(_guest_exit:.*?)each_callee_saved ld, a0",
        r"\1mv t6, tp\n\teach_callee_saved ld, a0\n\tmv tp, t6",
        "percpu", r"tp is 0x[0-9a-f]+, not this hart's slot 0x[0-9a-f]+"),
    "gpr-clobbered": (
        "trap.S", r"(each_guest_register ld, a0\n)(\s*ld\s+a0, GUEST_X0)", r"\1\tli s5, 7\n\2",
        "worldswitch", r"s5 0x7, was 0x[0-9a-f]+ at the exit \(ecall from VS-mode\)"),
    "other-slot": (
        "boot/start.S", r"(\tadd\ttp, tp, t1\n)", r"\1\tli\tt2, PERCPU_SLOT_SIZE\n\tadd\ttp, tp, t2\n",
        "percpu", r"tp set to 0x[0-9a-f]+, the slot of hart 1"),
}


def clean(name, harts):
    status, _, err = run([RVSIM, "-smp", str(harts), *CHECK, FIRMWARE, guest(name)], 300)
    expect_equal(status, 1 if name == "rogue" else 0, f"--check on {name}: {err[-500:]}")


def planted(fault):
    file, pattern, replacement, check, says = PLANTED[fault]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree("firmware", os.path.join(folder, "firmware"))
        path = os.path.join(folder, "firmware", file)
        with open(path) as source:
            text = source.read()
        changed, count = re.subn(pattern, replacement, text, count=1, flags=re.S)
        expect_equal(count, 1, f"places to plant {fault} in {file}")
        with open(path, "w") as source:
            source.write(changed)
        status, out, err = run(["make", "-C", folder, "-f", "firmware/build.mk", "build/firmware.elf"], 300)
        expect_equal(status, 0, f"building the faulty firmware: {err[-1500:]}")
        status, out, err = run([RVSIM, "-smp", "2", *CHECK, "--max-insns", "50000000", f"{folder}/build/firmware.elf", guest("tp")])
    expect_equal(status, 4, f"{fault}: exit status; {out[-300:]!r} {err[-500:]!r}")
    report = rf"rvsim: check {check}: hart 0 cycle \d+ pc 0x[0-9a-f]+ <\w+\+0x[0-9a-f]+>: {says}\n"
    expect(re.fullmatch(report, err), f"{fault}: the report does not tell: {err!r}")


def cases():
    for name in GUESTS:
        yield f"clean-{name}", lambda name=name: clean(name, 1 if name == "tp" else 4)
    for fault in PLANTED:
        yield f"planted-{fault}", lambda fault=fault: planted(fault)
