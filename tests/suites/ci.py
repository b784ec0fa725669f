"""A run that nobody watches does not lie: its status, its last words and its files are what happened; and a terminal that
somebody sits at is his again afterwards."""
import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import tempfile
import termios
import time
from suites.tools import FIRMWARE, RVSIM, RVTRACE, expect, expect_equal, guest, run


def program(name):
    return f"build/input/{name}.elf"


# Options, program, exit status, what stderr holds.
WATCHED = [
    (["--expect", "PASS"], "last_line", 0, []),
    (["--expect", "^PASS 7$"], "last_line", 0, []),
    (["--expect", "^build root$", "--expect", "PASS"], "last_line", 0, []),
    (["--expect", "PASS", "--expect", "^build root$"], "last_line", 0, []),
    (["--expect", "PASS", "--expect", "never", "--expect", "nor this"], "last_line", 1, ["'never'", "'nor this'"]),
    (["--expect", "login:"], "prompt", 0, []),
    (["--expect", "^ready$", "--expect", "login: "], "prompt", 0, []),
    (["--expect", "login: $", "--max-insns", "1000000"], "prompt", 0, []),
    (["--expect", "login:$", "--max-insns", "1000000"], "prompt", 3, ["--max-insns", "'login:$'"]),
    (["--fail-on", "PASS"], "last_line", 1, ["'PASS'", "PASS 7"[:4]]),
    (["--fail-on", "PASS 7$"], "last_line", 1, ["'PASS 7$'"]),
    (["--fail-on", "never", "--fail-on", "root", "--expect", "build"], "last_line", 1, ["'root'", "build root"]),
    (["--fail-on", "never", "--expect", "PASS"], "last_line", 0, []),
    (["--fail-on", "login"], "prompt", 1, ["'login'"]),
    (["--fail-on", "login: $", "--max-cycles", "1000000"], "prompt", 1, ["'login: $'"]),
    (["-serial", "null", "--expect", "PASS"], "last_line", 0, []),
]


def watched(options, name, wanted, texts):
    status, _, err = run([RVSIM, *options, program(name)], 30)
    expect_equal(status, wanted, err)
    for text in texts:
        expect(text in err, f"no {text!r} in {err}")
    expect(texts or not err, err)


def fails_at_once():
    """What comes after the match is not run."""
    status, out, _ = run([RVSIM, "--fail-on", "bui", program("last_line")])
    expect_equal((status, out.endswith("bui")), (1, True), out)


