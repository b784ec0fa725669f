"""A sweep's points as Slurm job arrays. What jobs came to is told by their result files: Slurm's exit status is 0 for jobs that never ran."""
import json
import os
import subprocess
import sys
import time

MOST_IN_ARRAY = 1000 # Slurm's own MaxArraySize is 1001
TRIES = 3            # for points whose jobs ended without a result
SCRIPT = """#!/bin/sh
# Point $1 + the number in the array, of the sweep in $2.
exec {python} {tool} --point "$(($1 + SLURM_ARRAY_TASK_ID))" --results "$2"
"""


class Failed(Exception):
    """Slurm cannot be used; the text is one line."""


def call(*words):
    try:
        result = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"{words[0]}: {getattr(error, 'strerror', None) or 'no answer'}") from None
    if result.returncode:
        raise Failed(f"{words[0]}: {result.stderr.decode(errors='replace').strip().splitlines()[-1:] or ['failed']}")
    return result.stdout.decode()


def ranges(numbers):
    """"0-3,7": as --array has it."""
    text, start = [], None
    for at, number in enumerate(numbers):
        start = number if start is None else start
        if at + 1 == len(numbers) or numbers[at + 1] != number + 1:
            text.append(str(start) if start == number else f"{start}-{number}")
            start = None
    return ",".join(text)


def submit(folder, tool, points, jobs, options):
    """The ids of the arrays."""
    script = folder.name("job.sh")
    with open(script, "w") as file:
        file.write(SCRIPT.format(python=sys.executable, tool=tool))
    os.makedirs(folder.name("slurm"), exist_ok=True)
    ids = []
    for base in sorted({point - point % MOST_IN_ARRAY for point in points}):
        here = [point - base for point in points if base <= point < base + MOST_IN_ARRAY]
        limit = f"%{jobs}" if jobs else ""
        words = ["sbatch", "--parsable", "--requeue", "--open-mode=append", f"--array={ranges(here)}{limit}", "--job-name=rvsim-sweep", "--ntasks=1",
                 "--signal=TERM@30", f"--output={folder.name('slurm', '%A_%a.txt')}", *options, script, str(base), folder.path]
        ids.append(call(*words).strip().split(";")[0])
    return ids


def alive(ids):
    """How many of their jobs wait or run."""
    try:
        answer = json.loads(call("squeue", "--json", "--jobs", ",".join(ids)))
    except Failed as error:
        if "Invalid job id" in str(error):
            return 0
        raise
    over = {"COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY"}
    return sum(job["job_state"] not in over for job in answer.get("jobs", []))


def run(folder, tool, count, jobs, options, show):
    """Until every point has a result, or its jobs have ended without one so often."""
    remembered = folder.read("slurm.json")
    ids = remembered["ids"] if remembered and alive(remembered["ids"]) else None
    for _ in range(TRIES):
        points = folder.missing(count)
        if not points:
            return
        if ids is None:
            ids = submit(folder, tool, points, jobs, options)
            folder.write("slurm.json", {"ids": ids})
        wait = 0.5
        while folder.missing(count) and alive(ids):
            show(count - len(folder.missing(count)))
            time.sleep(wait)
            wait = min(wait * 1.5, 5)
        ids = None
