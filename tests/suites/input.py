"""Host input is deterministic: a pipe by itself, a terminal by its recording."""
import json
import os
import pty
import random
import select
import signal
import subprocess
import tempfile
import time
from suites.tools import FIRMWARE, PLAIN, RVSIM, expect, expect_equal, guest, run

PROGRAMS = ["polled", "interrupts", "htif"]
TEXT = b"the brown fox jumps over the lazy dog, and then it asks for q"
LIMIT = ["--timeout", "60"]
WAITING = "rvsim: waiting for the end of standard input"


def program(name):
    return f"build/input/{name}.elf"


def essence(folder, status, out):
    """What must be the same in a run with the same input."""
    with open(os.path.join(folder, "stats")) as file:
        stats = json.load(file)
    for key in ("host_seconds", "mips"):
        stats.pop(key)
    for key in ("command", "replay", "files"):  # a run and its replay are told apart by these
        stats["config"].pop(key)
    return status, out, stats


def piped(folder, chunks, command, delay=0.0):
    """Standard input is a pipe; its chunks come one after the other."""
    process = subprocess.Popen([command[0], "--stats", os.path.join(folder, "stats"), *LIMIT, *command[1:]],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        for chunk in chunks:
            time.sleep(delay)
            process.stdin.write(chunk)
            process.stdin.flush()
    except BrokenPipeError:
        pass  # the program has ended
    time.sleep(delay)
    out, err = process.communicate(timeout=100)
    told = [line for line in err.decode().splitlines(True) if not line.startswith(WAITING)]  # said on a busy host
    return *essence(folder, process.returncode, out.decode()), "".join(told)


def typed(folder, text, command, seed):
    """Standard input is a terminal, where somebody types at random times."""
    generator = random.Random(seed)
    ours, theirs = pty.openpty()
    process = subprocess.Popen([command[0], "--stats", os.path.join(folder, "stats"), *LIMIT, *command[1:]],
                               stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.close(theirs)
    at = 0
    try:
        while at < len(text):
            count = generator.randint(1, 7)
            time.sleep(generator.choice([0, 0.001, 0.02]))
            os.write(ours, text[at:at + count])
            at += count
            while select.select([ours], [], [], 0)[0]:
                os.read(ours, 1000)  # what is echoed before raw mode
    except OSError:
        pass  # the program has ended
    out, err = process.communicate(timeout=100)
    os.close(ours)
    return *essence(folder, process.returncode, out.decode()), err.decode()


def expect_input_named(folder, text):
    """Statistics tell which input it was."""
    with open(os.path.join(folder, "stats"), encoding="utf-8") as file:
        stats = json.load(file)
    fnv = 0xcbf29ce484222325
    for byte in text:
        fnv = (fnv ^ byte) * 0x100000001b3 % 2**64
    expect_equal((stats["input_bytes"], stats["input_hash"]), (len(text), f"0x{fnv:016x}"), "the input in --stats")


def pipe(name):
    """Late, in pieces, from a file, in another build: all the same."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = piped(folder, [TEXT], [RVSIM, program(name)])
        expect_equal(wanted[:2], (0, TEXT.decode()), wanted[3])
        expect_input_named(folder, TEXT)
        pieces = [TEXT[i:i + 5] for i in range(0, len(TEXT), 5)]
        expect_equal(piped(folder, pieces, [RVSIM, program(name)], 0.01), wanted, "in pieces")
        expect_equal(piped(folder, [TEXT], [RVSIM, program(name)], 0.2), wanted, "late")
        expect_equal(piped(folder, [TEXT], [PLAIN, program(name)]), wanted, "the plain loop")
        path = os.path.join(folder, "text")
        with open(path, "wb") as file:
            file.write(TEXT)
        with open(path, "rb") as file:
            subprocess.run([RVSIM, "--stats", os.path.join(folder, "stats"), *LIMIT, program(name)], stdin=file, timeout=60,
                           stdout=subprocess.DEVNULL, check=True)
        expect_equal(essence(folder, 0, wanted[1]), wanted[:3], "from a file")


def pipe_hypervised():
    """The firmware takes receive interrupts for its guests."""
    command = [RVSIM, "-smp", "2", "--quantum", "1", FIRMWARE, guest("hello"), guest("timer")]
    with tempfile.TemporaryDirectory() as folder:
        wanted = piped(folder, [TEXT], command)
        expect_equal(piped(folder, [TEXT[:9], TEXT[9:]], command, 0.05), wanted, "late")


def who_only_prints():
    """... does not wait for the end of a pipe that stays open."""
    reader, writer = os.pipe()
    try:
        result = subprocess.run([RVSIM, program("prints")], stdin=reader, stdout=subprocess.PIPE, timeout=20)
    finally:
        os.close(reader), os.close(writer)
    expect_equal((result.returncode, result.stdout), (0, b"nothing is asked for\n"), "prints")


def open_pipe():
    """Whoever asks waits for its end, says so, and keeps to --timeout."""
    reader, writer = os.pipe()
    try:
        result = subprocess.run([RVSIM, "--timeout", "2.5", program("polled")], stdin=reader, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, timeout=20)
    finally:
        os.close(reader), os.close(writer)
    expect_equal(result.returncode, 3, "exit status")
    lines = result.stderr.decode().splitlines()
    expect(len(lines) == 2 and "waiting for the end of standard input" in lines[0] and "--timeout" in lines[1], str(lines))


def no_input(name, closed):
    """/dev/null and closed: the guest waits until it may not any more."""
    command = [RVSIM, "--max-cycles", "100000", program(name)]
    if closed:
        command = ["sh", "-c", '"$@" <&-', "sh", *command]
    status, out, _ = run(command)
    wanted = 1 if name == "interrupts" else 3  # it sleeps, and nothing is left that could wake it
    expect_equal((status, out), (wanted, ""), name)


def terminal(name):
    """Two sessions of the same keys differ; the replay of one does not, in any build, on a terminal or not."""
    with tempfile.TemporaryDirectory() as folder:
        recording, again = os.path.join(folder, "recording"), os.path.join(folder, "again")
        for seed in range(3):
            *wanted, err = typed(folder, TEXT, [RVSIM, "--record", recording, program(name)], seed)
            expect_equal(wanted[:2], [0, TEXT.decode()], err)
            replays = {
                "a pipe": lambda: piped(folder, [b"not read"], [RVSIM, "--replay", recording, program(name)]),
                "a terminal": lambda: typed(folder, b"x", [RVSIM, "--replay", recording, program(name)], seed),
                "the plain loop": lambda: piped(folder, [], [PLAIN, "--replay", recording, program(name)]),
            }
            for what, replay in replays.items():
                *got, err = replay()
                expect_equal((got, err), (wanted, ""), what)
            options = ["--set", "engine.block_ops=1", "--replay", recording, "--record", again]
            got = piped(folder, [], [RVSIM, *options, program(name)])
            expect_equal(got[2]["trace_hash"], wanted[2]["trace_hash"], "blocks of one instruction")
            with open(again, "rb") as a, open(recording, "rb") as b:
                expect_equal(a.read(), b.read(), "a recording of the replay")


def recorded_pipe():
    with tempfile.TemporaryDirectory() as folder:
        recording = os.path.join(folder, "recording")
        for name in PROGRAMS:
            wanted = piped(folder, [TEXT], [RVSIM, "--record", recording, program(name)])
            expect_equal(piped(folder, [], [RVSIM, "--replay", recording, program(name)]), wanted, name)
            script = "step 1000\ncontinue\nquit\n"
            status, out, err = run([RVSIM, "--stats", os.path.join(folder, "stats"), "--debug", "--replay", recording,
                                    program(name)], stdin=script.encode())
            got = essence(folder, status, out)
            expect_equal(got[2]["trace_hash"], wanted[2]["trace_hash"], f"under the debugger: {err}")


def another_run():
    """A recording that does not fit is told of, not waited for."""
    with tempfile.TemporaryDirectory() as folder:
        recording = os.path.join(folder, "recording")
        piped(folder, [TEXT], [RVSIM, "--record", recording, program("polled")])
        for other in (["--cpu", "cva6", program("polled")], [program("interrupts")], [program("htif")]):
            status, _, err = run([RVSIM, *LIMIT, "--replay", recording, *other], 60)
            expect_equal(status, 2, err)
            expect(recording in err and "another run" in err and err.count("\n") == 1, err)
        typed(folder, TEXT, [RVSIM, "--record", recording, program("interrupts")], 1)
        for other in (["-smp", "2", "--set", "machine.cycles_per_tick=13", program("interrupts")], [program("polled")]):
            status, _, err = run([RVSIM, *LIMIT, "--replay", recording, *other], 60)
            expect_equal(status, 2, err)
            expect("another run" in err, err)
        # one that asks for nothing
        status, _, err = run([RVSIM, "--replay", recording, program("prints")])
        expect_equal(status, 0, err)
        expect("of the recorded inputs were asked for" in err, err)
        # one that goes on for longer
        run([RVSIM, "--max-cycles", "5000", "--serial", "null", "--record", recording, program("polled")])
        status, _, err = run([RVSIM, "--max-cycles", "9000", "--replay", recording, program("polled")])
        expect_equal(status, 3, err)


def killed():
    """What a killed run has recorded is there, and can be replayed up to where it was."""
    with tempfile.TemporaryDirectory() as folder:
        recording = os.path.join(folder, "recording")
        ours, theirs = pty.openpty()
        process = subprocess.Popen([RVSIM, "--record", recording, program("interrupts")], stdin=theirs, stdout=subprocess.PIPE)
        os.close(theirs)
        os.write(ours, b"abc")
        expect_equal(os.read(process.stdout.fileno(), 1), b"a", "echo")
        deadline = time.monotonic() + 20
        while os.path.getsize(recording) < 16 + 32 + 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        os.close(ours)
        status, out, err = run([RVSIM, "--max-cycles", "2000000000", "--replay", recording, program("interrupts")])
        expect_equal((status, out[:1]), (3, "a"), err)


def bad_files():
    with tempfile.TemporaryDirectory() as folder:
        good = os.path.join(folder, "good")
        run([RVSIM, "--record", good, "--max-insns", "100000", program("polled")], stdin=TEXT)
        content = open(good, "rb").read()
        bad = os.path.join(folder, "bad")

        def refused(options, why, path=bad):
            status, out, err = run([RVSIM, *options, program("polled")])
            expect_equal((status, out, err.count("\n")), (2, "", 1), f"{why}: {err}")
            expect(path in err, f"{why}: {err}")

        refused(["--replay", "/nonexistent/file"], "no such file", "/nonexistent/file")
        refused(["--record", "/nonexistent/file"], "no such folder", "/nonexistent/file")
        refused(["--replay", folder], "a folder", folder)
        for at in range(len(content)):
            with open(bad, "wb") as file:
                file.write(content[:at] + bytes([content[at] ^ 0x41]) + content[at + 1:])
            refused(["--replay", bad], f"byte {at} is damaged")
        ends = [16]
        while ends[-1] < len(content):
            ends.append(ends[-1] + 32 + int.from_bytes(content[ends[-1] + 20:ends[-1] + 24], "little"))
        expect_equal(ends[-1], len(content), "the format")
        for size in range(len(content)):
            if size not in ends:
                with open(bad, "wb") as file:
                    file.write(content[:size])
                refused(["--replay", bad], f"cut at {size}")
        status, _, err = run([RVSIM, "--record", "/dev/full", "--max-insns", "1000", program("polled")])
        expect_equal(status, 2, err)
        expect("/dev/full" in err, err)


def cases():
    for name in PROGRAMS:
        yield f"pipe-{name}", lambda name=name: pipe(name)
        yield f"terminal-{name}", lambda name=name: terminal(name)
        yield f"null-{name}", lambda name=name: no_input(name, False)
        yield f"closed-{name}", lambda name=name: no_input(name, True)
    yield "pipe-hypervised", pipe_hypervised
    yield "recorded-pipe", recorded_pipe
    yield "prints", who_only_prints
    yield "open-pipe", open_pipe
    yield "another-run", another_run
    yield "killed", killed
    yield "bad-files", bad_files
