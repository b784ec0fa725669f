"""Every guest prints its expected text and ends with the right status: on 1 to 8 harts, in every build, under hostile
settings, and beside a guest that misbehaves."""
import itertools
import os
import re
import struct
import tempfile
from suites.tools import FIRMWARE, FIRMWARE_S, GUESTS, OPENSBI, PLAIN, RVSIM, console, expect, expect_equal, guest, run, stats_of

MEMORY = ["-m", "64M"]  # zones' memory is cleared before they run, and none needs much
HOSTILE = ["--set", "engine.block_ops=1", "--set", "tlb.entries=1", "--set", "engine.flush_always=yes", "-m", "24M"]
STATUS = {"rogue": 1}


def options_of(case):
    """"tinst=zero,isa=-sstc" as options of rvsim: each is a --set, but isa, whose changes are separated by /."""
    words = []
    for item in case.split(","):
        words += ["--isa", item[4:].replace("/", ",")] if item.startswith("isa=") else ["--set", item]
    return words


# Hardware that is legal but different: all of it at once first, then one by one.
LEAST = ("tinst=zero,tval=zero,tval2=zero,ad=fault,vmid.bits=0,asid.bits=0,misaligned=traps,envcfg=absent,counters.hpm=0,"
         "time=absent,endian=little,pmp.entries=0,isa=-sstc/-sv48/-svadu/-svinval/-sscofpmf/-sdtrig")
SINGLE = ("tinst=zero", "tval=zero", "tval2=zero", "ad=fault", "ad=either", "pmp.entries=0", "pmp.entries=64", "vmid.bits=0", "vmid.bits=1",
          "asid.bits=0", "misaligned=traps", "envcfg=absent", "counters.hpm=0", "time=absent", "isa=-zihpm", "isa=-zicntr",
          "isa=-sstc", "isa=-sv57", "isa=-sv48", "isa=all", "isa=+smstateen", "isa=+ssstateen", "isa=-f", "isa=+smdbltrp",
          "isa=+smrnmi", "isa=+smdbltrp/-sstc,time=absent", "isa=+smrnmi/+smdbltrp,tval=zero,time=absent")
SLOW_VARIANTS = 4
VARIANTS = [(name, options_of(case)) for name, case in
            [("least", LEAST), ("least-rnmi", LEAST + "/+smdbltrp/+smrnmi"), ("most", "pmp.entries=64,isa=+smrnmi/+smdbltrp/+smstateen/+svade/+zkr")]
            + [(case, case) for case in SINGLE]]


def expected(name):
    with open(f"tests/guests/expected/{name}.txt") as file:
        return file.read()


def guest_lines(text):
    """The guest's own lines: neither the hypervisor's first line nor its report of how the zone ended."""
    lines = [line for line in console(text).splitlines() if line]
    expect(lines and lines[0].startswith("rvsim hypervisor"), f"no hypervisor in {text!r}")
    return [line for line in lines[1:] if not line.startswith("zone0: ")]


def check(binary, name, harts, options=()):
    status, out, err = run([binary, "-smp", str(harts), *MEMORY, *options, FIRMWARE, guest(name)], 300)
    expect_equal(guest_lines(out), expected(name).splitlines(), f"{name} on {harts} harts")
    expect_equal(status, STATUS.get(name, 0), f"{name} on {harts} harts: exit status ({err[-300:]!r})")


def rogue_alone():
    """Only the zone of the rogue is stopped, with one line that says why; the other one finishes."""
    status, out, _ = run([RVSIM, "-smp", "4", FIRMWARE, f"{guest('rogue')},name=bad,args=walk", f"{guest('smp')},name=good"])
    expect("[good] smp: pass" in out, f"the good zone did not finish:\n{out}")
    expect("bad: stopped: its trap vector 0x" in out, f"the rogue was not stopped for its trap vector:\n{out}")
    expect_equal(status, 1, "exit status")


def rogue_survives(which):
    status, out, _ = run([RVSIM, "-smp", "2", FIRMWARE, f"{guest('rogue')},args={which}"])
    expect("rogue: pass" in out, out)
    expect_equal(status, 0, "exit status")


# What a guest's fault meets on its way, each way that a hart may have it; and what M-mode must then do without.
FAULT_OPTIONS = [("tval=written", "tval=zero"), ("time=present", "time=absent"), ("+smdbltrp", "-smdbltrp"), ("+smrnmi", "-smrnmi"),
                 ("+ssdbltrp", "-ssdbltrp")]
FAULT_ADDRESSES = [("tinst=transformed", "tinst=zero"), ("tval2=written", "tval2=zero")]


