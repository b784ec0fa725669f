"""Bad input: one line, exit 2; under sanitizers too."""
import os
from suites.tools import run_program_suite


def cases():
    for binary in ("build/rvsim", "build/asan/rvsim"):
        yield os.path.dirname(binary), lambda binary=binary: run_program_suite(["tests/hostile/run.sh", binary])
