"""Bad input: one line, exit 2; under sanitizers too. And the firmware under device trees that lie."""
import os
import shutil
import tempfile
from suites.tools import FIRMWARE, RVSIM, expect_equal, guest, run, run_program_suite

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


def cases():
    yield "time-kept-from-guests", time_kept_from_guests
    yield "first-entry-for-all", first_entry_for_all
    for binary in ("build/rvsim", "build/asan/rvsim"):
        yield os.path.dirname(binary), lambda binary=binary: run_program_suite(["tests/hostile/run.sh", binary])
    for name, (text, wanted) in TREES.items():
        yield name, lambda text=text, wanted=wanted: firmware(text, wanted)
