"""Debian 12's and 13's kernels boot to their initial ramdisk's DONE and switch the machine off: under either Debian's OpenSBI, by
its U-Boot too, and as guests of our firmware, on 1 and 4 harts; here and on QEMU. Long, and needs what `make linux` builds.

How the machine's extensions decide what boots is here too: whatever is off by default is so for a row of OPTIONS."""
import re
from suites.tools import FIRMWARE, QEMU, RVSIM, expect, run

FOLDER = "build/linux"
INITRD = f"{FOLDER}/initrd"
ARGUMENTS = "console=ttyS0"
OPENSBI = {"1.1": "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.elf", "1.6": f"{FOLDER}/13/fw_jump.bin"}
U_BOOT = {"1.1": ("2023", "/usr/lib/u-boot/qemu-riscv64_smode/uboot.elf"), "1.6": ("2025", f"{FOLDER}/13/uboot.elf")}
KERNELS = {"6.1": f"{FOLDER}/12/Image", "6.12": f"{FOLDER}/13/Image"}
# A kernel needs less than a tenth of it; one that has died is not waited for.
OURS = [RVSIM, "-M", "virt", "-m", "512M", "-nographic", "--timing", "off", "--max-cycles", "20000000000"]
TROUBLE = r".*(?:WARNING: CPU|Oops|Unable to handle|Kernel panic|nobody cared|detected stall|BUG: ).*"
KERNEL_AT, INITRD_AT = 0x84000000, 0x90000000


def image(kernel):
    return KERNELS[kernel]


def direct(opensbi, kernel):
    return ["-bios", OPENSBI[opensbi], "-kernel", image(kernel), "-initrd", INITRD, "-append", ARGUMENTS], None


def by_u_boot(opensbi, kernel):
    """U-Boot with kernel and ramdisk in memory; what is typed while it sets up its console is lost."""
    with open(INITRD, "rb") as file:
        size = len(file.read())
    typed = "\n" * 100 + f"setenv bootargs {ARGUMENTS}\nbooti {KERNEL_AT:#x} {INITRD_AT:#x}:{size:x} ${{fdtcontroladdr}}\n"
    return ["-bios", OPENSBI[opensbi], "-kernel", U_BOOT[opensbi][1],
            "-device", f"guest-loader,addr={KERNEL_AT:#x},kernel={image(kernel)}",
            "-device", f"guest-loader,addr={INITRD_AT:#x},initrd={INITRD}"], typed.encode()


def guest(kernel):
    return ["-bios", FIRMWARE, "-device", f"guest-loader,addr={KERNEL_AT:#x},kernel={image(kernel)},bootargs={ARGUMENTS}",
            "-device", f"guest-loader,addr={INITRD_AT:#x},initrd={INITRD}"], None


def boots(machine, harts, what, signs=()):
    """The kernel comes to DONE without a complaint and ends the machine; each of `signs` is in the console."""
    arguments, typed = what
    status, out, err = run([*machine, "-smp", str(harts), *arguments], 600, typed)
    out = out.replace("\r", "")
    tail = f"\n{out[-1500:]}\n{err[-300:]}"
    expect(re.search(r"^DONE$", out, re.M), f"exit {status}, no DONE:{tail}")
    trouble = re.findall(TROUBLE, out)
    expect(not trouble, f"the kernel complains: {trouble[:5]}")
    for sign in (*signs, f"Brought up 1 node, {harts} CPUs" if harts > 1 else "Run /init"):
        expect(sign in out, f"no {sign!r}:\n{out[:3000]}")
    expect(status == 0, f"exit {status}:{tail}")


# Options of the machine, and what boots with them: OpenSBI, kernel and, where it does not, the last thing that is heard.
OPTIONS = [
    (["--isa", "all"], "1.6", "6.1", None),
    (["--isa", "all"], "1.6", "6.12", None),
    (["--isa", "+smstateen"], "1.1", "6.1", None),
    (["--isa", "+smstateen"], "1.1", "6.12", None),
    (["--isa", "+svade"], "1.1", "6.12", None),
    (["--set", "ad=fault"], "1.1", "6.1", None),
    (["--set", "ad=fault"], "1.6", "6.12", None),
    (["--isa", "-sstc"], "1.6", "6.12", None),
    (["--isa", "-sv48"], "1.6", "6.12", None),
    (["--isa", "rv64gch_zicntr"], "1.1", "6.12", None),
    (["--isa", "+zkr"], "1.6", "6.12", None),
    (["--isa", "+zkr"], "1.1", "6.12", "Boot HART MEDELEG"),
    (["--isa", "+smrnmi"], "1.6", "6.12", "Boot HART"),
    (["--isa", "+smdbltrp"], "1.1", "6.12", ""),
]


def option(options, opensbi, kernel, last):
    if last is None:
        return boots(OURS + options, 1, direct(opensbi, kernel), (f"OpenSBI v{opensbi}", f"Linux version {kernel}."))
    arguments, _ = direct(opensbi, kernel)
    status, out, err = run([*OURS, *options, "--max-insns", "500000000", *arguments], 600)
    expect(status in (1, 3) and "DONE" not in out, f"exit {status}, but the table says that it does not boot:\n{out[-1500:]}\n{err[-300:]}")
    expect(last in (out.rstrip().splitlines() or [""])[-1], f"the last line is not {last!r}:\n{out[-1500:]}")


def cases():
    for machine, name in ((OURS, ""), (QEMU, "-qemu")):
        for kernel in KERNELS:
            version = f"Linux version {kernel}."
            for harts in (1, 4):
                for sbi in OPENSBI:
                    signs = (f"OpenSBI v{sbi}", version)
                    yield (f"{kernel}-opensbi-{sbi}-{harts}{name}",
                           lambda machine=machine, harts=harts, what=(sbi, kernel), signs=signs: boots(machine, harts, direct(*what), signs))
                    u_boot = (*signs, f"U-Boot {U_BOOT[sbi][0]}")
                    yield (f"{kernel}-opensbi-{sbi}-u-boot-{harts}{name}",
                           lambda machine=machine, harts=harts, what=(sbi, kernel), signs=u_boot: boots(machine, harts, by_u_boot(*what), signs))
                yield (f"{kernel}-guest-{harts}{name}", lambda machine=machine, harts=harts, kernel=kernel, version=version:
                       boots(machine, harts, guest(kernel), ("rvsim hypervisor", version)))
    for options, sbi, kernel, last in OPTIONS:
        yield (f"{kernel}-opensbi-{sbi}{''.join(options)}",
               lambda options=options, sbi=sbi, kernel=kernel, last=last: option(options, sbi, kernel, last))