def all_faults(choice):
    """The same text, to the last fault, whatever the hart tells of a fault and whatever M-mode has to emulate: it is that
    of the machine itself (faults-bare)."""
    for rest in itertools.product(*FAULT_OPTIONS):
        case = ",".join(choice + rest[:2] + ("isa=" + "/".join(rest[2:]),))
        status, out, err = run([RVSIM, *MEMORY, *options_of(case), FIRMWARE, f"{guest('faults')},args=fp more"])
        expect_equal(guest_lines(out), expected("faults-all").splitlines(), case)
        expect_equal(status, 0, f"{case}: exit status ({err[-300:]!r})")


def bare(name, arguments, text):
    """The guest with nothing between it and the machine but OpenSBI."""
    status, out, err = run([RVSIM, "-M", "virt", "-m", "512M", "-nographic", "-bios", OPENSBI, "-kernel", guest(name), *arguments])
    lines = [line for line in out.replace("\r", "").splitlines() if line.startswith(f"{name}: ")]
    expect_equal(lines, expected(text).splitlines(), f"{name} on the machine itself")
    expect_equal(status, 0, f"exit status ({err[-300:]!r})")


def behind_opensbi(name, options):
    """OpenSBI and the hypervisor as its payload, on hardware that has only what it must."""
    status, out, err = run([RVSIM, "-M", "virt", *options, "-smp", "2", "-m", "512M", "-nographic", "-bios", OPENSBI, "-kernel",
                            FIRMWARE_S, "-device", f"guest-loader,addr=0x90000000,kernel={guest(name)}"], 300)
    expect_equal(guest_lines(out), expected(name).splitlines(), f"{name} behind OpenSBI")
    expect_equal(status, STATUS.get(name, 0), f"{name} behind OpenSBI: exit status ({err[-300:]!r})")


def two_zones():
    status, out, _ = run([RVSIM, "-smp", "4", FIRMWARE, f"{guest('smp')},name=left", f"{guest('paging')},name=right"])
    for line in expected("smp").splitlines():
        expect(f"[left] {line}" in out, f"missing {line!r} in\n{out}")
    for line in expected("paging").splitlines():
        expect(f"[right] {line}" in out, f"missing {line!r} in\n{out}")
    expect_equal(status, 0, "exit status")


def more_zones_than_harts():
    """Several vCPUs share a hart."""
    names = ["hello", "paging", "timer", "smp"]
    status, out, _ = run([RVSIM, "-smp", "2", FIRMWARE] + [f"{guest(name)},name={name}" for name in names])
    for name in names:
        expect(f"[{name}] {name}: pass" in out, f"{name} did not pass:\n{out}")
    expect_equal(status, 0, "exit status")


def zones_are_numbered_in_order():
    status, out, _ = run([RVSIM, "-smp", "2", FIRMWARE, guest("hello"), guest("timer")])
    expect("[zone0] hello: pass" in out and "[zone1] timer: pass" in out, out)
    expect_equal(status, 0, "exit status")


def zones_are_spread():
    """More zones than harts take them in turn."""
    _, _, stats = stats_of([RVSIM, "-smp", "2", *MEMORY, FIRMWARE] + [f"{guest('hello')},memory=4M"] * 5)
    first, second = (hart["modes"]["VS"]["instructions"] for hart in stats["harts"])
    expect(0 < 2 * first - 3 * second < first / 10 or 0 <= 3 * second - 2 * first < first / 10, f"5 zones on two harts: {first} and {second} instructions")


def sleeps_when_its_zone_has_ended(options):
    """A hart without a vCPU does nothing: what was due or pending for the one that it had last is no reason to wake."""
    def instructions(guest_and_keys):
        status, _, stats = stats_of([RVSIM, "-smp", "2", *MEMORY, *options, FIRMWARE, f"{guest_and_keys},cpus=0,memory=4M", f"{guest('timer')},cpus=1,memory=4M"])
        expect_equal(status, 0, "exit status")
        return stats["harts"][0]["modes"]["HS"]["instructions"], stats["harts"][1]["modes"]["VS"]["cycles"]
    least, _ = instructions(guest("hello"))
    due, others = instructions(f"{guest('timer')},args=due")
    expect(others > 100000, f"the other zone ended too soon: {others} cycles")
    expect(abs(due - least) < 20000, f"a hart executes {due - least} instructions more, and should sleep")


