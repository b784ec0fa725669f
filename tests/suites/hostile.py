"""Bad input: one line, exit 2; under sanitizers too. And the firmware under device trees that lie."""
import os
import random
import shutil
import struct
import tempfile
from suites.tools import FIRMWARE, RVSIM, expect, expect_equal, guest, run, run_program_suite

KERNEL = 0x84000000
MACHINE = ["-m", "256M", "-smp", "2", "--max-cycles", "30000000"]

# Name: what is put into the machine's device tree, in front of its last brace; what of the last lines of the console.
TREES = {
    "two-nodes-for-one-kernel": (f"""chosen {{ {"".join(f'''zone@{i} {{
        compatible = "rvsim,zone"; kernel = <0 {KERNEL:#x}>; cpus = <{"1 " * 64}>; vcpus = <{i}>; zone-name = "z{i}"; }};'''
        for i in (1, 2, 3))} }};""", ["hello: pass", "z3: shut down"]),
    "a-kernel-where-no-memory-is": ("""chosen { module@1 {
        compatible = "multiboot,module", "multiboot,kernel"; reg = <0x40000000 0 0 0x10000>; }; module@2 {
        compatible = "multiboot,module", "multiboot,kernel"; reg = <0 0x84000000 0x1000 0>; }; };""",
                                    ["zone1: not started: its kernel does not lie in memory",
                                     "zone2: not started: its kernel does not lie in memory", "[zone0] hello: pass", "zone0: shut down"]),
    "reserved-to-the-end-of-time": ("""reserved-memory { a@1 { reg = <0 0x80000000 0xffffffff 0x7fffffff>; }; };""",
                                    ["zone0: not started: the machine has not enough memory for it"]),
    "a-hart-beyond-64": ("""cpus { cpu@42 { device_type = "cpu"; reg = <0x42>; compatible = "riscv"; riscv,isa = "rv64i"; }; };""",
                         ["rvsim hypervisor: 2 harts, 1 zones", "hello: pass", "zone0: shut down"]),
    "no-such-harts": ("""cpus { /delete-node/ cpu@0; /delete-node/ cpu@1; };""", ["hello: pass", "zone0: shut down"]),
}


def firmware(text, wanted):
    """Guest-loader's module beside what the tree says of it: the end is the guest's, or told; never a hang."""
    with tempfile.TemporaryDirectory() as folder:
        tree, source = os.path.join(folder, "tree"), os.path.join(folder, "tree.dts")
        run([RVSIM, *MACHINE, "-dump-dtb", tree])
        _, text_before, _ = run(["dtc", "-q", "-I", "dtb", "-O", "dts", tree])
        with open(source, "w") as file:
            file.write(text_before + "/ {" + text + "};")
        run(["dtc", "-q", "-f", "-O", "dtb", "-o", tree, source])
        loader = ["-device", f"guest-loader,addr={KERNEL:#x},kernel={guest('hello')}"]
        status, out, err = run([RVSIM, *MACHINE, "-dtb", tree, "-bios", FIRMWARE, *loader])
    good = not any("not started" in line for line in wanted)
    lines = [line for line in out.splitlines() if any(line.endswith(text) for text in wanted)]
    expect_equal((status, lines), (0 if good else 1, wanted), err)


def planted(folder, path, before, after):
    """The firmware with one text of one of its files replaced; the path of its ELF."""
    shutil.copytree("firmware", os.path.join(folder, "firmware"))
    path = os.path.join(folder, "firmware", path)
    with open(path) as source:
        text = source.read()
    expect_equal(text.count(before), 1, f"places to change in {path}")
    with open(path, "w") as source:
        source.write(text.replace(before, after))
    status, _, err = run(["make", "-C", folder, "-f", "firmware/build.mk", "build/firmware.elf"], 300)
    expect_equal(status, 0, f"building the firmware: {err[-1500:]}")
    return f"{folder}/build/firmware.elf"


def first_entry_for_all():
    """An SBI that sends every hart to where the first one started, as OpenSBI 1.1 does in a race: one of them boots."""
    with tempfile.TemporaryDirectory() as folder:
        firmware = planted(folder, "machine/sbi_hsm.c", "hart->start_address = address;",
                           "(void)address; void __next_stage(void); hart->start_address = (uint64_t)__next_stage;")
        status, out, err = run([RVSIM, *MACHINE, firmware, guest("smp")])
    expect_equal((status, out.count("rvsim hypervisor: "), out.count("rvsim hypervisor: 2 harts, 1 zones")), (0, 1, 1), out + err)


def time_kept_from_guests():
    """hcounteren.TM clear: a guest's read of time is the hypervisor's affair, whether the core has the CSR or M-mode stands in."""
    with tempfile.TemporaryDirectory() as folder:
        firmware = planted(folder, "arch/hal.c", "csr_write(hcounteren, COUNTEREN_CY_TM_IR);", "csr_write(hcounteren, 5);")
        wanted = run([RVSIM, *MACHINE, firmware, guest("timer")])
        expect_equal(run([RVSIM, *MACHINE, "--set", "time=absent", firmware, guest("timer")]), wanted, "without the CSR")
    expect_equal((wanted[0], "time never goes back" in wanted[1]), (1, False), wanted[1])


