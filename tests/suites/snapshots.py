"""--save and --load: another process goes on from a snapshot to the end that the first one would have come to."""
import json
import os
import tempfile
from suites.tools import FIRMWARE, PLAIN, RVSIM, expect, expect_equal, guest, run, stats_of

SMP = ["-smp", "4", FIRMWARE, guest("smp")]


def without_host(stats):
    """Statistics of the machine alone: not how they were come by."""
    stats = json.loads(json.dumps(stats))
    for name in ("host_seconds", "mips", "config"):
        stats.pop(name, None)
    for hart in stats["harts"]:
        hart.pop("engine", None)
    return stats


def goes_on(*options):
    """Statistics, hash and console of two parts are those of the whole; with the other build of the engine, too."""
    with tempfile.TemporaryDirectory() as folder:
        state, numbers = os.path.join(folder, "state"), os.path.join(folder, "numbers")
        _, whole, stats = stats_of([RVSIM, *options, *SMP])
        status, first, err = run([RVSIM, *options, "--max-cycles", "900000", "--stats", numbers, "--save", state, *SMP], 120)
        expect_equal(status, 3, f"exit status of the first part: {err}")
        for binary in (RVSIM, PLAIN):
            status, second, err = run([binary, *options, "--stats", numbers, "--load", state, *SMP], 240)
            expect_equal(status, 0, f"exit status of the second part: {err}")
            with open(numbers) as file:
                expect_equal(without_host(json.load(file)), without_host(stats), f"statistics with {binary} {options}")
            whole_text = whole.decode() if isinstance(whole, bytes) else whole
            expect_equal(first + second, whole_text, "console")


def in_many_parts():
    """Saved and loaded again and again, at other places each time."""
    _, _, stats = stats_of([RVSIM, "--cpu", "cva6", *SMP])
    with tempfile.TemporaryDirectory() as folder:
        state = [os.path.join(folder, name) for name in ("a", "b")]
        numbers = os.path.join(folder, "numbers")
        load = []
        for part in range(12):
            limit = ["--max-cycles", str(100000 + part * 123457)] if part < 6 else ["--max-insns", str(5000000 * (part - 5) + 7)]
            status, _, err = run([RVSIM, "--cpu", "cva6", *load, *limit, "--save", state[part % 2], *SMP], 120)
            if status != 3:
                break
            load = ["--load", state[part % 2]]
        run([RVSIM, "--cpu", "cva6", *load, "--stats", numbers, *SMP], 240)
        with open(numbers) as file:
            expect_equal(json.load(file)["trace_hash"], stats["trace_hash"], "hash")


def where_it_stops():
    """What was expected has come; the debugger's user left; the guest was asked to quit: all can go on. A machine that has ended cannot."""
    with tempfile.TemporaryDirectory() as folder:
        state = os.path.join(folder, "state")
        _, whole, _ = run([RVSIM, *SMP], 120)
        status, first, _ = run([RVSIM, "--expect", "none twice", "--save", state, *SMP], 120)
        expect_equal(status, 0, "exit status with --expect")
        status, second, err = run([RVSIM, "--expect", "smp: pass", "--load", state, *SMP], 120)
        expect_equal(status, 0, f"exit status with another --expect: {err}")
        expect((first + second) in whole, f"{first + second!r} of {whole!r}")
        status, _, err = run([RVSIM, "--fail-on", "none twice", "--load", state, *SMP], 120)
        expect_equal((status, err), (0, ""), "what was written before the snapshot is no match")
        status, _, err = run([RVSIM, "--debug-cmd", "continue 1000000\nquit", "--save", state, *SMP], 120)
        expect_equal(status, 0, f"exit status of a debugger's user who leaves: {err}")
        status, _, err = run([RVSIM, "--debug-cmd", "info harts\ncontinue", "--load", state, *SMP], 120)
        expect(status == 0 and " retired 0 " not in err, f"a debugger's user who comes back: {err}")
        status, _, err = run([RVSIM, "--save", state, *SMP], 120)
        expect_equal((status, err), (2, f"rvsim: --save {state}: the machine has come to its end: there is nothing to go on from\n"), "at the end")
        os.remove(state)
        expect_equal(run([RVSIM, "--save-unfinished", state, *SMP], 120), (0, whole, ""), "at the end, of a run that needs no snapshot then")
        expect(not os.path.exists(state), "a snapshot of an end")
        expect_equal(run([RVSIM, "--max-insns", "100000", "--save-unfinished", state, *SMP], 120)[0], 3, "a limit")
        expect_equal(run([RVSIM, "--load", state, *SMP], 120)[:2], (0, whole), "and on from there")


def refused():
    """What does not fit, is damaged or is none: one line, and 2."""
    with tempfile.TemporaryDirectory() as folder:
        state, disk, bad = (os.path.join(folder, name) for name in ("state", "disk", "bad"))
        with open(disk, "wb") as file:
            file.write(bytes(65536))
        drive = ["-drive", f"file={disk},format=raw,if=none,id=d", "-device", "virtio-blk-device,drive=d"]
        run([RVSIM, *drive, "--max-cycles", "300000", "--save", state, *SMP], 120)
        for options, said in ((["--load", state, *SMP], "another number of disks"), (["--load", state, *drive, *SMP, "-smp", "2"], "another configuration"),
                              (["--load", state, *drive, FIRMWARE, guest("hello")], "another configuration"), (["--load", FIRMWARE, *SMP], "is no snapshot"),
                              (["--load", disk, *SMP], "is no snapshot"), (["--load", "/nonexistent", *SMP], "/nonexistent: No such file"),
                              (["--load", state, "--check", "percpu", *drive, *SMP], "--check in one of the two runs only"), (["--load", state, "--save", state, *SMP], state)):
            status, _, err = run([RVSIM, *options], 60)
            expect(status == 2 and said in err and err.count("\n") == 1, f"{options}: {status} {err!r}")
        with open(state, "rb") as file:
            good = file.read()
        for at in list(range(0, 48)) + list(range(48, len(good), 997)):
            with open(bad, "wb") as file:
                file.write(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1:])
            status, _, err = run([RVSIM, "--load", bad, "--max-cycles", "1", *drive, *SMP], 60)
            expect(status == 2 and err.count("\n") == 1, f"byte {at} of {len(good)} changed: {status} {err!r}")
        with open(bad, "wb") as file:
            file.write(good[:-1])
        expect_equal(run([RVSIM, "--load", bad, *drive, *SMP], 60)[0], 2, "cut short")
        with open(disk, "r+b") as file:
            file.write(b"x")
        status, _, err = run([RVSIM, "--load", state, *drive, *SMP], 60)
        expect(status == 2 and "a disk holds something else than when the snapshot was made" in err, f"{status} {err}")


def cases():
    for options in ([], ["--cpu", "cva6"], ["--cpu", "rocket", "--check", "percpu,worldswitch,isolation"], ["--quantum", "1"]):
        yield "goes-on" + "-".join(["", *options]).replace("--", "").replace(",", "-"), lambda options=options: goes_on(*options)
    yield "many-parts", in_many_parts
    yield "where-it-stops", where_it_stops
    yield "refused", refused
