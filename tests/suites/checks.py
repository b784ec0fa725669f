"""--check finds nothing in our firmware, and does find faults planted in a copy of it."""
import os
import re
import shutil
import tempfile
from suites.tools import FIRMWARE, FIRMWARE_S, GUESTS, OPENSBI, RVSIM, expect, expect_equal, guest, run

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


# A hypervisor in one file, as it is right, and with one fault each: what defines it, and what its check says (None: nothing).
BY_HAND = {
    "right": ([], None),
    "right-moved-memory": (["SAME_MEMORY", "CLEARED"], None),
    "right-calls-m": (["CALLS_M"], None),
    "tp-never-restored": (["TP_NEVER"], r"percpu: .*<handle.*>: tp is 0x5ec2e75ec2e70f05, not this hart's slot 0x[0-9a-f]+"),
    "tp-never-restored-used": (["TP_NEVER", "NO_CALLS", "BY_TP"], r"percpu: .*<exit\+0x[0-9a-f]+>: tp is 0x5ec2e75ec2e70f05, not this.*"),
    "tp-never-restored-calls-m": (["TP_NEVER", "NO_CALLS", "CALLS_M"], r"percpu: .*<handle\+0x[0-9a-f]+>: tp is 0x5ec2e75ec2e70f05, not.*"),
    "tp-never-restored-unused": (["TP_NEVER", "NO_CALLS"], r"percpu: .*<exit\+0x0>: back in the guest, and tp never was this hart's slot.*"),
    "tp-other-slot": (["OTHER_SLOT"], r"percpu: .*<(handle|host).*>: tp is 0x[0-9a-f]+, the slot of hart 1"),
    "memory-left": (["SAME_MEMORY"], r"isolation: .*VMID 2 gets 0x[0-9a-f]+ with what VMID 1 left there"),
    "fp-left": (["LEAVE_fp"], r"isolation: .*fs0 0x5ec2e75ec2e70f05 is what the zone of hgatp 0x[0-9a-f]+ left"),
    "integer-left": (["LEAVE_s2"], r"isolation: .*s2 0x5ec2e75ec2e70f05 is what the zone of hgatp 0x[0-9a-f]+ left"),
    **{f"{csr}-left": ([f"LEAVE_{csr}"], rf"isolation: .*{csr} 0x[0-9a-f]+ is what the zone of hgatp 0x[0-9a-f]+ left")
       for csr in ("vsstatus", "vsie", "vstvec", "vsscratch", "vsepc", "vscause", "vstval", "vstimecmp", "vsiselect", "hvip", "scounteren",
                   "senvcfg", "scontext", "fcsr")},
}
EVERYTHING = ["--isa", "+smstateen,+ssstateen,+smcsrind,+sscsrind,+sstc,+sdtrig"]


def build_by_hand(folder, *defines):
    program = os.path.join(folder, "planted.elf")
    status, _, err = run(["riscv64-unknown-elf-gcc", "-march=rv64imafdc_zicsr_zifencei", "-mabi=lp64d", "-Wa,-march=rv64imafdch_zicsr_zifencei",
                          "-nostdlib", "-static", "-Wl,--build-id=none,--no-warn-rwx-segments,-N,-Ttext=0x80000000",
                          *(f"-D{name}" for name in defines), "tests/planted/hypervisor.S", "-o", program])
    expect_equal(status, 0, err)
    return program


def by_hand(name):
    defines, says = BY_HAND[name]
    with tempfile.TemporaryDirectory() as folder:
        program = build_by_hand(folder, *defines)
        for check in ("all", says.split(":")[0] if says else "isolation"):
            status, _, err = run([RVSIM, *EVERYTHING, "--check", check, "--max-insns", "20000000", program])
            if says is None:
                expect_equal((status, err), (0, ""), f"{name}, --check {check}")
            else:
                report = rf"rvsim: check {says}\n"
                expect(status == 4 and re.fullmatch(report, err), f"{name}, --check {check}: exit {status}, {err!r}, not {report}")
                expect(re.search(r"hart 0 cycle \d+ pc 0x[0-9a-f]+", err), err)
        if says and not says.startswith("percpu"):  # who asks for something else hears nothing of it
            expect_equal(run([RVSIM, *EVERYTHING, "--check", "percpu", program])[::2], (0, ""), f"{name}, --check percpu")


