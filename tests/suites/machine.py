"""The firmware's machine-mode layer alone, with tests/machine/payload.c above it, on every core it may meet: nothing that is
asked of it, and no instruction that traps to it, is its end."""
import itertools
import struct
import tempfile
from suites.tools import RVSIM, expect_equal, run

OPENSBI = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.elf"
PAYLOAD = "build/machine/payload.elf"
LINES = ["end", "memory that is not there: refused",
         "illegal instructions at the end of pages, reads of time across them: as the hart would"]
SETTINGS = [("tval=written", "tval=zero"), ("tval2=written", "tval2=zero"), ("tinst=transformed", "tinst=zero"),
            ("time=present", "time=absent"), ("pmp.entries=16", "pmp.entries=0")]
ISAS = [",".join(isa) for isa in itertools.product(("+smdbltrp", "-smdbltrp"), ("+smrnmi", "-smrnmi"), ("+ssdbltrp", "-ssdbltrp"))]


def serves(isa):
    for settings in itertools.product(*SETTINGS):
        options = [word for setting in settings for word in ("--set", setting)]
        status, out, err = run([RVSIM, "-smp", "2", "-m", "512M", "--isa", isa, *options, PAYLOAD])
        expect_equal((status, out.splitlines()), (0, LINES), f"{isa} {settings}: {err[-300:]!r}")


CRITICAL = "hart 0 is in the critical-error state: at 0x{:x} M-mode trapped ({}) while it could not"


def critical_error():
    """A hart that can take no trap any more says so, and where: MDT is set out of reset. It also does where another hart goes on, which a limit ends."""
    alone = struct.pack("<II", 0x00000013, 0x00000073)  # nop; ecall
    with_another = struct.pack("<III", 0xF14022F3, 0x00029063, 0x00000073)  # csrr t0, mhartid; 1: bnez t0, 1b; ecall
    for program, options, wanted in [(alone, [], (1, CRITICAL.format(0x80000004, "ecall from M-mode"))),
                                     (with_another, ["-smp", "2", "--max-cycles", "100000"],
                                      (3, "--max-cycles reached: " + CRITICAL.format(0x80000008, "ecall from M-mode")))]:
        with tempfile.NamedTemporaryFile() as file:
            file.write(program)
            file.flush()
            status, _, err = run([RVSIM, "--isa", "+smdbltrp", *options, "-bios", file.name])
            expect_equal((status, err.strip()), (wanted[0], "rvsim: " + wanted[1]), f"a double trap {options}")


def old_firmware():
    """OpenSBI 1.1 does not know that MDT is set out of reset."""
    status, _, err = run([RVSIM, "-M", "virt", "--isa", "+smdbltrp", "-bios", OPENSBI])
    if status != 1 or not err.startswith("rvsim: hart 0 is in the critical-error state: at 0x8000"):
        raise AssertionError(f"OpenSBI with +smdbltrp: {status} {err!r}")


def cases():
    yield "critical-error", critical_error
    yield "old-firmware", old_firmware
    for isa in ISAS + ["-h,+smdbltrp,+smrnmi", "-h", "-sstc,-svadu,+smdbltrp", "-zicntr,+smdbltrp,+smrnmi"]:
        yield isa, lambda isa=isa: serves(isa)
