#!/usr/bin/env python3
"""Run the test suites and print one closing line, `N passed, N failed`.

    tests/run.py [--fail-fast] [--order FILE] [SUITE[/TEXT]...]
                 the named suites (files of tests/suites/), or all of the short ones; of a suite, the cases whose names begin so

`--order FILE` names cases, one a line after the seconds that it may take: these come first, in this order, and one that takes
longer has failed. What is not named comes last.

A suite is a module with cases(): it yields (name, function) pairs; a case fails by raising. Cases are independent, so two
run at a time. Everything the simulator does is deterministic: a case that fails once and passes once is a bug.
"""
import argparse
import concurrent.futures
import importlib
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
LONG = ["asan", "ci_outside", "debian", "debug_inputs", "hostile_engines", "linux", "linux_checks", "linux_disk", "linux_display", "linux_same", "linux_kvm", "linux_share", "linux_travel", "net", "package", "readers", "slurm"]  # have targets of their own
NO_SUITE = ["__init__", "tools"]


def short_suites():
    found = sorted(name[:-3] for name in os.listdir(os.path.join(HERE, "suites")) if name.endswith(".py"))
    return [name for name in found if name not in LONG + NO_SUITE]


def ordered(cases, path):
    """The cases in the order of the file, and what each may take."""
    with open(path) as file:
        limits = {name: float(seconds) for seconds, name in (line.split(maxsplit=1) for line in file.read().splitlines())}
    places = {name: i for i, name in enumerate(limits)}
    return sorted(cases, key=lambda case: places.get(case[0], len(places))), limits


def result_of(case, future, limit):
    try:
        return future.result(limit)
    except concurrent.futures.TimeoutError:
        return case[0], f"not done after {limit:.0f} s", limit


def run_case(case):
    name, function = case
    start = time.monotonic()
    try:
        function()
        return name, None, time.monotonic() - start
    except AssertionError as error:
        return name, str(error) or "assertion failed", time.monotonic() - start
    except Exception:
        return name, traceback.format_exc(), time.monotonic() - start


def main():
    os.chdir(os.path.dirname(HERE))
    os.environ["RVSIM_HISTORY"] = ""  # terminals of tests leave none
    sys.path.insert(0, HERE)
    parser = argparse.ArgumentParser()
    parser.add_argument("--fail-fast", action="store_true")  # end with the first case that fails
    parser.add_argument("--order")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    cases, limits = [], {}
    for name in options.names or short_suites():
        suite, _, text = name.partition("/")
        module = importlib.import_module(f"suites.{suite}")
        cases += [(f"{suite}/{case}", function) for case, function in module.cases() if case.startswith(text)]
    cases = list(dict(cases).items())  # what was named twice runs once
    if options.order:
        cases, limits = ordered(cases, options.order)
    failed = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        futures = [(case, pool.submit(run_case, case)) for case in cases]
        for case, future in futures:
            name, error, seconds = result_of(case, future, limits.get(case[0]))
            print(f"{'FAIL' if error else 'ok  '} {name} ({seconds:.1f} s)", flush=True)
            if error:
                failed.append(name)
                print("     " + error.replace("\n", "\n     "), flush=True)
                if options.fail_fast:
                    os._exit(1)  # whatever runs beside it is not waited for
    for name in failed:
        print(f"failed: {name}")
    print(f"{len(cases) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
