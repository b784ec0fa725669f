"""The same ELFs on QEMU's virt machine: same text, same status. With our firmware, and behind OpenSBI."""
from suites.guests import guest_lines
from suites.tools import FIRMWARE, FIRMWARE_S, GUESTS, OPENSBI, QEMU, RVSIM, console, expect_equal, guest, run

MODULE = "0x90000000"


def both(name, harts):
    loader = f"guest-loader,addr={MODULE},kernel={guest(name)}"
    theirs = run(QEMU + ["-smp", str(harts), "-bios", FIRMWARE, "-device", loader], 200)
    ours = run([RVSIM, "-M", "virt", "-smp", str(harts), "-m", "512M", "-nographic", "-bios", FIRMWARE, "-device", loader], 200)
    expect_equal(console(ours[1]), console(theirs[1]), f"{name} on {harts} harts")
    expect_equal(ours[0], theirs[0], f"{name} on {harts} harts: exit status")


def opensbi(name, harts):
    arguments = ["-smp", str(harts), "-m", "512M", "-nographic", "-bios", OPENSBI, "-kernel", FIRMWARE_S, "-device",
                 f"guest-loader,addr={MODULE},kernel={guest(name)}"]
    theirs = run(QEMU[:5] + arguments, 200)
    ours = run([RVSIM, "-M", "virt"] + arguments, 200)
    expect_equal(guest_lines(ours[1]), guest_lines(theirs[1]), f"{name} behind OpenSBI on {harts} harts")
    expect_equal(ours[0], theirs[0], f"{name} behind OpenSBI: exit status")


def board(name, harts):
    """A bare-metal program that looks at the board: what is where, what resets do."""
    program = f"build/board/{name}.elf"
    theirs = run(QEMU + ["-smp", str(harts), "-bios", program], 60)
    ours = run([RVSIM, "-smp", str(harts), "-m", "512M", "-bios", program], 60)
    expect_equal(ours[1].splitlines(), theirs[1].splitlines(), f"{name} on {harts} harts: {ours[2]}")
    expect_equal((ours[0], theirs[0]), (0, 0), f"{name} on {harts} harts: exit status")


def rebooted(harts):
    """A kernel behind OpenSBI that reboots by SRST: there it is the machine that starts anew."""
    options = ["-smp", str(harts), "-m", "512M", "-nographic", "-bios", OPENSBI, "-kernel", guest("reboot")]
    theirs, ours = run(QEMU[:5] + options, 200), run([RVSIM, "-M", "virt", *options], 200)
    lines = [[line for line in console(result[1]).splitlines() if line.startswith("reboot: ")] for result in (ours, theirs)]
    expect_equal(lines[0], lines[1], f"reboots on {harts} harts")
    expect_equal((ours[0], len(lines[0])), (theirs[0], 3), f"{ours[1]} {ours[2]}")


def no_reboot():
    """A reset ends the machine, and well."""
    options = ["-no-reboot", "-bios", "build/board/reset.elf"]
    theirs, ours = run(QEMU + options, 60), run([RVSIM, "-M", "virt", *options], 60)
    expect_equal(ours[:2], theirs[:2], ours[2])
    expect_equal(ours[0], 0, "exit status")


def cases():
    yield "board-holes", lambda: board("holes", 1)
    yield "board-reset", lambda: board("reset", 1)
    yield "board-reset-4", lambda: board("reset", 4)
    yield "board-no-reboot", no_reboot
    yield "reboot-1", lambda: rebooted(1)
    yield "reboot-4", lambda: rebooted(4)
    for name in GUESTS:
        if name == "counters":
            continue  # QEMU 7.2 reads time in U-mode whatever scounteren says
        for harts in ((1, 4) if name != "tp" else (1, 2)):
            yield f"{name}-{harts}", lambda name=name, harts=harts: both(name, harts)
        yield f"{name}-opensbi", lambda name=name: opensbi(name, 2)
