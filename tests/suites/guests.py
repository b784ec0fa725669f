"""Every guest prints its expected text and ends with the right status: on 1 to 8 harts, in every build, under hostile
settings, and beside a guest that misbehaves."""
from suites.tools import FIRMWARE, GUESTS, PLAIN, RVSIM, console, expect, expect_equal, guest, run

HOSTILE = ["--set", "engine.block_ops=1", "--set", "tlb.entries=1", "--set", "engine.flush_always=yes"]
STATUS = {"rogue": 1}


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


def no_hypervisor_extension():
    """On a core without H: one clear line and a clean failure."""
    status, out, err = run([RVSIM, "--isa", "-h", FIRMWARE, guest("hello")])
    expect_equal(status, 1, "exit status")
    lines = [line for line in out.splitlines() if line]
    expect(len(lines) == 1 and "H" in lines[0], f"not one clear line: {out!r} {err!r}")


def cases():
    for name in GUESTS:
        for harts in (1, 2, 4, 8):
            yield f"{name}-{harts}", lambda name=name, harts=harts: check(RVSIM, name, harts)
        yield f"{name}-plain", lambda name=name: check(PLAIN, name, 4)
        if name != "tp":
            yield f"{name}-hostile", lambda name=name: check(RVSIM, name, 2, HOSTILE)
        for option in ("tinst=zero", "tval=zero", "ad=fault", "pmp.entries=0", "vmid.bits=0", "asid.bits=0", "misaligned=traps"):
            yield f"{name}-{option}", lambda name=name, option=option: check(RVSIM, name, 2, ["--set", option])
        yield f"{name}-sstc-off", lambda name=name: check(RVSIM, name, 2, ["--isa", "-sstc"])
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
    yield "no-h", no_hypervisor_extension
