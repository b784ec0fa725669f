"""Nothing of one guest is found by another: not in the memory that a zone gets, and not in a register that they use in turn, on
whatever hart. The registers come from one list in the firmware, which has to name all that csr.def says a guest can reach."""
import os
import re
import tempfile
from suites.guests import LEAST, options_of
from suites.tools import FIRMWARE, FIRMWARE_S, OPENSBI, QEMU, RVSIM, console, expect, expect_equal, guest, run

# Where S-mode is told that a guest may not, or what is left there is taken care of elsewhere.
SWITCHED_ELSEWHERE = {
    "fflags": "with the floating-point registers",
    "frm": "with the floating-point registers",
    "fcsr": "with the floating-point registers",
    "scounteren": "at every entry and exit",
    "vsip": "by way of hvip",
}
REFUSED_BY_GUARD = {"seed", "srmcfg"}

# What decides which registers a guest reaches, in all combinations; and harts that are legal but different.
EXTENSIONS = ("smstateen/-ssstateen", "sscsrind/-smcsrind", "sdtrig", "sstc")
VARIANTS = ["isa=-zicboz", "isa=-f", "isa=-ssdbltrp", "isa=-smstateen", "vmid.bits=0", "envcfg=absent", LEAST]

MEMORY = ["-m", "64M"]
PLANTED = ("0x81000000", "0x82800000")
MODULES = ("0x83000000", "0x83200000")
TWO = [f"{guest('left')},name=a,args=mark=1,memory=8M", f"{guest('left')},name=b,args=mark=2,memory=8M"]


def csr_rows():
    """name by number, and the columns of each."""
    with open("sim/isa/csr.def") as file:
        found = re.findall(r"^CSR\((0x\w+), (\w+), (\w+), [^,]+, [^,]+, (\w+), (\w+), (\w+), (\w+),", file.read(), re.M)
    rows = {int(number, 16): (name, guard, read, write) for number, name, _, guard, read, _, write in found}
    expect(len(rows) > 200, f"only {len(rows)} rows of csr.def were understood")
    return rows


def list_names_all():
    rows = csr_rows()
    with open("firmware/arch/regs.h") as file:
        listed = set(re.findall(r"\bROW\((\w+), \w+, [^)]+\)", file.read().split("#define VS_CSRS", 1)[1]))
    expect(len(listed) > 10, f"the list of the firmware was not found: {listed}")
    known = {name for name, *_ in rows.values()}
    expect_equal(listed - known, set(), "registers that the firmware lists and csr.def has not")
    missing = set()
    for number, (name, guard, _, write) in rows.items():
        if number >> 8 & 3 > 1 or write == "none" or guard in REFUSED_BY_GUARD:
            continue  # above the guest's levels, or nothing it could leave
        meant = rows[number ^ 0x300][0] if number >> 8 == 1 and number ^ 0x300 in rows else name
        if meant not in listed and meant not in SWITCHED_ELSEWHERE:
            missing.add(meant)
    expect_equal(missing, set(), "registers that a guest can leave something in, and the firmware does not move")


def check_both(text, what):
    for name in ("a", "b"):
        for line in ("nothing was there before", "all was there after 4 turns", "pass"):
            expect(f"[{name}] left: {line}" in text, f"{what}: {name} has not said {line!r}:\n{text[-1500:]}")


def in_turns(options, what):
    status, out, _ = run([RVSIM, "-smp", "1", *options, FIRMWARE, *TWO], 300)
    check_both(out, what)
    expect_equal(status, 0, f"{what}: exit status")


def combinations():
    for chosen in range(1 << len(EXTENSIONS)):
        taken = [f"-{name}" for i, name in enumerate(EXTENSIONS) if chosen >> i & 1]
        in_turns(options_of("isa=" + "/".join(taken)) if taken else [], f"without {taken}")


def loaders():
    options = []
    for name, address in zip("12", MODULES):
        options += ["-device", f"guest-loader,addr={address},kernel={guest('left')},bootargs=mark={name}"]
    return options


def planted(command):
    """Memory that held something else before the zones began."""
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "planted.S"), os.path.join(folder, "planted.elf")
        with open(source, "w") as file:
            file.write(".text\n.globl _start\n_start: .fill 0x10000, 4, 0x5ec4e75\n.section .more, \"ax\"\n.fill 0x10000, 4, 0x5ec4e75\n")
        status, _, err = run(["riscv64-unknown-elf-gcc", "-nostdlib", "-static", "-Wl,-N,--build-id=none,--no-warn-rwx-segments",
                              f"-Wl,-Ttext={PLANTED[0]},--section-start=.more={PLANTED[1]}", source, "-o", program])
        expect_equal(status, 0, f"building the planted program: {err}")
        _, out, err = run([*command, *MEMORY, "-smp", "1", "-nographic", "-bios", FIRMWARE, "-kernel", program, *loaders()], 300)
        check_both(console(out).replace("[zone0]", "[a]").replace("[zone1]", "[b]"), " ".join(command))


def behind_opensbi(command):
    _, out, err = run([*command, *MEMORY, "-smp", "1", "-nographic", "-bios", OPENSBI, "-kernel", FIRMWARE_S, *loaders()], 300)
    check_both(console(out).replace("[zone0]", "[a]").replace("[zone1]", "[b]"), " ".join(command))


def cases():
    ours, theirs = [RVSIM, "-M", "virt"], QEMU[:5]
    yield "list", list_names_all
    yield "combinations", combinations
    for case in VARIANTS:
        yield f"in-turns-{case if case != LEAST else 'least'}", lambda case=case: in_turns(options_of(case), case)
    yield "planted", lambda: planted(ours)
    yield "planted-no-zicboz", lambda: planted(ours + ["--isa", "-zicboz"])
    yield "planted-qemu", lambda: planted(theirs)
    yield "opensbi", lambda: behind_opensbi(ours)
    yield "opensbi-qemu", lambda: behind_opensbi(theirs)