def where_slots_are():
    """By --percpu where the firmware has no symbols; and what the check says where it had nothing to look at."""
    with tempfile.TemporaryDirectory() as folder:
        bad = build_by_hand(folder, "NO_SYMBOLS", "TP_NEVER")
        status, _, err = run([RVSIM, "--check", "percpu", bad])
        expect(status == 2 and err.count("\n") == 1 and "--percpu" in err and "percpu_base" in err, f"{status} {err!r}")
        for place in ("base=my_slots,size=0x1000", "base=my_slots,size=4K,count=1"):
            status, _, err = run([RVSIM, "--check", "percpu", "--percpu", place, bad])
            expect(status == 4 and "not this hart's slot" in err, f"{place}: {status} {err!r}")
        for wrong in ("size=4096", "base=my_slots", "base=,size=1", "base=my_slots,size=0", "base=nosuch,size=64", "base=0x1000,size=64",
                      "base=my_slots,size=64,count=0", "base=my_slots,size=64,count=65", "base=my_slots,size=64,what=1"):
            status, _, err = run([RVSIM, "--check", "percpu", "--percpu", wrong, bad])
            expect(status == 2 and err.count("\n") == 1 and "percpu" in err, f"{wrong}: {status} {err!r}")
        good = build_by_hand(folder, "NO_TP")
        status, _, err = run([RVSIM, "--check", "percpu", good])
        expect(status == 0 and re.fullmatch(r"rvsim: --check percpu: could not arm on hart 0: .*\n", err), f"{status} {err!r}")
        status, _, err = run([RVSIM, "--check", "percpu", build_by_hand(folder)])
        expect_equal((status, err), (0, ""), "a check that was armed")


def clean_everywhere(name, options):
    """All checks, several zones a hart, under what hardware may choose; and our hypervisor behind OpenSBI."""
    zones = [guest("hello"), guest("smp"), guest(name), guest(name)]
    for command in (["-smp", "2", FIRMWARE, *zones], ["-smp", "1", FIRMWARE, *zones]):
        status, _, err = run([RVSIM, "--check", "all", *options, *command], 300)
        expect(status in (0, 1) and "check" not in err, f"{options} {command}: {status} {err!r}")


def clean_behind_opensbi():
    status, _, err = run([RVSIM, "-M", "virt", "-smp", "2", "-bios", OPENSBI, "-kernel", FIRMWARE_S, "--check", "all", "-device",
                          f"guest-loader,addr=0x90000000,kernel={guest('smp')}", "-device", f"guest-loader,addr=0x91000000,kernel={guest('paging')}"], 300)
    expect_equal((status, err), (0, ""), "our hypervisor behind OpenSBI")


def cases():
    for name in BY_HAND:
        yield f"by-hand-{name}", lambda name=name: by_hand(name)
    yield "where-slots-are", where_slots_are
    for name, options in {"timer": [], "paging": ["--set", "vmid.bits=0"], "mmio": ["--set", "tinst=zero", "--isa", "-sstc"], "tp": ["--set", "ad=fault"],
                          "rogue": ["--cpu", "cva6"]}.items():
        yield f"clean-zones-{name}", lambda name=name, options=options: clean_everywhere(name, options)
    yield "clean-opensbi", clean_behind_opensbi
    for name in GUESTS:
        yield f"clean-{name}", lambda name=name: clean(name, 1 if name == "tp" else 4)
    for fault in PLANTED:
        yield f"planted-{fault}", lambda fault=fault: planted(fault)
