"""One point of a sweep: its run, in slices, with a snapshot between them. Whoever is killed in one goes on from the last."""
import json
import os
import signal
import subprocess
import sys

from rvsimlib import pool, spec

TIME_IS_UP = "rvsim: --timeout reached"


def command_of(sweep, number, work, snapshot):
    point = spec.points_of(sweep["over"])[number]
    words = [sweep["rvsim"], "--stats", os.path.join(work, "stats.json"), "--save-unfinished", os.path.join(work, "snapshot.new"), "--timeout", str(sweep["slice"])]
    if os.path.exists(snapshot):
        words += ["--load", snapshot]
    return words + spec.options_of(sweep["over"], point) + sweep["arguments"]


def run_slice(sweep, command, work):
    """(status, messages). A signal that asks this process to end is passed on, and the simulator saves where it is."""
    with open(os.path.join(work, "console.txt"), "ab") as console, open(os.path.join(work, "messages.txt"), "wb") as messages:
        process = subprocess.Popen(command, cwd=sweep["cwd"], stdin=subprocess.DEVNULL, stdout=console, stderr=messages, preexec_fn=pool.die_with(os.getpid()))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: process.send_signal(number))
        status = process.wait()
    with open(os.path.join(work, "messages.txt"), errors="replace") as file:
        return status if status >= 0 else 128 - status, file.read()


def keep_snapshot(work, snapshot):
    if os.path.exists(os.path.join(work, "snapshot.new")):
        os.replace(os.path.join(work, "snapshot.new"), snapshot)


def numbers_of(sweep, work):
    try:
        with open(os.path.join(work, "stats.json")) as file:
            stats = json.load(file)
        return {"numbers": [spec.measure(stats, text) for text in sweep["measures"]], "hash": stats["trace_hash"]}
    except (OSError, ValueError, KeyError):
        return {"numbers": [None] * len(sweep["measures"]), "hash": None}


def run(folder, number):
    """To its result; the exit status: 0, or 128 + the signal that asked to end before."""
    sweep = folder.read("sweep.json")
    if sweep is None or not 0 <= number < len(spec.points_of(sweep["over"])):
        print(f"rvsim-sweep: {folder.path}: there is no point {number}", file=sys.stderr)
        return 2
    if folder.result(number) is not None:
        return 0
    work = folder.name("work", str(number))
    snapshot = os.path.join(work, "snapshot")
    os.makedirs(work, exist_ok=True)
    slices = 0
    while True:
        loaded = os.path.exists(snapshot)
        status, messages = run_slice(sweep, command_of(sweep, number, work, snapshot), work)
        slices += 1
        if status == 3 and TIME_IS_UP in messages:
            keep_snapshot(work, snapshot)
        elif status in (128 + signal.SIGTERM, 128 + signal.SIGINT):
            keep_snapshot(work, snapshot)
            return status
        elif status == 2 and loaded:
            os.remove(snapshot)  # of another simulator or program: from the beginning
        else:
            break
    finish(folder, number, work, {"status": status, "slices": slices, **numbers_of(sweep, work)}, messages)
    return 0


def finish(folder, number, work, result, messages):
    if result["status"]:
        result["messages"] = messages[-2000:]
    folder.write(f"points/{number}.json", result)
    for name in os.listdir(work):
        if not result["status"] or name.startswith("snapshot"):
            os.remove(os.path.join(work, name))
    if not os.listdir(work):
        os.rmdir(work)
