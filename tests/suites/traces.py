"""What rvtrace dump says of events that only some traces hold."""
import os
import tempfile
from suites.tools import RVSIM, RVTRACE, expect_equal, run, stats_of

TLB = "build/debug/tlb.elf"
S = "unit=tlb stage=S"
VS = "unit=tlb stage=VS"
# Everything that happens to the TLB of tests/debug/tlb.S.
WANTED = f"""
<supervisor> what=fill {S} access=x va=0x80000180 pa=0x80000180 asid=5 first=2^30 reads_first=1
<supervisor+0xc> what=fence {S} entries=1
<supervisor+0x10> what=fill {S} access=x va=0x80000190 pa=0x80000190 asid=5 first=2^30 reads_first=1
<supervisor+0x18> what=fence {S} va=0x80001000 asid=6 entries=0
<supervisor+0x20> what=fence {S} va=0x80001000 asid=5 entries=1
<supervisor+0x24> what=fill {S} access=x va=0x800001a4 pa=0x800001a4 asid=5 first=2^30 reads_first=1
<supervisor+0x28> what=fence {VS} vmid=7 entries=0
<supervisor+0x30> what=fence unit=tlb stage=G vmid=7 entries=0
<guest> what=fill {VS} access=x va=0x800001c0 gpa=0x800001c0 pa=0x800001c0 asid=3 vmid=7 first=2^12 second=2^21 reads_first=3 reads_second=8
<guest+0x8> what=fill {VS} access=r va=0x80001000 gpa=0x80001000 pa=0x80001000 asid=3 vmid=7 first=2^12 second=2^21 reads_first=3 reads_second=8
<guest+0xc> what=fence {VS} va=0x80001000 vmid=7 entries=1
<guest+0x10> what=fill {VS} access=r va=0x80001000 gpa=0x80001000 pa=0x80001000 asid=3 vmid=7 first=2^12 second=2^21 reads_first=3 reads_second=8
"""


def dump_tlb(*options):
    """(hash, [line from its symbol on])."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t")
        status, out, stats = stats_of([RVSIM, "--trace", f"{path},events=tlb", *options, TLB], 60)
        expect_equal(status, 0, out)
        status, out, err = run([RVTRACE, "dump", "--type=tlb", path], 60)
        expect_equal(status, 0, err)
    return stats["trace_hash"], [line.split(None, 5)[5] for line in out.splitlines() if " unit=tlb " in line]


def tlb(*options):
    found, lines = dump_tlb(*options)
    expect_equal(found, stats_of([RVSIM, *options, TLB], 60)[2]["trace_hash"], "trace hash with and without tlb events")
    expect_equal(lines, WANTED.strip().splitlines(), "tlb events")


def cases():
    for name, options in {"ideal": [], "cva6": ["--cpu", "cva6"], "one-op": ["--set", "engine.block_ops=1"],
                          "flush": ["--set", "engine.flush_always=yes"]}.items():
        yield f"tlb-{name}", lambda options=options: tlb(*options)
