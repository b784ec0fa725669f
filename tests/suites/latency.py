"""The hypervisor runs with interrupts off, so none of its work may take long: whatever guests ask for, on however many harts. And
what they print comes out whole and in order, though it is sent a little at a time."""
import os
import re
import shutil
import tempfile
from suites.tools import FIRMWARE, FIRMWARE_S, OPENSBI, QEMU, RVSIM, console, expect, expect_equal, guest, run, stats_of

BOUND = 200       # ticks of mtime, of 100 ns each, from a guest's exit to the next entry
SLICE = 20000     # ticks of a turn, where vCPUs share a hart
LINES = 3 * 8     # that a hart of press prints
WATCHED = 100000  # ticks that press watches for
LINE = r"press: hart (\d+) line (\d+) of a text that is as long as those of a kernel that boots\."
EXACT = ["--quantum", "1"]  # harts that wait for each other do so no longer than they would


def check_bound(stats):
    limit = BOUND * stats["config"]["cycles_per_tick"]
    causes = stats["world_switches"]["causes"]
    expect(sum(cause["count"] for cause in causes) > 100, "hardly an exit was seen")
    worst = max(causes, key=lambda cause: cause["max"])
    expect(worst["max"] <= limit, f"{worst['cause']}: {worst['max']} cycles with interrupts off, {limit} are allowed")


def check_lines(text, prefix, harts):
    """Each hart's lines are there, whole, in its order, and nothing else is. Newlines and zeros come in between, by the calls of
    other harts."""
    lines = [line.removeprefix(prefix) for line in console(text).replace("\0", "").splitlines() if line.startswith(prefix)]
    printed = "".join(line for line in lines if not re.match(r"rvsim hypervisor|zone0: ", line))
    numbers = {hart: [] for hart in range(harts)}
    for hart, line in re.findall(LINE, printed):
        numbers[int(hart)].append(int(line))
    expect_equal(re.sub(LINE, "", printed), "press: pass", f"what is left of {prefix!r} without its lines")
    for hart, lines in numbers.items():
        expect_equal(lines, list(range(LINES)), f"lines of {prefix!r} hart {hart}")


def one_zone(harts, options):
    status, out, stats = stats_of([RVSIM, "-smp", str(harts), *EXACT, *options, FIRMWARE, guest("press")], 300)
    expect_equal(status, 0, f"exit status: {out[-300:]!r}")
    check_lines(out, "", harts)
    expect(out.endswith("press: pass\nzone0: shut down\n"), f"the end is missing: {out[-100:]!r}")
    check_bound(stats)


def two_zones(keys, harts):
    names = ("left", "right")
    guests = [f"{guest('press')},name={name},{key}" for name, key in zip(names, keys)]
    status, out, stats = stats_of([RVSIM, "-smp", "4", *EXACT, FIRMWARE, *guests], 300)
    expect_equal(status, 0, f"exit status: {out[-300:]!r}")
    lines = out.replace("\0", "").splitlines()
    for name in names:
        check_lines(out, f"[{name}] ", harts)
        expect(max(i for i, line in enumerate(lines) if "press: pass" in line and line.startswith(f"[{name}]")) < lines.index(f"{name}: shut down"), "the zone's report came before its last line")
    check_bound(stats)


def neighbour(cpu):
    """A zone that prints does not keep one beside it from running: on another hart not at all, on the same one for its turn."""
    guests = [f"{guest('press')},name=loud,args=print,cpus=0", f"{guest('press')},name=quiet,args=watch,cpus={cpu}"]
    status, out, stats = stats_of([RVSIM, "-smp", "2", FIRMWARE, *guests], 300)
    expect_equal(status, 0, f"exit status: {out[-300:]!r}")
    gap = int(re.search(r"\[quiet\] press: longest gap (\d+) ticks", out)[1])
    limit = SLICE + 2 * BOUND if cpu == 0 else BOUND
    expect(gap <= limit, f"the neighbour did not run for {gap} ticks, {limit} are allowed")
    cycles = next(zone["cycles"] for zone in stats["zones"] if zone["vmid"] == 2)
    share = cycles / (WATCHED * stats["config"]["cycles_per_tick"])
    expect(share > (0.4 if cpu == 0 else 0.95), f"the neighbour ran for {share:.0%} of the time")
    check_lines(out, "[loud] ", 1)
    check_bound(stats)


