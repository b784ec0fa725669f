"""What Linux finds on this machine, and what its user space does there, line by line as on QEMU.

tests/linux/init prints an OK for each check that holds: the same lines on both. What the kernel says is the same but for the rows of
tests/linux/dmesg.tsv: each row has a reason, and each is still needed somewhere. Harts, Sstc and virtio's two transports vary; equal
command lines, but for the program's name. Long, and needs what `make linux` builds."""
import collections
import functools
import re
import threading
from suites.linux import INITRD, KERNELS, OPENSBI, OURS, TROUBLE
from suites.tools import QEMU, expect, expect_equal, run

TABLE = "tests/linux/dmesg.tsv"
TASKS = "dmesg,basic,rng,rtc" # first the log, for checks have faults told in it
# QEMU in one thread: with one for each hart, a busy host lets harts wait for one another for as long as it likes.
MACHINES = {"rvsim": OURS, "qemu": [QEMU[0], "-M", "virt", "-m", "512M", "-nographic", "-accel", "tcg,thread=single"]}
DEVICES = ["-device", "virtio-rng-device"]
HARTS = (1, 2, 4, 8)
# name of the kernel, OpenSBI, harts, CPU, transport
CONFIGURATIONS = [("6.1", "1.6", harts, cpu, transport) for harts in HARTS for cpu in ("rv64", "rv64,sstc=off")
                  for transport in ("legacy", "modern")]
CONFIGURATIONS += [("6.12", "1.6", harts, "rv64", None) for harts in (1, 4)]
LOCKS = collections.defaultdict(threading.Lock)


def rows():
    """(what ours says, what QEMU's says, why); a pattern that is None: nothing."""
    with open(TABLE) as file:
        table = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    for row in table:
        expect(len(row) == 3 and all(row), f"{TABLE}: not three columns: {row}")
    return [tuple(None if text == "-" else text for text in row) for row in table]


@functools.cache
def boot_once(machine, kernel, opensbi, harts, cpu, transport):
    # Debian 13's kernel has virtio as modules, which are not in the ramdisk.
    tasks = TASKS if transport else TASKS.replace("rng,", "")
    devices = DEVICES + ["-global", f"virtio-mmio.force-legacy={'true' if transport == 'legacy' else 'false'}"] if transport else []
    return run([*MACHINES[machine], "-cpu", cpu, "-smp", str(harts), "-bios", OPENSBI[opensbi], "-kernel", KERNELS[kernel],
                "-initrd", INITRD, *devices, "-append", f"console=ttyS0 task={tasks}"], 600)


def boot(machine, configuration):
    """What user space prints, and what the kernel said: lists of lines. Boots once, whoever asks."""
    with LOCKS[machine, configuration]:
        status, out, err = boot_once(machine, *configuration)
    out = out.replace("\r", "")
    parts = re.search(r"^DMESG\n(.*?)^END OF DMESG\n(OK \d+ cpus\n.*DONE\n)", out, re.M | re.S)
    expect(parts, f"{machine}: exit {status}, not all holds:\n{out[-2000:]}\n{err[-500:]}")
    expect(status == 0, f"{machine}: exit {status}\n{err[-500:]}")
    log = [re.sub(r"^<\d+>\[ *\d+\.\d+\] ?", "", line) for line in parts[1].splitlines()]
    return parts[2].splitlines(), log


def without(log, patterns):
    """The log without lines that match a pattern (None: no line does), and how many matched each."""
    counts, rest = [0] * len(patterns), []
    for line in log:
        hit = next((i for i, pattern in enumerate(patterns) if pattern and re.fullmatch(pattern, line)), None)
        if hit is None:
            rest.append(line)
        else:
            counts[hit] += 1
    return rest, counts


def same_checks(configuration):
    ours, _ = boot("rvsim", configuration)
    theirs, _ = boot("qemu", configuration)
    expect_equal(ours, theirs, "what user space prints")
    expect(ours[0] == f"OK {configuration[2]} cpus" and len(ours) > 20, f"too little:\n{ours}")


def same_log(configuration):
    table = rows()
    (_, ours), (_, theirs) = boot("rvsim", configuration), boot("qemu", configuration)
    trouble = [line for line in ours if re.fullmatch(TROUBLE, line)]
    expect(not trouble, f"the kernel complains: {trouble[:5]}")
    ours, our_counts = without(ours, [row[0] for row in table])
    theirs, their_counts = without(theirs, [row[1] for row in table])
    # In which order they come, threads of the kernel decide, and how fast they are.
    ours, theirs = collections.Counter(ours), collections.Counter(theirs)
    difference = "\n".join([f"rvsim: {line}" for line in (ours - theirs).elements()] + [f"qemu:  {line}" for line in (theirs - ours).elements()])
    expect(not difference, f"differences that {TABLE} does not explain:\n{difference}")
    for row, ours, theirs in zip(table, our_counts, their_counts):
        expect(None in row or ours == theirs, f"{ours} and {theirs} lines of {row}")


def rows_are_needed():
    """A row that no boot of ours needs any more explains nothing. (Some lines of QEMU's depend on how busy its host is.)"""
    table = rows()
    needed = {row for row in table if row[0] is None}
    for configuration in CONFIGURATIONS:
        log = boot("rvsim", configuration)[1]
        needed |= {row for row, count in zip(table, without(log, [row[0] for row in table])[1]) if count}
    for row in table:
        expect(row in needed, f"no boot says {row[0]!r}")


def cases():
    for configuration in CONFIGURATIONS:
        kernel, opensbi, harts, cpu, transport = configuration
        name = "-".join(filter(None, (kernel, str(harts), cpu.replace("rv64,", "").replace("=", "-"), transport)))
        yield f"checks-{name}", lambda configuration=configuration: same_checks(configuration)
        yield f"dmesg-{name}", lambda configuration=configuration: same_log(configuration)
    yield "dmesg-rows", rows_are_needed
