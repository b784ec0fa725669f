"""The programs of make bench, cut short: each prints what it prints on QEMU, with timing off, under cva6, and in the plain loop."""
import shutil
import tempfile
from suites.tools import PLAIN, QEMU, RVSIM, console, expect, expect_equal, run
from bench import bench

SHORT = "build/bench/short"
RUNS = ([RVSIM, "--timing", "off"], [RVSIM, "--cpu", "cva6"], [PLAIN, "--cpu", "cva6"])


def same(machine, pattern):
    """`pattern`: what the program prints at least."""
    status, out, err = run([*QEMU, *machine], 60)
    theirs = console(out)
    expect_equal(status, 0, f"QEMU's exit status: {err}")
    expect(pattern(theirs.split()[-1]), f"no checksum: {theirs[-300:]!r}")
    for command in RUNS:
        status, out, err = run([*command, "-M", "virt", "-m", "512M", "-nographic", *machine], 120)
        expect_equal((status, console(out)), (0, theirs), f"{' '.join(command)}: {err[-300:]}")


def is_checksum(word):
    return len(word) == 16 and set(word) <= set("0123456789abcdef")


def table():
    """What a selection prints: a row with ratios and events, and the means; a text that no row has is refused."""
    status, out, err = run(["env", "REPEAT=1", "tests/bench/bench.py", "md5-like"], 120)
    expect_equal((status, err), (0, ""), "exit status")
    lines = out.splitlines()
    columns = next(line for line in lines if line.startswith("| program")).count("|")
    rows = [line for line in lines if line.startswith("| md5-like-M |")]
    expect_equal([line.count("|") for line in rows], [columns], out)
    expect(any(line.startswith("cva6: geometric mean of 1 ratios") for line in lines), out)
    status, out, err = run(["tests/bench/bench.py", "no such row"])
    expect_equal((status, out, err), (1, "", "bench.py: no row's name contains no such row\n"), "a text that no row has")


def users_programs():
    """COREMARK and EMBENCH name an ELF or a folder of them, which are rows of their own and in no mean."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(f"{SHORT}/md5-like-M.elf", f"{folder}/one.elf")
        status, out, err = run(["env", "REPEAT=1", f"COREMARK={folder}/one.elf", f"EMBENCH={folder}", "tests/bench/bench.py", "-one"], 120)
        expect_equal((status, err), (0, ""), "exit status")
        expect_equal([line.split()[1] for line in out.splitlines() if "-one |" in line], ["coremark-one", "embench-one"], out)
        expect("geometric mean" not in out, out)
    status, out, err = run(["env", "COREMARK=README.md", "tests/bench/bench.py"])
    expect_equal((status, out, err), (1, "", "bench.py: COREMARK=README.md: no ELF\n"), "no ELF")


def cases():
    for name, harts in bench.kinds():
        row = bench.program(name, harts, SHORT)
        yield name, lambda row=row: same(row.machine, is_checksum)
    yield "exits", lambda: same(bench.exits(SHORT), str.isalpha)
    yield "table", table
    yield "users-programs", users_programs
