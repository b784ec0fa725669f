#!/usr/bin/env python3
"""Fuzzing, for hours: every target gets its share of the time, again and again from what it found before.

    fuzz.py [--build build] [--seconds 7200] [--jobs N] [TARGET...]

The corpus stays in BUILD/fuzz/corpus, what crashes, hangs or breaks a property in BUILD/fuzz/findings. Prints a line a
target and `N passed, N failed`. tests/suites/fuzz.py is the short run: the same inputs every time.
"""
import argparse
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import seeds

HERE = os.path.dirname(os.path.abspath(__file__))
INPUT_SECONDS = 60  # of the wall clock, on a busy machine; inputs take milliseconds
FINDINGS_MAX = 10   # of a target in one round
ROUND_SECONDS = 1200
INTERRUPTED = (72, -signal.SIGINT)  # exit status of a libFuzzer that is told to stop


class Target:
    def __init__(self, name, weight, runs, longest, inputs=None):
        self.name, self.weight, self.runs, self.longest, self.inputs = name, weight, runs, longest, inputs or name


# Weight in the long run; number of inputs in the short one; bytes of the longest input.
TARGETS = [
    Target("machine", 4, 4000, 700),
    Target("machine-plain", 2, 1000, 700, "machine"),
    Target("debugger", 1, 6000, 300),
    Target("gdb", 1, 3000, 300),
    Target("trace", 1, 8000, 2000),
    Target("options", 1, 60000, 600),
    Target("preset", 1, 30000, 3000),
    Target("recording", 1, 60000, 600),
    Target("devices", 2, 300, 2000),  # a thousand operations each
    Target("restore", 1, 5000, 400),
    Target("elf", 1, 80000, 2048),
    Target("unpack", 1, 40000, 600),
    Target("devtree", 1, 80000, 1500),
    Target("decode", 1, 30000, 600),
]


def command(build, target, findings, dictionary, arguments):
    os.makedirs(findings, exist_ok=True)
    return [f"{build}/fuzz/bin/{target.name}", f"-timeout={INPUT_SECONDS}", "-rss_limit_mb=3000", f"-max_len={target.longest}",
            f"-artifact_prefix={findings}/", f"-dict={dictionary}", "-print_final_stats=1", "-len_control=20"] + arguments


def regressions(target):
    """Inputs that once failed."""
    folder = os.path.join(HERE, "regressions", target.inputs)
    return [folder] if os.path.isdir(folder) else []


def executed(text):
    found = re.findall(r"stat::number_of_executed_units: (\d+)", text)
    return int(found[-1]) if found else 0


def story(text):
    """What a run that failed says about it."""
    marks = ("not so", "ERROR", "runtime error", "SUMMARY", "Assertion", "written to", "    #")
    lines = [line for line in text.splitlines() if any(mark in line for mark in marks)]
    return "\n".join(lines[:25]) or text[-2000:]


def short_run(build, target):
    """The same inputs in every run: by count, not by time, from a corpus that starts afresh."""
    findings = f"{build}/fuzz/findings/{target.name}"
    with tempfile.TemporaryDirectory() as folder:
        start, dictionary = seeds.write(target.inputs, folder)
        grown = os.path.join(folder, "grown")
        os.mkdir(grown)
        # without comparisons: they hold addresses, which differ from run to run
        arguments = ["-seed=1", "-use_cmp=0", f"-runs={target.runs}", grown, start] + regressions(target)
        result = subprocess.run(command(build, target, findings, dictionary, arguments), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = result.stdout.decode(errors="replace")
    return result.returncode == 0 and executed(text) >= target.runs, text


class Running:
    """The programs under way. Told to stop (Ctrl-C, kill), they stop, and what was found so far is reported."""

    def __init__(self):
        self.processes, self.stopped = set(), False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.stop)

    def stop(self, *_):
        self.stopped = True
        for process in list(self.processes):
            process.send_signal(signal.SIGINT)

    def run(self, words, log):
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes.add(process)
        status = process.wait()
        self.processes.discard(process)
        return 0 if self.stopped and status in INTERRUPTED else status


def long_run(build, target, seconds, running):
    """(inputs run, stories of failures)."""
    folder, findings = f"{build}/fuzz/corpus/{target.name}", f"{build}/fuzz/findings/{target.name}"
    os.makedirs(folder, exist_ok=True)
    start, dictionary = seeds.write(target.inputs, f"{build}/fuzz/seeds/{target.inputs}")
    runs, failures, end = 0, [], time.monotonic() + seconds
    while (left := int(end - time.monotonic())) > 0 and len(failures) < FINDINGS_MAX and not running.stopped:
        arguments = [f"-max_total_time={left}", "-reload=0", folder, start] + regressions(target)
        with tempfile.TemporaryFile() as log:
            status = running.run(command(build, target, findings, dictionary, arguments), log)
            log.seek(0)
            text = log.read().decode(errors="replace")
        runs += executed(text)
        if status != 0:
            failures.append(story(text))
    return runs, failures


def digests(build, name, files):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "digests")
        for first in range(0, len(files), 500):
            subprocess.run([f"{build}/fuzz/bin/{name}"] + files[first:first + 500], env=dict(os.environ, FUZZ_DIGESTS=path),
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(path) as file:
            return file.read().splitlines()


def compare_builds(build, files):
    """Tail calls and the plain loop end in the same state. Returns (inputs compared, what is wrong)."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        tail, plain = pool.map(lambda name: digests(build, name, files), ["machine", "machine-plain"])
    wrong = [f"{file}: {a}, {b}" for file, a, b in zip(files, tail, plain) if a != b]
    if not len(tail) == len(plain) == len(files):
        wrong.append(f"{len(files)} inputs, {len(tail)} and {len(plain)} results")
    return len(files), wrong


def machine_files(build):
    folders = [f"{build}/fuzz/corpus/{name}" for name in ("machine", "machine-plain")] + [f"{build}/fuzz/seeds/machine/seeds"]
    return [os.path.join(folder, name) for folder in folders if os.path.isdir(folder) for name in sorted(os.listdir(folder))]


def long_runs(build, targets, seconds, jobs):
    """Target -> (inputs run, stories of failures). In rounds: whenever it is stopped all targets had their turns."""
    rounds = max(1, seconds // ROUND_SECONDS)
    unit = seconds * min(jobs, len(targets)) / sum(target.weight for target in targets) / rounds
    running, results = Running(), {target: (0, []) for target in targets}
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        for _ in range(rounds):
            turns = [(target, pool.submit(long_run, build, target, unit * target.weight, running)) for target in targets]
            for target, turn in turns:
                runs, failures = turn.result()
                results[target] = (results[target][0] + runs, results[target][1] + failures)
                for failure in failures:
                    print(f"{target.name}: {failure}", flush=True)
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--seconds", type=int, default=7200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    targets = [target for target in TARGETS if not options.targets or target.name in options.targets]
    passed = failed = 0
    for target, (runs, failures) in long_runs(options.build, targets, options.seconds, options.jobs).items():
        good = runs > 0 and not failures
        passed, failed = passed + good, failed + (not good)
        print(f"{'ok  ' if good else 'FAIL'} {target.name}: {runs} inputs, {len(failures)} failures")
    if any(target.inputs == "machine" for target in targets):
        count, wrong = compare_builds(options.build, machine_files(options.build))
        passed, failed = passed + (not wrong), failed + bool(wrong)
        print(f"{'FAIL' if wrong else 'ok  '} tail calls against the plain loop: {count} inputs, {len(wrong)} differences")
        print("".join(f"     {line}\n" for line in wrong[:20]), end="")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
