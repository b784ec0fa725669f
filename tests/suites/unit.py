"""The Criterion unit tests, in the engine that ships and in the plain loop."""
import re
from suites.tools import expect, run


def unit(path):
    status, out, err = run([path, "--jobs", "1"], 600)
    counts = re.search(r"Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) \| Crashing: (\d+)", out + err)
    expect(counts, f"no synthesis: {(out + err)[-2000:]}")
    tested, passing = int(counts[1]), int(counts[2])
    expect(status == 0 and tested == passing and tested > 0, (out + err)[-4000:])


def cases():
    for variant in ["tail", "plain"]:
        yield variant, lambda path=f"build/{variant}/unit": unit(path)
