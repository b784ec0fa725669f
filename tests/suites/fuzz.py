"""A minute of fuzzing, the same inputs each time: no crash, no hang, no sanitizer report; engines agree. `make fuzz`
runs for hours."""
import os
import sys
import tempfile
from suites.tools import expect

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fuzz"))
import fuzz  # noqa: E402
import seeds  # noqa: E402


def short(target):
    good, text = fuzz.short_run("build", target)
    expect(good, fuzz.story(text))


def builds():
    """Random machines in the engine that ships and in the plain loop."""
    with tempfile.TemporaryDirectory() as folder:
        start, _ = seeds.write("machine", folder)
        files = [os.path.join(start, name) for name in sorted(os.listdir(start))]
        count, wrong = fuzz.compare_builds("build", files)
    expect(count > 0 and not wrong, "\n".join(wrong[:10]))


def cases():
    for target in fuzz.TARGETS:
        yield target.name, lambda target=target: short(target)
    yield "tail-calls-against-plain-loop", builds
