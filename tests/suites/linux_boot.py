"""Debian 13's kernel as it is packaged, under Debian 12's OpenSBI, on two harts: it comes to its user space, whose every check holds.

The kernel is fetched once (30 MB, tests/linux/fetch_13.sh) and kept in build/linux/13. Where the archive cannot be reached nothing has
been shown to work or not: that is said, and is no failure on somebody's own machine; but where CI is set it is, for whoever relies on
what a CI says would not look whether this ran."""
import os
import re
from suites.linux import INITRD, KERNELS, OPENSBI, OURS, TROUBLE
from suites.tools import expect, run

CHECKS = ["OK 2 cpus", "OK fork", "OK threads", "OK timerfd", "OK floating point", "OK copy on write", "OK loopback stream", "OK alarm", "DONE"]


def boots():
    expect(os.path.exists(KERNELS["6.12"]), "no kernel in build/linux/13: could Debian's archive not be reached?")
    status, out, err = run([*OURS, "-smp", "2", "-bios", OPENSBI["1.1"], "-kernel", KERNELS["6.12"], "-initrd", INITRD,
                            "-append", "console=ttyS0 task=basic,rtc"], 300)
    out = out.replace("\r", "")
    for sign in ("OpenSBI v1.1", "Linux version 6.12.", "Brought up 1 node, 2 CPUs", *CHECKS):
        expect(sign in out, f"exit {status}, no {sign!r}:\n{out[-2000:]}\n{err[-300:]}")
    trouble = re.findall(TROUBLE, out)
    expect(status == 0 and "FAIL" not in out and not trouble, f"exit {status}, {trouble[:5]}:\n{out[-2000:]}\n{err[-300:]}")


def cases():
    if not os.path.exists(KERNELS["6.12"]) and not os.environ.get("CI"):
        print("not run: linux_boot, for there is no kernel in build/linux/13 (could Debian's archive not be reached?)", flush=True)
        return
    yield "boots", boots
