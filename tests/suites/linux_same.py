"""A Linux boot is the same run however it is looked at: four harts, a disk, a reset in the middle, and console input.

The hash is over the trace's default events and every hart's final state. Long, and needs what `make linux` builds."""
import functools
import json
import os
import re
import tempfile
from suites.linux import INITRD, KERNELS, OPENSBI, TROUBLE
from suites.linux_disk import empty_image, first_boot, second_boot, words
from suites.tools import PLAIN, RVSIM, RVTRACE, expect, expect_equal, run

# The shell's first part is before the reset, the second after it.
TYPED = b"echo hello\nfork 7\nappend /tmp/a text\nhash /tmp/a\nexit\nappend /tmp/a other\nhash /tmp/a\nexit\n"
SAID = ["hello", "7", "d1bbaeb1efb0d2ab /tmp/a"]
TASKS = "rng,shell,disk"


def same(work, program, name, more=(), stdin=TYPED):
    """One run: (what user space printed, trace hash, cycles, error output)."""
    stats = f"{work}/{name}.json"
    status, out, err = run([program, "-M", "virt", "-m", "512M", "-smp", "4", "-nographic", "--stats", stats, "--max-cycles", "30000000000",
                            "-bios", OPENSBI["1.6"], "-kernel", KERNELS["6.1"], "-initrd", INITRD, "-device", "virtio-rng-device",
                            "-drive", f"file={work}/image,format=raw,if=none,id=disk0,snapshot=on",
                            "-device", "virtio-blk-device,drive=disk0", "-append", f"console=ttyS0 task={TASKS}", *more], 900, stdin)
    out = out.replace("\r", "")
    expect(status == 0 and not re.search(TROUBLE, out), f"{name}: exit {status}\n{out[-1500:]}\n{err[-500:]}")
    with open(stats) as file:
        result = json.load(file)
    return out, result["trace_hash"], result["cycles"], err


def compared(program, more=(), script=None, recorded=False):
    """The reference run, and another: same console, hash and cycles."""
    with tempfile.TemporaryDirectory() as work:
        empty_image(work)
        reference = same(work, RVSIM, "reference", ["--record", f"{work}/typed"])
        checks = words(reference[0])
        expect_equal(checks, ["OK random numbers", *first_boot(), "OK random numbers", *second_boot()], "what user space prints")
        for line in SAID:
            expect(f"\n{line}\n" in reference[0], f"no {line!r} in\n{reference[0][-2000:]}")
        more = [word.format(work=work) for word in more]
        if script:
            with open(f"{work}/script", "w") as file:
                file.write(script)
            more += ["--debug", "--debug-cmd", f"{work}/script"]
        if recorded:
            more += ["--replay", f"{work}/typed"]
        other = same(work, program, "other", more, None if recorded else TYPED)
        if not script:
            expect_equal(other[0], reference[0], "console")
        expect_equal(other[1:3], reference[1:3], "trace hash and cycles")
        if os.path.exists(f"{work}/trace"):
            status, out, err = run([RVTRACE, "info", f"{work}/trace"], 600)
            expect(status == 0 and "complete" in out, f"rvtrace info: exit {status}\n{out}{err}")


# Steps while the kernel decompresses itself, in the middle of its boot on four harts, in user space, and after the reset.
SCRIPT = """step 1000
expect SBI implementation ID
step 5000
expect smp: Brought up
step 3000
step world
catch trap 9
continue
delete
step 2000 hart all
expect REBOOT
step 4000
expect Run /init
step 3000
continue
"""


def cases():
    yield "twice", lambda: compared(RVSIM)
    yield "replayed", lambda: compared(RVSIM, recorded=True)
    yield "plain", lambda: compared(PLAIN)
    yield "traced", lambda: compared(RVSIM, ["--trace", "{work}/trace", "--check", "all"])
    yield "stepped", lambda: compared(RVSIM, script=SCRIPT, recorded=True)
