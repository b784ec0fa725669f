"""World-level traces of the guests, as they were when somebody last read them: symbols, modes and causes, no addresses
and no cycles. And cycle-exact traces of hand-written assembly. `GOLDEN=update tests/run.py golden` rewrites them: read
the diff."""
import os
import tempfile
from suites.tools import FIRMWARE, RVSIM, RVTRACE, expect, expect_equal, guest, run

FOLDER = "tests/golden"
GUEST_TRACES = ["hello", "paging", "rogue", "smp", "timer"]


def compare(name, text):
    path = f"{FOLDER}/{name}.golden"
    if os.environ.get("GOLDEN") == "update":
        with open(path, "w") as file:
            file.write(text)
    with open(path) as file:
        wanted = file.read().splitlines()
    got = text.splitlines()
    for number, (a, b) in enumerate(zip(got, wanted), 1):
        expect_equal(a, b, f"{path}:{number}")
    expect_equal(len(got), len(wanted), f"lines of {path}")
    expect(got, f"{path} is empty")


def dump(options, program, *how):
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace")
        run([RVSIM, "--trace", trace, *options, *program])
        status, out, err = run([RVTRACE, "dump", *how, trace])
        expect_equal(status, 0, f"rvtrace dump: {err}")
        return out


def world(name):
    # with what the firmware tries out at its start: where it is not there each try is a trap
    compare(name, dump(["-smp", "2", "--isa", "+smstateen"], [FIRMWARE, guest(name)], "--golden", "--type=world,trap"))


def cycles(name):
    compare(name, dump([], [f"build/golden/{name}.elf"]))


def cases():
    for name in GUEST_TRACES:
        yield name, lambda name=name: world(name)
    for name in sorted(os.path.splitext(file)[0] for file in os.listdir(FOLDER) if file.endswith(".S")):
        yield f"cycles-{name}", lambda name=name: cycles(name)