def shown_as_written():
    """SIGKILL leaves no time for last words: they must be out."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        for options in ([], ["--serial", "file:" + path], ["--debug-cmd", "continue"], ["--debug"]):
            with open(path, "wb") as out:
                process = subprocess.Popen([RVSIM, *options, program("prompt")], stdin=subprocess.PIPE,
                                           stdout=subprocess.DEVNULL if "--serial" in options else out, stderr=subprocess.DEVNULL)
            if options == ["--debug"]:
                process.stdin.write(b"continue\n")
                process.stdin.flush()
            deadline = time.monotonic() + 20
            while not open(path, "rb").read().endswith(b"login: ") and time.monotonic() < deadline:
                time.sleep(0.02)
            process.kill()
            process.communicate()
            expect(open(path, "rb").read().endswith(b"login: "), f"{options}: {open(path, 'rb').read()}")


def shown_before_the_debugger_speaks():
    both = subprocess.run([RVSIM, "--debug-cmd", "continue 100000; print 7", program("prompt")], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
    expect(both.stdout.index(b"login: ") < both.stdout.index(b"cycle"), both.stdout)


def attempts():
    """--max-insns counts what is tried; so it ends what only traps, and says what goes on there."""
    for options in ([], ["-smp", "5"], ["--quantum", "1", "-smp", "3"], ["--cpu", "cva6"], ["--cpu", "rocket", "-smp", "2"]):
        for limit in ("500", "200000"):
            status, _, err = run([RVSIM, *options, "--max-insns", limit, program("traps")], 60)
            expect_equal((status, err), (3, "rvsim: --max-insns reached: every instruction traps at 0x0 (mtvec 0)\n"), options)
    status, _, err = run([RVSIM, "--max-insns", "100000", program("prompt")])
    expect_equal((status, err), (3, "rvsim: --max-insns reached\n"), "what goes round and round")


def timeout():
    """... holds whatever the harts do."""
    for options in ([], ["-smp", "64"], ["-smp", "64", "--quantum", "1"], ["--quantum", "4294967296"], ["--cpu", "u74", "-smp", "8"]):
        for name in ("traps", "sleeps", "prompt"):
            for debug in ([], ["--debug-cmd", "continue"], ["--debug-cmd", "catch tp; continue"]):
                start = time.monotonic()
                status, _, err = run([RVSIM, *options, *debug, "--timeout", "0.2", program(name)], 60)
                expect_equal(status, 3, f"{options} {debug} {name}: {err}")
                expect("--timeout reached" in err, err)
                expect(time.monotonic() - start < 8, f"{options} {debug} {name}: {time.monotonic() - start} s")


def timeout_of_a_script_that_does_not_come():
    reader, writer = os.pipe()
    for command in (["--debug"], ["--debug-cmd", f"source /dev/fd/{reader}"]):
        status = subprocess.run([RVSIM, *command, "--timeout", "0.5", program("prompt")], stdin=reader, timeout=30, pass_fds=[reader],
                                stderr=subprocess.PIPE)
        expect_equal((status.returncode, status.stderr), (3, b"rvsim: --timeout reached\n"), command)
    os.close(reader), os.close(writer)


SIGNALS = [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM]


def wait_for(stream, text, process):
    got = b""
    while text not in got:
        ready = select.select([stream], [], [], 30)[0]
        more = os.read(stream, 65536) if ready else b""
        expect(more, f"{text!r} does not come; {got!r}; {process.poll()}")
        got += more
    return got


def ended_by(number, options, name):
    """128+n, one line, statistics and trace whole."""
    with tempfile.TemporaryDirectory() as folder:
        stats, trace = os.path.join(folder, "stats"), os.path.join(folder, "trace")
        process = subprocess.Popen([RVSIM, "--stats", stats, "--trace", trace, *options, program(name)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if "--debug" in options:
            process.stdin.write(b"continue\n")
            process.stdin.flush()
        if name == "prompt":
            wait_for(process.stdout.fileno(), b"login: ", process)
        else:
            time.sleep(0.4)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        what = f"{number} {options} {name}: {err}"
        expect_equal(process.returncode, 128 + number, what)
        words = [line for line in err.decode().splitlines() if line.startswith("rvsim: ") and "waiting" not in line]
        expect(len(words) == 1 and f"ended by {number.name}" in words[0], what)
        expect("debug" in str(options) or len(err.splitlines()) == len(words), what)
        expect("trace_hash" in json.load(open(stats)), what)
        expect_equal(run([RVTRACE, "stat", trace])[0], 0, what)


def signals():
    for number in SIGNALS:
        ended_by(number, [], "prompt")
    ended_by(signal.SIGTERM, ["--debug"], "prompt")
    ended_by(signal.SIGINT, ["--debug-cmd", "catch tp; continue"], "prompt")
    ended_by(signal.SIGTERM, ["-smp", "4", "--quantum", "1"], "sleeps")
    ended_by(signal.SIGINT, ["--expect", "x"], "traps")
    ended_by(signal.SIGTERM, [], "polled")  # which waits for the end of standard input


def ignored_signals():
    """nohup's wish is respected."""
    process = subprocess.Popen(["nohup", RVSIM, program("prompt")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(process.stdout.fileno(), b"login: ", process)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    expect_equal(process.poll(), None, "alive")
    process.terminate()
    process.communicate(timeout=30)
    expect_equal(process.returncode, 143, "SIGTERM")


def nobody_reads():
    """A pipe that is full, and stays so: limits and signals hold; one that is closed ends the run."""
    chatter = [FIRMWARE, guest("smp")]
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"x" * 4096)
    status = subprocess.run([RVSIM, "--timeout", "0.5", program("prompt")], stdin=subprocess.DEVNULL, stdout=writer, timeout=30,
                            stderr=subprocess.PIPE)
    expect_equal(status.returncode, 2, f"output that is lost: {status.stderr}")
    process = subprocess.Popen([RVSIM, *chatter], stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE)
    time.sleep(0.5)
    process.terminate()
    process.communicate(timeout=30)
    expect_equal(process.returncode, 143, "a full pipe")
    os.close(reader)
    with tempfile.TemporaryDirectory() as folder:
        stats = os.path.join(folder, "stats")
        status = subprocess.run([RVSIM, "--stats", stats, *chatter], stdin=subprocess.DEVNULL, stdout=writer, timeout=30,
                                stderr=subprocess.PIPE)
        expect_equal(status.returncode, 128 + signal.SIGPIPE, f"a closed pipe: {status.stderr}")
        expect("trace_hash" in json.load(open(stats)), "statistics")
        # what a UART is connected to that is not the console
        fifo = os.path.join(folder, "fifo")
        os.mkfifo(fifo)
        both = os.open(fifo, os.O_RDWR)
        fcntl.fcntl(both, fcntl.F_SETPIPE_SZ, 4096)
        os.write(both, b"x" * 4096)
        aside = ["-serial", "file:" + fifo, "-chardev", "stdio,id=c", "-device", "virtio-serial-device", "-device", "virtconsole,chardev=c"]
        expect_equal(run([RVSIM, "--timeout", "0.5", *aside, program("prompt")], 30)[0], 2, "output that is lost")
        os.close(both)
    os.close(writer)


def assemble(folder, text, base="0x80000000"):
    """A program of RV64I that begins at `base`."""
    source, elf = os.path.join(folder, "sig.S"), os.path.join(folder, "sig.elf")
    with open(source, "w") as file:
        file.write(text)
    status, _, err = run(["riscv64-unknown-elf-gcc", "-march=rv64i", "-mabi=lp64", "-nostdlib", "-static", "-Wl,-N,--build-id=none",
                          "-Wl,--no-warn-rwx-segments", f"-Ttext={base}", source, "-o", elf])
    expect_equal(status, 0, err)
    return elf


def signature_elf(folder, words=".word 1, 2", base="0x80000000"):
    """A program with a signature: the symbols stand in it."""
    return assemble(folder, f"""	.globl _start, begin_signature, end_signature
_start:	li t0, 0x100000
	li t1, 0x5555
	sw t1, 0(t0)
	j .
	.balign 16
begin_signature: {words}
end_signature: .word 0xffffffff
""", base)


def kernel_alone():
    """Without firmware a kernel is entered where its ELF says, wherever in memory that is."""
    with tempfile.TemporaryDirectory() as folder:
        for base in ("0x80000000", "0x80200000", "0x80001000"):
            status, _, err = run([RVSIM, "-M", "virt", "-bios", "none", "--max-insns", "10000", "-kernel", signature_elf(folder, base=base)])
            expect_equal((status, err), (0, ""), f"a kernel at {base}")


def tohost_alone():
    """A program with tohost and no fromhost, as riscv-tests have it: a command is taken from there, and 0 is what then stands there."""
    with tempfile.TemporaryDirectory() as folder:
        elf = assemble(folder, """	.globl _start, tohost
_start:	la t0, tohost
	li t1, 0x0101000000000041
	sd t1, 0(t0)
	li t2, 1000
1:	ld t3, 0(t0)
	addi t2, t2, -1
	beqz t2, 2f
	bnez t3, 1b
2:	li t1, 1
	beqz t3, 3f
	li t1, 7
3:	sd t1, 0(t0)
	j .
	.balign 64
tohost: .dword 0
""")
        expect_equal(run([RVSIM, "--max-insns", "10000", elf])[:2], (0, "A"), "a character by way of tohost")
        # the answer to who asks for a character has nowhere to go, also when it comes later
        elf = assemble(folder, """	.globl _start, tohost
_start:	la t0, tohost
	li t1, 0x0100000000000000
	sd t1, 0(t0)
	li t2, 1000000
1:	ld t3, 0(t0)
	bnez t3, 2f
	addi t2, t2, -1
	bnez t2, 1b
	li t1, 1
	sd t1, 0(t0)
	j .
2:	li t1, 7
	sd t1, 0(t0)
	j .
	.balign 64
tohost: .dword 0
""")
        terminal = Terminal(["--debug-cmd", 'continue 5000; type "x"; continue', elf])
        terminal.end(0, "a character that comes later")


OUTPUTS = ["--trace", "--stats", "--signature", "--record", "-dump-dtb", "-serial"]


def named(option, path):
    return [option, "file:" + path if option == "-serial" else path]


def bad_outputs():
    """One line, exit status 2, and nothing has been touched; also nothing is left behind."""
    with tempfile.TemporaryDirectory() as folder:
        elf = signature_elf(folder)
        good, firmware, guest_file, locked = (os.path.join(folder, name) for name in ("good", "firmware", "guest", "locked"))
        for path, content in ((good, b"precious"), (firmware, open(elf, "rb").read()), (guest_file, open(guest("hello"), "rb").read())):
            with open(path, "wb") as file:
                file.write(content)
        os.symlink(firmware, os.path.join(folder, "link"))
        os.mkdir(locked)

        def state():
            return sorted((name, os.path.isfile(os.path.join(folder, name)) and open(os.path.join(folder, name), "rb").read())
                          for name in os.listdir(folder))

        before = state()

        def refused(words, why):
            status, out, err = run([RVSIM, *words])
            expect_equal((status, out, err.count("\n"), err[:7]), (2, "", 1, "rvsim: "), f"{why}: {words}: {err}")
            expect(state() == before, f"{why}: {words}: files have changed")

        for option in OUTPUTS:
            for path in ("/nonexistent/x", folder, os.path.join(folder, "no", "x"), os.path.join(good, "x"), "/proc/x"):
                refused([*named(option, path), elf], "a path that cannot be")
            refused([*named(option, firmware), firmware], "the firmware")
            refused([*named(option, os.path.join(folder, "link")), firmware], "the firmware by another name")
            refused([*named(option, guest_file), elf, guest_file], "a guest")
            refused([*named(option, good), elf, guest_file + ",initrd=" + good], "an initrd")
            refused([*named(option, firmware), elf], "a program")
            refused([option, firmware, guest_file], "a name that was forgotten")
            refused([*named(option, good), "/nonexistent"], "no such firmware")
            refused([*named(option, good), "--no-such-option", elf], "a bad command line")
            refused([*named(option, good), "--expect", "(", elf] if option != "-dump-dtb" else ["--expect", elf, "-S", "-S"], "a bad pattern")
            refused([*named(option, good), "--replay", good, elf], "a replay that is none, and is to be overwritten")
            for other in OUTPUTS:
                if other != option:
                    refused([*named(option, good), *named(other, os.path.join(folder, ".", "good")), elf], "one file twice")
                    refused([*named(option, os.path.join(folder, "new")), *named(other, folder + "/./new"), elf], "one new file twice")
                    refused([*named(option, os.path.join(folder, "new")), *named(other, "/nonexistent/x"), elf], "the second one")
        refused(["--trace", good, "--signature", os.path.join(folder, "s"), program("prints")], "no signature")
        refused(["--trace", "--stats", "x", elf], "an option for a name")
        refused(["--stats", "-nographic", elf], "an option for a name")
        refused(["--trace", "-", elf], "standard output is the console's")
        refused(["--record", "-", elf], "standard output is the console's")
        refused(["--stats", "-", "--signature", "-", elf], "standard output twice")
        refused(["--check", "percpu", "--trace", good, elf], "a check that cannot be")
        refused(["--cpu", "cva6", "--timing", "from=nowhere", "--trace", good, elf], "a symbol that is none")
        with open(os.path.join(folder, "redirected"), "wb") as out:
            status = subprocess.run([RVSIM, "--stats", out.name, elf], stdout=out, stderr=subprocess.PIPE, timeout=30)
        expect_equal(status.returncode, 2, f"standard output's own file: {status.stderr}")


def signature():
    """Words of four bytes, the last one filled up with zeros: what lies behind the end is none of it."""
    with tempfile.TemporaryDirectory() as folder:
        for words, wanted in ((".word 1, 2, 0x80000003, 4", "00000001\n00000002\n80000003\n00000004\n"), (".word 5\n.byte 6", "00000005\n00000006\n"),
                              (".byte 1, 2, 3", "00030201\n"), ("", "")):
            status, out, err = run([RVSIM, "--signature", "-", signature_elf(folder, words)])
            expect_equal((status, out), (0, wanted), f"--signature of {words!r}: {err}")


def good_outputs():
    with tempfile.TemporaryDirectory() as folder:
        elf = signature_elf(folder)
        status, out, err = run([RVSIM, "--signature", "-", elf])
        expect_equal((status, out, err), (0, "00000001\n00000002\n", ""), "--signature -")
        status, out, err = run([RVSIM, "--stats", "-", "-serial", "null", program("prints")])
        expect_equal((status, "trace_hash" in json.loads(out)), (0, True), err)
        status, out, err = run([RVSIM, "--stats", "-", program("prints")])
        expect_equal((status, out[:out.index("{")]), (0, "nothing is asked for\n"), "the console comes first")
        tree = subprocess.run([RVSIM, "-dump-dtb", "-"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=30).stdout
        expect_equal(tree[:4], b"\xd0\x0d\xfe\xed", "-dump-dtb -")
        path, trace = os.path.join(folder, "tree"), os.path.join(folder, "trace")
        for _ in range(2):  # the second time it is there
            expect_equal(run([RVSIM, "-dump-dtb", path])[0], 0, "-dump-dtb")
            expect_equal(run([RVSIM, "--trace", trace, "-serial", "null", elf])[0], 0, "--trace")
        status = subprocess.run([RVSIM, "--trace", "-", "-serial", "null", elf], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=30)
        expect_equal(status.stdout, open(trace, "rb").read(), "--trace -")
        fifo = os.path.join(folder, "fifo")
        os.mkfifo(fifo)
        reader = subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE)
        expect_equal(run([RVSIM, "--stats", fifo, elf])[0], 0, "a named pipe")
        expect("trace_hash" in json.loads(reader.communicate(timeout=30)[0]), "what came through the pipe")
        for option in ("--stats", "--trace", "--signature"):
            status, _, err = run([RVSIM, option, "/dev/full", elf])
            expect_equal((status, err.count("\n"), "/dev/full" in err), (2, 1, True), err)
        status, _, err = run([RVSIM, "--record", "/dev/full", program("polled")], stdin=b"text, then q")
        expect_equal((status, err.count("\n"), "/dev/full: the recording could not be written" in err), (2, 1, True), err)
        with open("/dev/full", "wb") as full:
            status = subprocess.run([RVSIM, program("prints")], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=30)
        expect_equal((status.returncode, status.stderr.count(b"\n")), (2, 1), status.stderr)
        # closed streams: no file takes their place
        closed = subprocess.run(["sh", "-c", '"$@" >&- 2>&- <&-', "sh", RVSIM, "--trace", trace, elf], timeout=30)
        expect_equal((closed.returncode, run([RVTRACE, "stat", trace])[0]), (0, 0), "closed streams")


def trace_on_keeps_programs():
    with tempfile.TemporaryDirectory() as folder:
        elf = signature_elf(folder)
        before = open(elf, "rb").read()
        status, _, err = run([RVSIM, "--debug-cmd", f"-trace on {elf}; trace on /nonexistent/x", elf])
        expect_equal((status, err.count("\n"), open(elf, "rb").read() == before), (6, 2, True), err)


# Commands, exit status.
SCRIPTS = [
    ("continue", 0), ("", 0), ("quit", 0), ("# a comment", 0), ("bogus", 6), ("bogus\ncontinue", 6), ("continue\nbogus", 6), ("print 1/0", 6),
    ("assert 1", 0), ("assert 0", 6), ("assert $pc == 0x1000", 0), ("assert $pc == 0x1001", 6), ("assert", 6), ("assert nosuch", 6),
    ("expect root", 0), ("expect ^build root$\nexpect PASS\ncontinue", 0), ("expect PASS\nexpect root", 6), ("expect root\nexpect root", 6),
    ("expect never", 6), ("expect PASS 7$", 0), ("expect (", 6), ("expect", 6), ("step 0", 6), ("source /nonexistent", 6), ("x 0x10", 6),
    ("continue\ncontinue", 6), ("break _start\nexpect root", 6), ("break _start\ncontinue\ndelete\nexpect root\nquit", 0), ("type x", 6),
    ("type \"x\\q\"", 6), ("type \"\\x41\\n\"", 0), ("break _start if $nosuch\ncontinue", 6), ("trace on", 6), ("continue 10\nquit", 0),
]


def scripts():
    """--debug from a pipe and --debug-cmd, text or file: 6 if a command failed, else the machine's own."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "script")
        for script, wanted in SCRIPTS:
            with open(path, "w") as file:
                file.write(script)
            ways = [(["--debug"], script.encode()), (["--debug-cmd", path], None)]
            if script:
                ways += [(["--debug-cmd", script.replace("\n", ";")], None), (["--debug-cmd", "source " + path], None)]
            for options, stdin in ways:
                status, _, err = run([RVSIM, *options, program("last_line")], 30, stdin)
                expect_equal(status, wanted, f"{options} {script!r}: {err}")
    for options, wanted in ((["--max-insns", "50"], 3), (["--expect", "never"], 1), (["--fail-on", "PASS"], 1), (["--expect", "PASS"], 0)):
        status, _, err = run([RVSIM, *options, "--debug-cmd", "continue", program("last_line")], 30)
        expect_equal(status, wanted, f"{options}: {err}")
    status, _, err = run([RVSIM, "--expect", "PASS", "--debug-cmd", "continue 20; quit", program("last_line")], 30)
    expect_equal(status, 1, f"left before --expect could match: {err}")


def typed_by_a_script():
    script = 'type "a\\x03q"; expect ^03$; expect ^71$; continue'
    status, out, err = run([RVSIM, "--debug-cmd", script, program("keys")])
    expect_equal((status, out), (0, "ready\n61\n03\n71\n"), err)


# ---- terminals ----

class Terminal:
    """rvsim at a terminal of its own session, as a shell would start it."""

    def __init__(self, words, unusual=False):
        self.ours, theirs = pty.openpty()
        self.slave = theirs
        if unusual:
            settings = termios.tcgetattr(theirs)
            settings[0] &= ~termios.IXON
            settings[3] &= ~termios.ECHO
            termios.tcsetattr(theirs, termios.TCSANOW, settings)
        self.before = termios.tcgetattr(theirs)
        self.process = subprocess.Popen([RVSIM, "--timeout", "60", *words], stdin=theirs, stdout=theirs, stderr=theirs,
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.text = b""

    def read(self, timeout=30):
        if not select.select([self.ours], [], [], timeout)[0]:
            return False
        self.text += os.read(self.ours, 65536)
        return True

    def wait(self, text):
        """Up to this text, which is used up."""
        while text not in self.text:
            expect(self.read(), f"{text!r} does not come: {self.text!r}")
        before, _, self.text = self.text.partition(text)
        return before

    def type(self, text):
        os.write(self.ours, text)

    def settings(self):
        return termios.tcgetattr(self.slave)

    def wait_for_settings(self, wanted):
        deadline = time.monotonic() + 20
        while not wanted(self.settings()): # readline has some of its own, and takes them back at the line's end
            expect(time.monotonic() < deadline, "the terminal's settings")
            time.sleep(0.01)

    def end(self, status, what):
        deadline = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read(0.05)
        while self.read(0):
            pass
        after = self.settings()
        os.close(self.ours), os.close(self.slave)
        expect_equal(self.process.wait(10), status, f"{what}: {self.text!r}")
        expect(after == self.before, f"{what}: the terminal is not as it was: {after}")


def is_raw(settings):
    return not settings[3] & (termios.ICANON | termios.ECHO)


def keys_reach_the_guest():
    """-nographic: ^C, ^Z, ^\\, ^S, ^Q, CR and ctrl-A ctrl-A; a break; all but rvsim's own keys."""
    terminal = Terminal(["-nographic", "-bios", program("keys")])
    terminal.wait(b"ready")
    terminal.type(b"\x03\x1a\x1c\x13\x11\r\n\x01\x01\x01b\x01z\x7f\x04q")
    terminal.wait(b"71\r\n")
    terminal.end(0, "keys")
    with tempfile.TemporaryDirectory() as folder:
        recording = os.path.join(folder, "recording")
        terminal = Terminal(["-nographic", "--record", recording, program("keys")])
        terminal.wait(b"ready")
        terminal.type(b"\x03\x1a\x1c\x13\x11\r\n\x01\x01\x01b\x01z\x7f\x04q")
        seen = terminal.wait(b"71\r\n").decode().split()
        expect_equal(seen, ["03", "1a", "1c", "13", "11", "0d", "0a", "01", "BR", "7f", "04"], "keys")
        terminal.end(0, "recorded")
        status, out, err = run([RVSIM, "--replay", recording, program("keys")])
        expect_equal((status, out.split()[1:-1]), (0, seen), err)


def ways_out():
    """The terminal is given back, whatever it was like."""
    for unusual in (False, True):
        for options in (["-nographic"], ["-serial", "mon:stdio"]):
            for name in ("keys", "prompt", "sleeps"):  # prompt and sleeps never ask for a key
                terminal = Terminal([*options, program(name)], unusual)
                terminal.wait_for_settings(is_raw)
                expect(not terminal.settings()[3] & termios.ISIG, "signals")
                terminal.type(b"\x01h")
                terminal.wait(b"ctrl-A x")
                terminal.type(b"\x01c")
                terminal.wait(b"no monitor")
                terminal.type(b"\x01x")
                terminal.end(0, f"ctrl-A x, {name}")
        for number, status in ((signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGSEGV, 5), (signal.SIGABRT, 5)):
            terminal = Terminal(["-nographic", program("keys")], unusual)
            terminal.wait(b"ready")
            terminal.wait_for_settings(is_raw)
            terminal.process.send_signal(number)
            terminal.end(status, str(number))
        for options, status in ((["--max-insns", "100000"], 3), (["--timeout", "0.3"], 3), (["--expect", "ready"], 0)):
            terminal = Terminal(["-nographic", *options, program("keys")], unusual)
            terminal.end(status, str(options))
    terminal = Terminal(["-nographic", "--expect", "never", program("keys")])
    terminal.wait(b"ready")
    terminal.type(b"\x01x")
    terminal.end(1, "ctrl-A x before --expect has matched")


def without_nographic():
    """ctrl-A is the guest's, ^C ends the run in order."""
    terminal = Terminal([program("keys")])
    terminal.wait(b"ready")
    terminal.wait_for_settings(is_raw)
    terminal.type(b"\x01x")
    terminal.wait(b"78")
    terminal.type(b"\x03")
    terminal.wait(b"ended by SIGINT")
    terminal.end(130, "^C")


def suspended():
    """Stopped, the terminal is the shell's; going on, it is raw again."""
    for options, stop in ((["-nographic"], None), ([], b"\x1a")):
        terminal = Terminal([*options, program("keys")])
        terminal.wait(b"ready")
        terminal.wait_for_settings(is_raw)
        if stop:
            terminal.type(stop)
        else:
            terminal.process.send_signal(signal.SIGTSTP)
        # its process group is orphaned, so the kernel does not stop it: what matters is whose the terminal is
        time.sleep(0.3)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for_settings(is_raw)
        terminal.process.send_signal(signal.SIGSTOP)
        os.waitpid(terminal.process.pid, os.WUNTRACED)
        termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.before)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for_settings(is_raw)
        terminal.type(b"q")
        terminal.end(0, f"suspended {options}")


