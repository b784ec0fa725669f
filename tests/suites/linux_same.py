"""A Linux boot is the same run however it is looked at: four harts, a disk, a reset in the middle, and console input.

The hash is over the trace's default events and every hart's final state. Long, and needs what `make linux` builds."""
import json
import os
import re
import tempfile
from suites.linux import INITRD, KERNELS, OPENSBI, TROUBLE
from suites.linux_disk import empty_image, first_boot, second_boot, words
from suites.tools import PLAIN, RVSIM, RVTRACE, expect, expect_equal, run

# What comes before the kernel has set up its console is lost.
TYPED = b"\n" * 100 + b"echo hello\nfork 7\nappend /tmp/a some text\nhash /tmp/a\nexit\n"
SAID = ["hello", "7", "be9829e756c00cca /tmp/a"]
WITH_INPUT = ["-append", "console=ttyS0 task=shell,rng,disk", "-no-reboot"]
WITH_RESET = ["-append", "console=ttyS0 task=rng,disk"]


def one_run(work, program, name, more, stdin):
    """One run: (what user space printed, trace hash, cycles, error output)."""
    stats = f"{work}/{name}.json"
    status, out, err = run([program, "-M", "virt", "-m", "512M", "-smp", "4", "-nographic", "--stats", stats, "--max-cycles", "30000000000",
                            "-bios", OPENSBI["1.6"], "-kernel", KERNELS["6.1"], "-initrd", INITRD, "-device", "virtio-rng-device",
                            "-drive", f"file={work}/image,format=raw,if=none,id=disk0,snapshot=on",
                            "-device", "virtio-blk-device,drive=disk0", *more], 900, stdin)
    out = out.replace("\r", "")
    expect(status == 0 and not re.search(TROUBLE, out), f"{name}: exit {status}\n{out[-1500:]}\n{err[-500:]}")
    with open(stats) as file:
        result = json.load(file)
    return out, result["trace_hash"], result["cycles"], err


def compared(program, more=(), script=None, reset=False):
    """The reference run, and another: same console, hash and cycles. A script's run has its input from the recording."""
    with tempfile.TemporaryDirectory() as work:
        empty_image(work)
        boot = WITH_RESET if reset else WITH_INPUT
        reference = one_run(work, RVSIM, "reference", [*boot, "--record", f"{work}/typed"], None if reset else TYPED)
        second = ["OK random numbers", *second_boot()] if reset else []
        first = [] if reset else ["OK shell"]
        expect_equal(words(reference[0]), [*first, "OK random numbers", *first_boot(), *second], "what user space prints")
        for line in [] if reset else SAID:
            expect(re.search(rf"^{line}$", reference[0], re.M), f"no {line!r} in\n{reference[0][-2000:]}")
        more = [*boot, *(word.format(work=work) for word in more)]
        if script:
            with open(f"{work}/script", "w") as file:
                file.write(script)
            more += ["--debug", "--debug-cmd", f"{work}/script"]
        other = one_run(work, program, "other", more, None if reset or "--replay" in more else TYPED)
        if not script:
            expect_equal(other[0], reference[0], "console")
        expect_equal(other[1:3], reference[1:3], "trace hash and cycles")
        if os.path.exists(f"{work}/trace"):
            status, out, err = run([RVTRACE, "info", f"{work}/trace"], 600)
            expect(status == 0 and "complete" in out, f"rvtrace info: exit {status}\n{out}{err}")


# Steps in firmware, while four harts start, on the way into user space, between two lines of the shell, and on the disk.
SCRIPT = """step 1000
expect Boot HART MEDELEG
step 5000
expect smp: Brought up
step 3000
step world
catch trap 9
continue
delete
step 2000 hart all
expect Run /init
step 4000
expect ^hello$
step 3000 hart all
expect files written
step 3000
continue
"""


def cases():
    yield "twice", lambda: compared(RVSIM)
    yield "reset", lambda: compared(RVSIM, reset=True)
    yield "replayed", lambda: compared(RVSIM, ["--replay", "{work}/typed"])
    yield "plain", lambda: compared(PLAIN)
    yield "traced", lambda: compared(RVSIM, ["--trace", "{work}/trace", "--check", "all"])
    yield "stepped", lambda: compared(RVSIM, ["--replay", "{work}/typed"], SCRIPT)
