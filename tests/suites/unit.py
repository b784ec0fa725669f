"""The Criterion unit tests, suite by suite, in the engine that ships and in the plain loop."""
import glob
import re
from suites.tools import expect, expect_equal, run


def suites():
    names = set()
    for path in glob.glob("tests/unit/test_*.c"):
        with open(path) as file:
            names.update(re.findall(r"^(?:Parameterized)?Test\((\w+),", file.read(), re.M))
    return sorted(names)


def unit(path, suite):
    status, out, err = run([path, "--jobs", "1", "--filter", f"{suite}/*"], 600)
    counts = re.search(r"Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) \| Crashing: (\d+)", out + err)
    expect(counts, f"no synthesis: {(out + err)[-2000:]}")
    tested, passing = int(counts[1]), int(counts[2])
    expect(status == 0 and tested == passing and tested > 0, (out + err)[-4000:])


def none_is_left_out(path):
    status, out, err = run([path, "--list"])
    expect_equal((status, sorted(re.findall(r"^(\w+): \d+ tests?$", out + err, re.M))), (0, suites()), f"suites of {path}")


def cases():
    for variant in ["tail", "plain"]:
        path = f"build/{variant}/unit"
        yield f"{variant}/suites", lambda path=path: none_is_left_out(path)
        for suite in suites():
            yield f"{variant}/{suite}", lambda path=path, suite=suite: unit(path, suite)
