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


# Options of the machine, and the step of tests/unaware that does not come through with them.
UNAWARE = {"": None, "-cpu rv64,h=true": None, "--isa all": 4, "-cpu max": 4, "--isa +smstateen": 4, "--isa +ssstateen": 10,
           "--isa +svade": 7, "--isa -svadu": 7, "--isa all --set ad=hardware": 4, "--set ad=either": 7, "--set ad=fault": 7,
           "--isa rv64gch_zicntr_svadu": None, "--isa rv64gch_zicntr": 7, "-cpu max,smstateen=off,ssstateen=off,svade=off": None}


def unaware(options, step):
    """The default machine is as good as QEMU's to M-mode that knows only what is old; what is off by default is off for a reason."""
    status, _, err = run([RVSIM, *options.split(), "--max-insns", "100000", "build/unaware/unaware.elf"])
    expect_equal((status, err), (0, "") if step is None else (1, f"rvsim: the program signalled failure: code {step}\n"), options)


def unaware_there():
    expect_equal(run(QEMU + ["-bios", "build/unaware/unaware.elf"])[0], 0, "exit status")


def cases():
    yield "unaware-qemu", unaware_there
    for options, step in UNAWARE.items():
        yield f"unaware{options.replace(' ', '')}", lambda options=options, step=step: unaware(options, step)
    for name in GUESTS:
        for harts in ((1, 4) if name != "tp" else (1, 2)):
            yield f"{name}-{harts}", lambda name=name, harts=harts: both(name, harts)
        yield f"{name}-opensbi", lambda name=name: opensbi(name, 2)
