"""The firmware's machine-mode layer alone, with tests/machine/payload.c above it, on every core it may meet: nothing that is
asked of it, and no instruction that traps to it, is its end."""
import itertools
import struct
import tempfile
from suites.tools import RVSIM, expect_equal, run

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


def critical_error():
    """A hart that can take no trap any more says so, and where: MDT is set out of reset, and the first instruction is an ecall."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(struct.pack("<II", 0x00000013, 0x00000073))
        file.flush()
        status, _, err = run([RVSIM, "--isa", "+smdbltrp", "-bios", file.name])
        expect_equal((status, err.strip()), (1, "rvsim: hart 0 is in the critical-error state: at 0x80000004 M-mode trapped (ecall from M-mode) while it could not"), "a double trap")


def cases():
    yield "critical-error", critical_error
    for isa in ISAS + ["-h,+smdbltrp,+smrnmi", "-h", "-sstc,-svadu,+smdbltrp", "-zicntr,+smdbltrp,+smrnmi"]:
        yield isa, lambda isa=isa: serves(isa)
