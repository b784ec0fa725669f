"""The same ELFs on QEMU's virt machine: same text, same status. With our firmware, and behind OpenSBI."""
import os
import re
import tempfile
import qemu_machine
from suites.guests import expected, guest_lines
from suites.tools import FIRMWARE, FIRMWARE_S, GUESTS, OPENSBI, QEMU, RVSIM, console, expect, expect_equal, guest, run

MODULE = "0x90000000"

# Lines of the guest plic that are others on QEMU 7.2 itself. Its gateway lets a level through while its source is being
# served, does not look at the level at completion, and takes completions of what is not enabled; a claim obeys the
# threshold; source 0 can be enabled.
PLIC_OF_QEMU = {"a level that rises again, and falls, between them", "a level that stays",
                "completions of others' claims and of none", "a completion while it is not enabled",
                "a claim under the threshold", "what registers hold"}


def comparable(name, text):
    """QEMU 7.2 reports atomics, and what finds no page table, as loads: of the guest faults it is asked whether, not which."""
    return re.sub("![157]", "!", text) if name == "faults" else text


def both(name, harts):
    loader = f"guest-loader,addr={MODULE},kernel={guest(name)}"
    theirs = qemu_machine.run(QEMU + ["-smp", str(harts), "-bios", FIRMWARE, "-device", loader], 200)
    ours = run([RVSIM, "-M", "virt", "-smp", str(harts), "-m", "512M", "-nographic", "-bios", FIRMWARE, "-device", loader], 200)
    expect_equal(comparable(name, console(ours[1])), comparable(name, console(theirs[1])), f"{name} on {harts} harts")
    expect_equal(ours[0], theirs[0], f"{name} on {harts} harts: exit status")


def opensbi(name, harts):
    arguments = ["-smp", str(harts), "-m", "512M", "-nographic", "-bios", OPENSBI, "-kernel", FIRMWARE_S, "-device",
                 f"guest-loader,addr={MODULE},kernel={guest(name)}"]
    theirs = qemu_machine.run(QEMU[:5] + arguments, 200)
    ours = run([RVSIM, "-M", "virt"] + arguments, 200)
    expect_equal(guest_lines(comparable(name, ours[1])), guest_lines(comparable(name, theirs[1])),
                 f"{name} behind OpenSBI on {harts} harts")
    expect_equal(ours[0], theirs[0], f"{name} behind OpenSBI: exit status")


def board(name, harts):
    """A bare-metal program that looks at the board: what is where, what resets do."""
    program = f"build/board/{name}.elf"
    theirs = run(QEMU + ["-smp", str(harts), "-bios", program], 60)
    ours = run([RVSIM, "-smp", str(harts), "-m", "512M", "-bios", program], 60)
    expect_equal(ours[1].splitlines(), theirs[1].splitlines(), f"{name} on {harts} harts: {ours[2]}")
    expect_equal((ours[0], theirs[0]), (0, 0), f"{name} on {harts} harts: exit status")


def share(transport):
    """A program that speaks 9P over virtio by itself: the same answers."""
    outputs = []
    for machine in (QEMU, [RVSIM, "-M", "virt", "-m", "512M"]):
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/text", "w") as file:
                file.write("some text\n")
            os.chmod(f"{folder}/text", 0o644)
            os.chmod(folder, 0o755)
            status, out, err = run([*machine, "-bios", "build/board/share.elf", "-global", f"virtio-mmio.force-legacy={transport}",
                                    "-fsdev", f"local,id=f,path={folder},security_model=none",
                                    "-device", "virtio-9p-device,fsdev=f,mount_tag=here"], 60)
            expect_equal(status, 0, f"exit status of {machine[0]}: {out[-500:]}{err[-500:]}")
            expect_equal(os.listdir(folder), ["text"], "what is left in the folder")
            outputs.append(out.replace("\r", "").splitlines())
    expect_equal(outputs[1], outputs[0], "what a folder answers")
    expect(len(outputs[0]) > 70, f"only {outputs[0]}")


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


def plic_of_the_machine():
    """QEMU's own PLIC, with no hypervisor: as ours and as a guest's, but for what is known."""
    _, out, _ = qemu_machine.run(QEMU + qemu_machine.ONE_THREAD + ["-bios", OPENSBI, "-kernel", guest("plic")], 200)
    lines = [line for line in out.replace("\r", "").splitlines() if line.startswith("plic: ")]
    wanted = expected("plic").splitlines()
    expect_equal(len(lines), len(wanted), "lines")
    differ = {theirs.split(": ")[1] for theirs, ours in zip(lines, wanted) if theirs != ours}
    expect_equal(differ, PLIC_OF_QEMU, "what differs")


def a_hang_is_told():
    """A run that does not end: what each hart was doing is in the failure."""
    loader = f"guest-loader,addr={MODULE},kernel={guest('rogue')},bootargs=spin"
    try:
        qemu_machine.run(QEMU + ["-smp", "2", "-bios", FIRMWARE, "-device", loader], 10)
    except qemu_machine.Hang as hang:
        told = str(hang)
    else:
        raise AssertionError("it ended")
    for wanted in (r"^hart 0: pc 0x\w+ <rogue.elf:spin\+0x\w+> in VS-mode$", r"^hart 1: pc 0x\w+ <firmware.elf:\w+\+0x\w+> in HS-mode$",
                   r"mip \w+ mie 22a ", r"vstvec 80\w+", r"rogue: spins"):
        expect(re.search(wanted, told, re.M), f"no {wanted!r} in:\n{told}")


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
    yield "board-holes", lambda: board("holes", 1)
    yield "share-legacy", lambda: share("true")
    yield "share-modern", lambda: share("false")
    yield "board-interrupts", lambda: board("interrupts", 1)
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
    yield "plic-bare", plic_of_the_machine
    yield "a-hang-is-told", a_hang_is_told
