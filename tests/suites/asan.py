"""Sanitizers: any report is a failure."""
import os
from suites.guests import check
from suites.tools import GUESTS, expect, run, run_program_suite

ASAN = "build/asan/rvsim"


def unit():
    leaks = "LSAN_OPTIONS=suppressions=tests/unit/lsan.supp:print_suppressions=0"
    status, out, err = run(["env", leaks, "build/asan/unit", "--jobs", "2"], 900)
    expect(status == 0 and "Failing: 0" in out + err, (out + err)[-4000:])


def cases():
    yield "unit", unit
    yield "bad-input", lambda: run_program_suite(["tests/hostile/run.sh", ASAN])
    for name in GUESTS:
        if name != "tp":
            yield name, lambda name=name: check(ASAN, name, 2)
            yield f"{name}-checks", lambda name=name: check(ASAN, name, 2, ["--check", "percpu,worldswitch,isolation",
                                                                         "--trace", f"{os.devnull},events=all"])
