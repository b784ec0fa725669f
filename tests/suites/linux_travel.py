"""Back in time in a Linux boot on four harts with a disk that it writes: whatever moment is gone to, everything is as it was there.

The disk's file goes back and forth with the machine, too. Long, and needs what `make linux` builds."""
import random
import re
import shutil
import tempfile
from suites.linux import INITRD, KERNELS, OPENSBI, TROUBLE
from suites.linux_disk import empty_image, first_boot, words
from suites.tools import RVSIM, expect, expect_equal, run, stats_of

MOMENTS, VISITS = 40, 100


def boot(image, *more):
    return [RVSIM, "-M", "virt", "-m", "256M", "-smp", "4", "-nographic", "-no-reboot", "-bios", OPENSBI["1.6"], "-kernel", KERNELS["6.1"], "-initrd", INITRD,
            "-device", "virtio-rng-device", "-drive", f"file={image},format=raw,if=none,id=disk0", "-device", "virtio-blk-device,drive=disk0",
            "-append", "console=ttyS0 task=rng,disk", *more]


def every_moment():
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as work:
        empty_image(work)
        shutil.copy(f"{work}/image", f"{work}/straight")
        _, _, stats = stats_of(boot(f"{work}/straight"))
        total = stats["cycles"]
        look = ["info harts", "info stats"]
        moments = sorted(chance.randrange(1, total) for _ in range(MOMENTS))
        visits = [chance.choice(moments) for _ in range(VISITS)]
        script = [line for moment in moments for line in (f"goto {moment}", *look)]
        script += ["continue"] + [line for moment in visits for line in (f"goto {moment}", *look)] + ["reverse-step 1000", "step 1000", "continue", "info stats"]
        with open(f"{work}/script", "w") as file:
            file.write("\n".join(script))
        status, console, err = run(boot(f"{work}/image", "--debug-cmd", f"{work}/script"), 1500)
        expect(status == 0 and not re.search(TROUBLE, console), f"exit {status}\n{console[-1500:]}\n{err[-1500:]}")
        expect_equal(words(console.replace("\r", "")), ["OK random numbers", *first_boot()], "what user space prints, once")
        seen = re.findall(r"((?:^[* ] hart .*\n){4}instructions .*\n)", err, re.M)
        expect(len(seen) >= MOMENTS + VISITS, f"only {len(seen)} moments were looked at")
        first = dict(zip(moments, seen))
        for moment, text in zip(visits, seen[MOMENTS:MOMENTS + VISITS]):
            expect_equal(text, first[moment], f"the state at cycle {moment}")
        with open(f"{work}/image", "rb") as one, open(f"{work}/straight", "rb") as other:
            expect(one.read() == other.read(), "another disk at the end")
        hashes = re.findall(r"trace hash (0x\w+)", err)
        expect_equal(hashes[-1], stats["trace_hash"], "hash at the end")


def cases():
    yield "every-moment", every_moment