# Accesses of every form. {0}: an offset.
ACCESSES = [f"{name} a2, {{0}}(a0)" for name in ("lb", "lbu", "lh", "lhu", "lw", "lwu", "ld")] \
    + [f"{name} a1, {{0}}(a0)" for name in ("sb", "sh", "sw", "sd")] \
    + [f"{name} fa0, {{0}}(a0)" for name in ("flw", "fld", "fsw", "fsd")] \
    + [f"{name}.{width} a2, a1, (a0)" for name in ("amoadd", "amoswap", "amoand", "amomaxu", "sc") for width in "wd"] \
    + ["lr.w a2, (a0)", "lr.d a2, (a0)", "c.lw a2, 0(a0)", "c.ld a2, 8(a0)", "c.sw a1, 16(a0)", "c.sd a1, 0(a0)", "c.fld fa0, 0(a0)", "c.fsd fa0, 8(a0)"] \
    + [f".half {word:#x}" for word in (0x8110, 0x8510, 0x8550, 0x890C, 0x8D0C)] \
    + [f".word {word:#x}" for word in (0x0045200F, 0x0015200F, 0x0005200F, 0x0025200F)]  # Zcb; Zicboz and Zicbom
# Devices and their ends, holes, the ends of memory, and of what addresses there are.
PLACES = [0, 0x1000, 0x100000, 0x2000000, 0xBFFFFFC, 0xC000000, 0xC000028, 0xC002080, 0xC201004, 0xC600000, 0x10000000, 0x10000001, 0x10000005, 0x100000FC,
          0x10000FFC, 0x10001000, 0x7FFFFFFC, 0x87FFFFFC, 0x88000000, 0x40000000000 - 4, 2**41 - 4, 2**56, 2**63, 2**64 - 8]
ACCESS = """li a0, {address:#x}
li a1, {value:#x}
li a2, 0x77
fmv.d.x fa0, a1
li s2, 0
li s3, 0
la s1, 1f
j 2f
.balign 4096
.space {space}
.option push
.option {compressed}
2: {access}
.option pop
1: fmv.x.d a3, fa0
sd a2, 0(s0)
sd a3, 8(s0)
sd s2, 16(s0)
sd s3, 24(s0)
addi s0, s0, 32
"""
GUEST = """.option norelax
.globl _start
_start: la t0, handler
csrw stvec, t0
li t0, 0x6000
csrs sstatus, t0
la s0, out
{accesses}
la s0, out
li s1, {bytes}
li a0, 10
li a7, 1
ecall
3: lbu s2, 0(s0)
srli a0, s2, 4
addi a0, a0, 'a'
ecall
andi a0, s2, 15
addi a0, a0, 'a'
ecall
addi s0, s0, 1
addi s1, s1, -1
bnez s1, 3b
li a0, 10
ecall
li a7, 8
ecall
.balign 4
handler: csrr s2, scause
addi s2, s2, 1
csrr s3, stval
csrw sepc, s1
sret
.data
.balign 8
out: .space {bytes}
"""
COUNT = 200
LEGAL = [["--set", "tinst=zero"], ["--set", "tval2=zero"], ["--set", "tinst=zero", "--set", "tval2=zero"], ["--cpu", "cva6"]]


def random_guest(folder, seed):
    choose = random.Random(seed)
    accesses = ""
    for _ in range(COUNT):
        access = choose.choice(ACCESSES).format(choose.choice((0, 0, 1, 4, -4, 2047, -2048)))
        accesses += ACCESS.format(address=(choose.choice(PLACES) + choose.choice((0, 0, 1, 2, 4, 7))) % 2**64, value=choose.getrandbits(64), access=access,
                                  space=choose.choice((0, 4094, 4092)), compressed="rvc" if access.startswith("c.") else "norvc")
    source, elf = os.path.join(folder, "guest.S"), os.path.join(folder, "guest.elf")
    with open(source, "w") as file:
        file.write(GUEST.format(accesses=accesses, bytes=32 * COUNT))
    status, _, err = run(["riscv64-unknown-elf-gcc", "-march=rv64gc", "-mabi=lp64d", "-nostdlib", "-static",
                          "-Wl,-n,--no-relax,--no-warn-rwx-segments,-Ttext=0x80200000", source, "-o", elf])
    expect_equal(status, 0, err)
    return elf


def what_it_found(options, elf):
    status, out, err = run([RVSIM, *options, FIRMWARE, elf + ",memory=128M"], 120)
    expect_equal((status, out.splitlines()[-1]), (0, "zone0: shut down"), f"{options}: {err}")
    results = bytes(16 * (a - ord("a")) + b - ord("a") for a, b in zip(*[iter(out.splitlines()[-2].encode())] * 2))
    expect_equal(len(results), 32 * COUNT, "results")
    return [struct.unpack("<4Q", results[i:i + 32]) for i in range(0, len(results), 32)]


def random_accesses(seed):
    """What a guest's access does, or the fault that it gets, is the same whatever the hart tells of a trap."""
    with tempfile.TemporaryDirectory() as folder:
        elf = random_guest(folder, seed)
        wanted = what_it_found([], elf)
        expect({1, 6, 8} & {cause for _, _, cause, _ in wanted} == {6, 8}, "faults of loads and stores are wanted, and no faults of fetches")
        for options in LEGAL:
            for number, (got, right) in enumerate(zip(what_it_found(options, elf), wanted)):
                expect_equal(got, right, f"access {number} of seed {seed}, {options}")


def cases():
    yield "time-kept-from-guests", time_kept_from_guests
    yield "first-entry-for-all", first_entry_for_all
    for binary in ("build/rvsim", "build/asan/rvsim"):
        yield os.path.dirname(binary), lambda binary=binary: run_program_suite(["tests/hostile/run.sh", binary])
    for name, (text, wanted) in TREES.items():
        yield name, lambda text=text, wanted=wanted: firmware(text, wanted)
    for seed in range(3):
        yield f"random-accesses-{seed}", lambda seed=seed: random_accesses(seed)
