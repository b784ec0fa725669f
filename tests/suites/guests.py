"""Every guest prints its expected text and ends with the right status: on 1 to 8 harts, in every build, under hostile
settings, and beside a guest that misbehaves."""
from suites.tools import FIRMWARE, FIRMWARE_S, GUESTS, OPENSBI, PLAIN, RVSIM, console, expect, expect_equal, guest, run

HOSTILE = ["--set", "engine.block_ops=1", "--set", "tlb.entries=1", "--set", "engine.flush_always=yes", "-m", "64M"]
STATUS = {"rogue": 1}


def options_of(case):
    """"tinst=zero,isa=-sstc" as options of rvsim: each is a --set, but isa, whose changes are separated by /."""
    words = []
    for item in case.split(","):
        words += ["--isa", item[4:].replace("/", ",")] if item.startswith("isa=") else ["--set", item]
    return words


# Hardware that is legal but different: all of it at once first, then one by one.
LEAST = ("tinst=zero,tval=zero,tval2=zero,ad=fault,vmid.bits=0,asid.bits=0,misaligned=traps,envcfg=absent,counters.hpm=0,"
         "time=absent,endian=little,pmp.entries=0,isa=-sstc/-sv48/-svadu/-smstateen/-ssstateen/-svinval/-sscofpmf/-sdtrig")
SINGLE = ("tinst=zero", "tval=zero", "tval2=zero", "ad=fault", "pmp.entries=0", "pmp.entries=64", "vmid.bits=0", "vmid.bits=1",
          "asid.bits=0", "misaligned=traps", "envcfg=absent", "counters.hpm=0", "time=absent", "isa=-zihpm", "isa=-zicntr",
          "isa=-sstc", "isa=-sv57", "isa=-sv48", "isa=-smstateen/-ssstateen", "isa=-smstateen", "isa=-f", "isa=+smdbltrp",
          "isa=+smrnmi", "isa=+smdbltrp/-sstc,time=absent", "isa=+smrnmi/+smdbltrp,tval=zero,time=absent")
SLOW_VARIANTS = 4
VARIANTS = [(name, options_of(case)) for name, case in
            [("least", LEAST), ("least-rnmi", LEAST + "/+smdbltrp/+smrnmi"), ("most", "pmp.entries=64,isa=+smrnmi/+smdbltrp")]
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
    status, out, err = run([binary, "-smp", str(harts), *options, FIRMWARE, guest(name)], 300)
    expect_equal(guest_lines(out), expected(name).splitlines(), f"{name} on {harts} harts")
    expect_equal(status, STATUS.get(name, 0), f"{name} on {harts} harts: exit status ({err[-300:]!r})")


def rogue_alone(which, reason):
    """Only the zone of the rogue is stopped; the other one finishes."""
    status, out, _ = run([RVSIM, "-smp", "4", FIRMWARE, f"{guest('rogue')},name=bad,args={which}", f"{guest('smp')},name=good"])
    expect("[good] smp: pass" in out, f"the good zone did not finish:\n{out}")
    expect(f"bad: stopped: {reason}" in out, f"rogue {which} was not stopped for `{reason}':\n{out}")
    expect_equal(status, 1, "exit status")


def rogue_survives(which):
    status, out, _ = run([RVSIM, "-smp", "2", FIRMWARE, f"{guest('rogue')},args={which}"])
    expect("rogue: pass" in out, out)
    expect_equal(status, 0, "exit status")


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


def non_maskable_interrupt(name):
    """It ends everything, with a line that says where the hart was; even if that was in the console's code."""
    for cycle in range(900000, 960000, 7919):
        status, out, _ = run([RVSIM, "-smp", "2", "--isa", "+smrnmi", "--set", f"rnmi.cycle={cycle}", FIRMWARE, guest(name)])
        lines = [line for line in out.splitlines() if "non-maskable interrupt on hart" in line]
        expect(len(lines) == 1 and "mncause 0x8000000000000030 mnepc 0x" in lines[0], f"cycle {cycle}: {out!r}")
        expect_equal(status, 1, f"exit status at cycle {cycle}")


def cases():
    for name in GUESTS:
        for harts in (1, 2, 4, 8):
            yield f"{name}-{harts}", lambda name=name, harts=harts: check(RVSIM, name, harts)
        yield f"{name}-plain", lambda name=name: check(PLAIN, name, 4)
        if name != "tp":
            yield f"{name}-hostile", lambda name=name: check(RVSIM, name, 2, HOSTILE)
        for case, options in (VARIANTS if name != "tp" else VARIANTS[:SLOW_VARIANTS]):
            yield f"{name}-{case}", lambda name=name, options=options: check(RVSIM, name, 2, options)
    for name in ("timer", "mmio", "smp"):
        yield f"{name}-opensbi-least", lambda name=name: behind_opensbi(name, options_of(LEAST))
    for case, word in (("isa=-sv39", "Sv39x4"), ("isa=-h", "hypervisor extension")):
        yield f"refused-{case}", lambda case=case, word=word: refused(case, word)
    yield "rnmi", lambda: non_maskable_interrupt("paging")
    yield "rnmi-in-console", lambda: non_maskable_interrupt("rogue")
    yield "two-zones", two_zones
    yield "more-zones-than-harts", more_zones_than_harts
    yield "zone-order", zones_are_numbered_in_order
    yield "keys", keys
    yield "rogue-read-alone", lambda: rogue_alone("read", "load guest-page fault")
    yield "rogue-write-alone", lambda: rogue_alone("write", "store guest-page fault")
    yield "rogue-exec-alone", lambda: rogue_alone("exec", "fetch guest-page fault")
    yield "rogue-far-alone", lambda: rogue_alone("far", "load guest-page fault")
    for which in ("sbi", "insn", "csr"):
        yield f"rogue-{which}", lambda which=which: rogue_survives(which)