def continued():
    """A SIGCONT to a run that nobody had stopped: the terminal is the shell's again at the end all the same."""
    for options in (["-nographic"], []):
        terminal = Terminal([*options, program("keys")])
        terminal.wait(b"ready")
        terminal.wait_for_settings(is_raw)
        for _ in range(3):
            terminal.process.send_signal(signal.SIGCONT)
            terminal.type(b"k")
            terminal.wait(b"6b")
        terminal.type(b"q")
        terminal.end(0, f"continued {options}")


def guest_and_debugger():
    """--debug at a terminal: keys are the guest's while it runs; ctrl-A d there and back, ^C to the prompt."""
    terminal = Terminal(["--debug", program("keys")])
    terminal.wait(b"(rvsim) ")
    terminal.type(b"continue\r")
    terminal.wait(b"ready")
    terminal.type(b"k")
    terminal.wait(b"6b")
    terminal.type(b"\x01d")
    terminal.wait(b"(rvsim) ")
    terminal.type(b"print 6*7\r")
    terminal.wait(b"0x2a 42")
    terminal.wait(b"(rvsim) ")
    terminal.type(b"nonsense\r")
    terminal.wait(b"(rvsim) ")
    terminal.type(b"half a line\x03")
    terminal.wait(b"(rvsim) ")
    terminal.type(b"\x01d")
    terminal.wait_for_settings(is_raw)
    time.sleep(0.2)
    terminal.type(b"m")
    terminal.wait(b"6d")
    terminal.type(b"\x03")
    terminal.wait(b"(rvsim) ")
    terminal.type(b"break pass\rcontinue\r")
    terminal.wait(b"breakpoint 1")
    time.sleep(0.2)
    terminal.type(b"q")
    terminal.wait(b"breakpoint 1")
    terminal.wait(b"(rvsim) ")
    terminal.type(b"quit\r")
    terminal.end(0, "the debugger")
    terminal = Terminal(["--debug", program("prompt")])
    terminal.wait(b"(rvsim) ")
    terminal.type(b"continue 3000000\rprint 6*7\rquit\r")  # typed ahead, while the guest runs and does not ask
    terminal.wait(b"0x2a 42")
    terminal.end(0, "typed ahead")
    terminal = Terminal(["--debug", program("keys")])
    terminal.wait(b"(rvsim) ")
    terminal.process.terminate()
    terminal.end(143, "SIGTERM at the prompt")
    terminal = Terminal(["--debug", "--timeout", "0.5", program("keys")])
    terminal.end(3, "--timeout at the prompt")
    terminal = Terminal(["--debug", "-nographic", program("keys")])
    terminal.wait(b"(rvsim) ")
    terminal.type(b"continue\r")
    terminal.wait(b"ready")
    time.sleep(0.2)
    terminal.type(b"\x03")
    terminal.wait(b"03")
    terminal.type(b"\x01x")
    terminal.end(0, "ctrl-A x under the debugger")