def neighbour_of_reboots(cpu):
    """A zone that starts anew is loaded a little at a time, and what it said comes first: who shares its hart gets its turns, and no
    interrupt waits for a ramdisk of megabytes."""
    with tempfile.NamedTemporaryFile() as initrd:
        initrd.write(bytes(range(256)) * 16384)
        initrd.flush()
        guests = [f"{guest('reboot')},name=again,args=3,cpus=0,initrd={initrd.name}", f"{guest('press')},name=quiet,args=watch,cpus={cpu}"]
        status, out, stats = stats_of([RVSIM, "-smp", "2", FIRMWARE, *guests], 300)
    expect_equal(status, 0, f"exit status: {out[-300:]!r}")
    expect_equal(out.count("again: reboot"), 3, "starts")
    gap = int(re.search(r"\[quiet\] press: longest gap (\d+) ticks", out)[1])
    limit = SLICE + 2 * BOUND if cpu == 0 else BOUND
    expect(gap <= limit, f"the neighbour did not run for {gap} ticks, {limit} are allowed")
    waits = [interrupt["max"] for hart in stats["harts"] for interrupt in hart["interrupts"]]
    expect(waits and max(waits) <= BOUND * stats["config"]["cycles_per_tick"], f"interrupts waited for up to {waits} cycles")


def fault_loses_nothing():
    """The hypervisor faults while output is queued: what guests have printed comes first, an unfinished line too."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree("firmware", os.path.join(folder, "firmware"))
        path = os.path.join(folder, "firmware/exit/sbi_srst.c")
        with open(path) as source:
            text = source.read()
        changed = text.replace("zone = sbi_caller(call)->zone;", "zone = *(struct zone *volatile *)call->arguments[0];", 1)
        expect(changed != text, "no place for the fault")
        with open(path, "w") as source:
            source.write(changed)
        status, _, err = run(["make", "-C", folder, "-f", "firmware/build.mk", "build/firmware.elf"], 300)
        expect_equal(status, 0, f"building the faulty firmware: {err[-1500:]}")
        guests = [f"{guest('press')},name={name},args=print,cpus=0" for name in ("one", "two")]
        status, out, _ = run([RVSIM, "-smp", "2", f"{folder}/build/firmware.elf", *guests], 300)
    expect_equal(status, 1, "exit status")
    report = out.index("rvsim hypervisor: fault of its own on hart 0")
    for name in ("one", "two"):
        printed = "".join(line.removeprefix(f"[{name}] ") for line in out[:report].splitlines() if line.startswith(f"[{name}] "))
        lines = [int(line) for _, line in re.findall(LINE, printed)]
        expect_equal(lines, list(range(len(lines))), f"lines of {name}")
        left = re.sub(LINE, "", printed)
        expect(left in ("", "press: pass") or "press: hart 0 line".startswith(left[:18]), f"what is left of {name}: {left!r}")
    expect("press: pass" in out[:report], "who made the hypervisor fault had printed its last line")
    expect("t5 0x" in out[report:], "the report is not whole")


def anywhere(command, harts, **how):
    """Where time is not ours: the output alone."""
    status, out, err = run([*command, "-smp", str(harts)], 300, **how)
    expect("press: pass" in console(out), f"exit {status}: {out[-300:]!r} {err[-300:]!r}")
    check_lines(out, "", harts)


def cases():
    loader = f"guest-loader,addr=0x90000000,kernel={guest('press')}"
    ours = [RVSIM, "-M", "virt", "-m", "512M", "-nographic"]
    opensbi = ["-bios", OPENSBI, "-kernel", FIRMWARE_S, "-device", loader]
    for harts in (1, 2, 4, 8):
        yield f"calls-{harts}", lambda harts=harts: one_zone(harts, [])
    yield "calls-no-sstc", lambda: one_zone(4, ["--isa", "-sstc"])
    yield "two-zones", lambda: two_zones(("cpus=0-1", "cpus=2-3"), 2)
    yield "two-zones-on-the-same-harts", lambda: two_zones(("cpus=0-1", "cpus=0-1"), 2)
    yield "neighbour-on-another-hart", lambda: neighbour(1)
    yield "neighbour-on-the-same-hart", lambda: neighbour(0)
    yield "reboots-on-another-hart", lambda: neighbour_of_reboots(1)
    yield "reboots-on-the-same-hart", lambda: neighbour_of_reboots(0)
    yield "fault", fault_loses_nothing
    yield "opensbi", lambda: anywhere(ours + opensbi, 2)
    yield "qemu", lambda: anywhere(QEMU + ["-bios", FIRMWARE, "-device", loader], 4)
    yield "qemu-opensbi", lambda: anywhere(QEMU + opensbi, 2)
