"""Random programs in all five modes: rvsim against QEMU, and rvsim's settings and engines against each other."""
import re
import sys

sys.path.insert(0, "tests/diff")
import known
from suites.tools import expect, expect_equal, run

COMPARE = ["python3", "tests/diff/compare.py", "--build", "build"]


def qemu():
    status, out, err = run(COMPARE + ["--seeds", "2000", "--jobs", "1"], 600)
    expect(status == 0, out + err)


def settings():
    status, out, err = run(COMPARE + ["--options", "--seeds", "40"], 600)
    expect(status == 0, out + err)


def bites():
    """Wrong behaviour is seen: A and D by fault, where QEMU sets them; misaligned accesses that trap."""
    for parameter in ("ad=fault", "misaligned=traps"):
        status, out, _ = run(COMPARE + ["--seeds", "40", "--rvsim-set", parameter], 300)
        expect(status == 1 and "UNEXPLAINED" in out, f"{parameter} went unnoticed:\n{out}")


def documented():
    """known.md explains just what known.py recognizes, and each by a rule."""
    with open("tests/diff/known.md") as file:
        rows = re.findall(r"^\| ([a-z]\w+) \| .* \| (.*) \|$", file.read(), re.M)
    listed = [name for name, _ in rows]
    rules = known.QEMU_RULES + known.QEMU_FINAL + known.SPIKE_RULES + known.SPIKE_FINAL
    expect_equal(sorted(name for name in listed if name != "id"), sorted({rule.__name__ for rule in rules}), "ids of known.md")
    for name, rule in rows:
        expect(name == "id" or re.match(r"(norm:\w+( norm:\w+)*|none: .*|that of .*)", rule), f"known.md: {name} names no rule")


def cases():
    yield "known", documented
    yield "qemu", qemu
    yield "settings", settings
    yield "bites", bites