def as_qemu():
    """What QEMU's own ctrl-A x answers."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(["qemu-system-riscv64", "-M", "virt", "-nographic", "-bios", program("keys")], stdin=theirs, stdout=theirs,
                               stderr=theirs)
    try:
        wait_for(ours, b"ready", process)
        # with the newline: while it prints, the program reads LSR, which would take the break away
        for keys, seen in ((b"\x03", b"03\r\n"), (b"\x01z\x01\x01", b"01\r\n"), (b"\x01b", b"BR\r\n"), (b"\x01h", b"exit emulator")):
            os.write(ours, keys)
            expect(b"7a" not in wait_for(ours, seen, process), f"{keys}")
        os.write(ours, b"\x01x")
        expect_equal(process.wait(20), 0, "QEMU's exit status")
    finally:
        process.kill()
        process.wait()
    os.close(ours), os.close(theirs)


def cases():
    for options, name, status, texts in WATCHED:
        yield "watched-" + "-".join(options[i] for i in range(1, len(options), 2)) + "-" + str(status), \
            lambda options=options, name=name, status=status, texts=texts: watched(options, name, status, texts)
    for function in (fails_at_once, shown_as_written, shown_before_the_debugger_speaks, attempts, timeout,
                     timeout_of_a_script_that_does_not_come, signature, kernel_alone, tohost_alone, signals, ignored_signals, nobody_reads, bad_outputs, good_outputs,
                     trace_on_keeps_programs, scripts, typed_by_a_script, keys_reach_the_guest, ways_out, without_nographic, suspended,
                     continued, guest_and_debugger, as_qemu):
        yield function.__name__.replace("_", "-"), function
