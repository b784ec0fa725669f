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


def cases():
    for name in GUESTS:
        for harts in ((1, 4) if name != "tp" else (1, 2)):
            yield f"{name}-{harts}", lambda name=name, harts=harts: both(name, harts)
        yield f"{name}-opensbi", lambda name=name: opensbi(name, 2)