def reboots():
    """A zone that starts anew does so alone, as often as it likes; and those that end, end."""
    status, out, _ = run([RVSIM, "-smp", "4", FIRMWARE, f"{guest('reboot')},name=often,args=100,cpus=0-1", f"{guest('smp')},name=smp",
                          f"{guest('reboot')},name=shared,args=3,cpus=1,vcpus=2", f"{guest('rogue')},name=rogue,args=walk"], 300)
    for name, count in (("often", 100), ("shared", 3)):
        lines = [line for line in out.splitlines() if line.startswith(f"{name}: reboot")]
        failures = [line for line in lines if line == f"{name}: reboot after a system failure"]
        expect_equal((len(lines), len(failures)), (count, sum(i // 2 % 2 for i in range(count))), f"starts of {name}")
        expect_equal(out.count(f"[{name}] reboot: pass"), 1, out)
    for line in expected("smp").splitlines():
        expect(f"[smp] {line}" in out, f"missing {line!r} in\n{out}")
    expect("rogue: stopped: " in out, out)
    expect_equal(status, 1, "exit status: one zone was stopped")


def reboots_checked(options):
    """No check takes a vCPU's next life for a faulty return to its last."""
    status, out, err = run([RVSIM, *options, "--check", "percpu,worldswitch,isolation", FIRMWARE, guest("reboot")], 300)
    expect_equal((status, guest_lines(out)), (0, expected("reboot").splitlines()), err)


def one_line(arguments, line):
    """The hypervisor says that line of its own, and the machine ends with failure."""
    status, out, err = run([RVSIM, *arguments])
    expect(line in [text.strip() for text in out.splitlines()], f"no {line!r} in {out!r} {err[-300:]!r}")
    expect_equal(status, 1, "exit status")


def more_guests_than_zones():
    one_line(["-smp", "2", "-m", "2G", FIRMWARE] + [f"{guest('hello')},memory=4M"] * 65,
             "rvsim hypervisor: 65 guests were given, and 64 are the most there can be")
    status, out, _ = run([RVSIM, "-smp", "2", "-m", "2G", FIRMWARE] + [f"{guest('hello')},memory=4M"] * 64)
    expect_equal((status, out.count("hello: pass")), (0, 64), "64 guests")


VIRT = ["-M", "virt", "-m", "512M", "-nographic", "-bios", FIRMWARE]


def loader(address, what, file):
    return ["-device", f"guest-loader,addr={address:#x},{what}={file}"]


def dump_tree(folder, *options):
    tree = os.path.join(folder, "tree.dtb")
    run([RVSIM, *VIRT, *options, *loader(0x90000000, "kernel", guest("hello")), "-dump-dtb", tree])
    return tree


def disabled_hart():
    """A device tree that says that a hart is not to be used: it is not."""
    with tempfile.TemporaryDirectory() as folder:
        tree = dump_tree(folder, "-smp", "3")
        for status, harts in (("okay", 3), ("disabled", 2), ("fail", 2)):
            expect_equal(run(["fdtput", "-t", "s", tree, "/cpus/cpu@1", "status", status])[0], 0, "fdtput")
            out = run([RVSIM, *VIRT, "-smp", "3", "-dtb", tree])[1]
            expect_equal(console(out).splitlines()[0], f"rvsim hypervisor: {harts} harts, 1 zones", f"with status {status}")


def tree_of_a_zone():
    """What a zone's first vCPU finds by a1, as dtc understands it: it shows texts that do not end as numbers."""
    script = b"catch world VS\ncontinue\nx/2048xw $a1\nquit\n"
    _, out, err = run([RVSIM, "-smp", "2", "--debug", FIRMWARE, f"{guest('hello')},args=one two,memory=16M"], 60, stdin=script)
    lines = re.findall(r"^0x[0-9a-f]{16}:((?: 0x[0-9a-f]{8})+)$", out + err, re.M)
    words = [int(word, 16) for line in lines for word in line.split()]
    with tempfile.NamedTemporaryFile() as file:
        file.write(struct.pack(f"<{len(words)}I", *words))
        file.flush()
        status, text, err = run(["dtc", "-q", "-I", "dtb", "-O", "dts", file.name])
    expect_equal(status, 0, f"dtc: {err}")
    for line in ('model = "rvsim,zone";', 'bootargs = "one two";', 'stdout-path = "/soc/serial@10000000";', "reg = <0x00 0x80000000 0x00 0x1000000>;",
                 'status = "okay";', 'riscv,isa-base = "rv64i";', 'compatible = "ns16550a";', "interrupts = <0x0a>;", "cpu@1 {"):
        expect(line in text, f"no {line!r} in the device tree of a zone:\n{text}")
    expect("cpu@2" not in text, "a hart too many")


def module_outside_memory():
    """A device tree that names one where no memory is: no zone, and not in silence."""
    with tempfile.TemporaryDirectory() as folder:
        tree = dump_tree(folder)
        nodes = run(["fdtget", "-l", tree, "/chosen"])[1]
        node = "/chosen/" + next(name for name in nodes.split() if name.startswith("module@"))
        expect_equal(run(["fdtput", "-t", "x", tree, node, "reg", "0", "10", "0", "1000"])[0], 0, "fdtput")
        one_line([*VIRT, "-dtb", tree], "zone0: not started: its kernel does not lie in memory")


def two_initrds():
    one_line([*VIRT, *loader(0x90000000, "kernel", guest("hello")), *loader(0x91000000, "initrd", guest("hello")),
              *loader(0x92000000, "initrd", guest("hello"))], "zone0: not started: it was given more than one initrd")


def keys():
    status, out, _ = run([RVSIM, "-smp", "4", FIRMWARE, f"{guest('smp')},vcpus=2,memory=32M,cpus=1-2,name=little", guest("hello")])
    expect("[little] smp: pass" in out and "hello: pass" in out, out)
    expect_equal(status, 0, "exit status")


def refused(case, word):
    """On a core without what a hypervisor needs: one clear line and a clean failure."""
    status, out, err = run([RVSIM, *options_of(case), FIRMWARE, guest("hello")])
    expect_equal(status, 1, "exit status")
    lines = [line for line in out.splitlines() if line]
    expect(len(lines) == 1 and word in lines[0], f"not one clear line: {out!r} {err!r}")


def non_maskable_interrupt(name, cycles):
    """It ends everything, with a line that says where the hart was; even if that was in the console's code."""
    for cycle in cycles:
        status, out, _ = run([RVSIM, "-smp", "2", "--isa", "+smrnmi", "--set", f"rnmi.cycle={cycle}", "--max-insns", "10000000",
                              FIRMWARE, f"{guest(name)},memory=4M"])
        lines = [line for line in out.splitlines() if "non-maskable interrupt on hart" in line]
        expect(len(lines) == 1 and "mncause 0x8000000000000030 mnepc 0x" in lines[0], f"cycle {cycle}: {out!r}")
        expect_equal(status, 1, f"exit status at cycle {cycle}")


def cases():
    for name in GUESTS:
        for harts in (1, 2, 4, 8):
            yield f"{name}-{harts}", lambda name=name, harts=harts: check(RVSIM, name, harts)
        yield f"{name}-plain", lambda name=name: check(PLAIN, name, 4)
        if name not in ("tp", "race", "reboot"):  # these three are in make hostile alone
            yield f"{name}-hostile", lambda name=name: check(RVSIM, name, 2, HOSTILE)
        for case, options in (VARIANTS if name != "tp" else VARIANTS[:SLOW_VARIANTS]):
            yield f"{name}-{case}", lambda name=name, options=options: check(RVSIM, name, 2, options)
    for name in ("timer", "mmio", "smp"):
        yield f"{name}-opensbi-least", lambda name=name: behind_opensbi(name, options_of(LEAST))
    for case, word in (("isa=-sv39", "Sv39x4"), ("isa=-h", "hypervisor extension")):
        yield f"refused-{case}", lambda case=case, word=word: refused(case, word)
    # from the guest's entry on; rogue does little but print
    yield "rnmi", lambda: non_maskable_interrupt("paging", range(1180000, 1240000, 7919))
    yield "rnmi-in-console", lambda: non_maskable_interrupt("rogue", range(1040000, 1100000, 7919))
    yield "rnmi-at-reset", lambda: non_maskable_interrupt("hello", (1, 5, 17, 30, 60, 100, 1000, 10000, 50000, 100000))
    yield "two-zones", two_zones
    for case in ("isa=+sstc", "isa=-sstc"):
        yield f"sleeps-when-its-zone-has-ended-{case}", lambda case=case: sleeps_when_its_zone_has_ended(options_of(case))
    yield "zones-are-spread", zones_are_spread
    yield "disabled-hart", disabled_hart
    yield "tree-of-a-zone", tree_of_a_zone
    yield "reboots", reboots
    for options in (["-smp", "1"], ["-smp", "4"], ["-smp", "3", "--quantum", "1"], ["-smp", "2", "--cpu", "rocket"]):
        yield f"reboots-checked-{'-'.join(options)}", lambda options=options: reboots_checked(options)
    yield "more-zones-than-harts", more_zones_than_harts
    yield "zone-order", zones_are_numbered_in_order
    yield "keys", keys
    yield "rogue-alone", rogue_alone
    for which in ("sbi", "insn", "csr", "read", "write", "exec", "far"):
        yield f"rogue-{which}", lambda which=which: rogue_survives(which)
    for choice in itertools.product(*FAULT_ADDRESSES):
        yield f"faults-{','.join(choice)}", lambda choice=choice: all_faults(choice)
    yield "faults-bare", lambda: bare("faults", ["-append", "fp more"], "faults-all")
    # a zone's PLIC is by the specification: a wire that is high at completion asks again
    yield "plic-bare", lambda: bare("plic", ["--set", "plic.gateway=level"], "plic")
    yield "65-guests", more_guests_than_zones
    yield "module-outside-memory", module_outside_memory
    yield "two-initrds", two_initrds
