"""Semihosting: every call in every mode answers as QEMU's does; files stay in their folder; runs repeat, however they are run."""
import os
import pty
import subprocess
import tempfile
from suites.tools import PLAIN, QEMU, RVSIM, RVTRACE, expect, expect_equal, run, stats_of

OURS, THEIRS = [RVSIM, "-m", "512M", "--timeout", "60"], QEMU[:-1] + ["-display", "none", "-serial", "stdio"]
ON = "-semihosting-config", "enable=on,target=native,userspace=on"


def program(name, mode="M"):
    return os.path.abspath(f"build/semihosting/{name}-{mode}.elf")


class Folder:
    """Where files are, and what lies beside it."""
    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.temporary.name, "files")
        os.mkdir(self.path)
        self.write("there", "Hello there\n")
        self.write("../outside", "not yours\n")
        return self

    def __exit__(self, *_):
        self.temporary.cleanup()

    def write(self, name, text):
        with open(os.path.join(self.path, name), "w") as file:
            file.write(text)


def lines(out, err):
    """What was printed, sorted: two streams have no order. QEMU's are closed at another time than ours."""
    told = [line for line in err.splitlines() if not line.startswith("rvsim: ")]
    return sorted(out.splitlines() + told)


def calls(mode):
    with Folder() as folder:
        command = THEIRS + [*ON, "-bios", program("calls", mode)]
        theirs = subprocess.run(command, cwd=folder.path, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        with Folder() as again:
            status, out, err = run(OURS + [*ON, "--semihosting-files", again.path, "-bios", program("calls", mode)])
            expect_equal(lines(out, err), lines(theirs.stdout.decode(), theirs.stderr.decode()), "answers")
            expect_equal(sorted(os.listdir(again.path)), sorted(os.listdir(folder.path)), "files that are left")
        expect_equal((theirs.returncode, status, err), (7, 1, "rvsim: the program signalled failure: code 7\n"), "exit status")


def modes():
    """U-mode calls only where it may; elsewhere, and where the marks are not, ebreak traps."""
    for mode in ("M", "S", "U", "VS", "VU"):
        for user in ("off", "on"):
            options = ["-semihosting-config", f"enable=on,userspace={user}", "-bios", program("modes", mode)]
            wanted = "tt\n" if user == "off" and "U" in mode else "ct\n"
            for command in (OURS, THEIRS, [PLAIN, "--quantum", "1", "-smp", "2"], [RVSIM, "--cpu", "cva6"]):
                expect_equal(run(command + options)[:2], (0, wanted), f"{command[0]} in {mode}, userspace={user}")
        for off in ([], ["-semihosting-config", "enable=off"]):
            expect_equal(run(OURS + off + [program("modes", mode)])[:2], (0, "tt\n"), f"{mode}, {off}")


def heard():
    """What it writes is the console's."""
    for options, status in ((["--expect", "^semihosting: a text$"], 0), (["--expect", "^semihosting: letters$", "--expect", "to :tt, app"], 0),
                            (["--fail-on", "semihosting: letters"], 1)):
        expect_equal(run(OURS + ["-semihosting", *options, program("calls")])[0], status, str(options))


def without_a_folder():
    with Folder() as folder:
        command = [os.path.abspath(RVSIM), "-semihosting", program("names")]
        result = subprocess.run(command, cwd=folder.path, input=b"rthere\nwnew\ndthere\nmto\n", capture_output=True, timeout=60, check=False)
        expect_equal((result.returncode, result.stdout), (0, b"-13\n-13\n-13\n-13\n"), "answers")
        expect_equal(os.listdir(folder.path), ["there"], "files")


INSIDE = {"rthere": "+", "r./there": "+", "rsub/../there": "+", "rnothing": "-2", "wnew": "+", "wsub/new": "+", "rlink": "+", "rsub/up": "+",
          "dsub/new": "+", "dnew": "+", "mto": "+", "dto": "+", "dempty": "+"}
OUTSIDE = {"r../outside": "-13", "r/etc/passwd": "-13", "w../outside": "-13", "rout": "-13", "wout": "-13", "rsub/../../outside": "-13",
           "rupdir/outside": "-13", "wupdir/new": "-13", "rabsolute": "-13", "d../outside": "-13", "dupdir/outside": "-13", "m../outside": "-13",
           "mupdir/outside": "-13", "rproc": "-13", "w/tmp/x": "-13", "d..": "-22", "d.": "-22", "dsub/..": "-22", "d": "-22", "r": "-2", "r.": "-21",
           "rsub": "-21", "rfifo": "-13", "wfifo": "-13", "rnull": "-13", "r" + "x" * 300: "-36", "r" + "x/" * 600: "-36", "rthere/x": "-20"}


def names():
    """None leads out of the folder: not up, not from the root, not by links; and what is no file is none."""
    with Folder() as folder:
        os.mkdir(os.path.join(folder.path, "sub"))
        os.mkdir(os.path.join(folder.path, "empty"))
        os.mkfifo(os.path.join(folder.path, "fifo"))
        folder.write("from", "x")
        for name, target in (("link", "there"), ("out", "../outside"), ("updir", ".."), ("absolute", "/etc/passwd"), ("proc", "/proc/self/fd/0"),
                             ("sub/up", "../there"), ("null", "/dev/null")):
            os.symlink(target, os.path.join(folder.path, name))
        asked = list(OUTSIDE.items()) + list(INSIDE.items())
        text = "".join(name + "\n" for name, _ in asked).encode()
        status, out, err = run(OURS + ["-semihosting", "--semihosting-files", folder.path, program("names")], stdin=text)
        got = out.splitlines()
        wrong = [(name[:20], wanted, answer) for (name, wanted), answer in zip(asked, got) if answer != wanted]
        expect_equal((status, wrong, len(got)), (0, [], len(asked)), f"answers: {err}")
        with open(os.path.join(folder.path, "../outside")) as file:
            expect_equal(file.read(), "not yours\n", "the file outside")
        expect_equal(sorted(os.listdir(folder.temporary.name)), ["files", "outside"], "files outside")


def command_lines():
    for options, wanted in ((["-semihosting"], ""), (["-semihosting-config", "arg=a"], "a"), (["-semihosting-config", "enable=on,arg=a b,arg=c,,d"], "a b c,d"),
                            (["-semihosting-config", "enable=on,arg=x", "-semihosting-config", "arg=y"], "x y")):
        out = run(OURS + options + ["-bios", program("calls")])[1]
        expect(f"command line 0\n{wanted} {len(wanted)}\n" in out, f"{options}: {out}")
        if len(options) == 4:
            continue  # QEMU says the first words twice
        theirs = run(THEIRS + options + ["-bios", program("calls")])[1]
        expect(f"command line 0\n{wanted} {len(wanted)}\n" in theirs, f"{options} on QEMU: {theirs}")
    kernel = program("calls")
    for command in (OURS, THEIRS):
        out = run(command + ["-semihosting", "-bios", "none", "-kernel", kernel, "-append", " one  two "])[1]
        expect(f"command line 0\n{kernel} one two " in out, f"{command[0]}: {out}")


def ends():
    """What the program says of its end, by either call; other reasons than an ordinary exit are failures."""
    for words, code in (("24 131110 0", 0), ("24 131110 3", 3), ("32 131110 0", 0), ("32 131110 255", 255), ("24 131111 0", 1), ("32 5 9", 1)):
        options = ["-semihosting-config", "arg=" + words, "-bios", program("exit")]
        expect_equal(run(THEIRS + options)[0], code, f"{words} on QEMU")
        wanted = (1, f"rvsim: the program signalled failure: code {code}\n") if code else (0, "")
        expect_equal(run(OURS + options)[::2], wanted, words)
    # what is refused: commands, and what is no call
    for words in ("18 0 0", "19 1 1"):
        status, _, err = run(OURS + ["-semihosting-config", "arg=" + words, "-bios", program("exit")])
        expect(status == 1, err)
    for words, said in (("18 0 0", "0x12 is refused: programs run no commands of the host"), ("153 0 0", "0x99 is refused: there is no such")):
        status, _, err = run(OURS + ["-semihosting-config", "arg=" + words, "-bios", program("exit")])
        expect_equal((status, err), (1, f"rvsim: semihosting: call {said}\nrvsim: the program signalled failure: code 78\n"), words)


INPUT = b"abcdef\nline\n"
HEARD = "abc|\ngot def\nline\nend\n"


def piped():
    expect_equal(run(OURS + ["-semihosting", program("input")], stdin=INPUT)[:2], (0, HEARD), "a pipe")
    script = "type \"abcdef\\nline\\n\"; continue"
    expect_equal(run(OURS + ["-semihosting", "--debug-cmd", script, program("input")])[1], HEARD, "typed by a script")


def typed():
    """Harts wait for a terminal's keys; what came then, and when, is recorded and comes again."""
    with tempfile.TemporaryDirectory() as folder:
        record = os.path.join(folder, "record")
        stats = [os.path.join(folder, name) for name in ("first", "again")]
        ours, theirs = pty.openpty()
        options = ["-semihosting", "-smp", "2", "--record", record, "--stats", stats[0], program("input")]
        process = subprocess.Popen(OURS + options, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        for text, answer in ((b"ab", b"ab"), (b"c", b"c|\n"), (b"typed", b"got typed"), (b"q", b"got q")):
            os.write(ours, text)
            got = b""
            while len(got) < len(answer) and (byte := process.stdout.read(1)):
                got += byte
            expect_equal(got, answer, "an answer")
        out, err = process.communicate(timeout=60)
        expect_equal((process.returncode, out, err), (0, b"end\n", b""), "the end")
        os.close(ours)
        os.close(theirs)
        replay = ["-semihosting", "-smp", "2", "--replay", record, "--stats", stats[1], program("input")]
        expect_equal(run(OURS + replay)[:2], (0, "abc|\ngot typedgot qend\n"), "again")
        texts = []
        for path in stats:
            with open(path) as file:
                texts.append([line for line in file if "trace_hash" in line])
        expect_equal(texts[0], texts[1], "trace hashes")
        expect_equal(len(texts[0]), 1, "a hash")


def the_same_run():
    """However it is run, and traced."""
    wanted = None
    for binary, options in ((RVSIM, []), (PLAIN, []), (RVSIM, ["--set", "engine.block_ops=1"]), (RVSIM, ["--debug-cmd", "step 2000; continue"]),
                            (PLAIN, ["--trace", "/dev/null", "--quiet"])):
        with Folder() as folder:
            status, out, stats = stats_of([binary, *options, "-semihosting", "--semihosting-files", folder.path, program("calls")])
            got = (status, out, stats["trace_hash"], stats["cycles"], stats["instructions"])
            wanted = wanted or got
            expect_equal(got, wanted, f"{binary} {options}")


def traced():
    """A trace of instructions knows what the call left in a0."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace")
        for binary in (RVSIM, PLAIN):
            status = run([binary, "-semihosting", "--trace", trace + ",events=insn", program("calls")])[0]
            expect_equal(status, 1, "exit status")
            status, out, err = run([RVTRACE, "dump", trace])
            expect(status == 0 and "value=0x3b9aca00" in out, err)
            moved = [line for line in out.splitlines() if "c.mv a1,a0" in line]
            expect(any("value=0x3b9aca00" in line for line in moved), "\n".join(moved[:20]))


def time_is_simulated():
    out = [run(OURS + ["-semihosting", "--set", f"rtc.epoch={epoch}", program("calls")])[1] for epoch in (0, 1600000001)]
    expect(["time 0" in out[0], "time 1" in out[1]] == [True, True], "".join(out))


def refused():
    with Folder() as folder:
        for options, said in ((["--semihosting-files", folder.path], "--semihosting-files needs -semihosting: nothing else would read them"),
                              (["-semihosting", "--semihosting-files", folder.path + "/there"], folder.path + "/there: Not a directory"),
                              (["-semihosting", "--semihosting-files", "/nonexistent"], "/nonexistent: No such file or directory")):
            expect_equal(run([RVSIM, *options, program("calls")]), (2, "", f"rvsim: {said}\n"), str(options))


def cases():
    for mode in ("M", "S", "U", "VS", "VU"):
        yield f"calls-{mode}", lambda mode=mode: calls(mode)
    for function in (modes, heard, without_a_folder, names, command_lines, ends, piped, typed, the_same_run, traced, time_is_simulated, refused):
        yield function.__name__.replace("_", "-"), function
