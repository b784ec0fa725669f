"""The view (rvtrace view, rvsim --view) under Xvfb with the software renderer: what keys and pointer do is compared with kept pictures, within a tolerance;
and what does not rest on pictures: it changes no run, it is refused where there is no display, pictures say what the trace does."""
import json
import os
import pty
import select
import subprocess
import tempfile
import time
from pictures import read_png
from suites.tools import RVSIM, RVTRACE, expect, expect_equal, run
from window import TERMINATE, Display, Run, wait_for

SLOW, FOREVER = "build/view/SLOW.elf", "build/view/FOREVER.elf"
KEPT = "tests/view"
GUESTS = ["-smp", "4", "build/firmware.elf", "build/guests/smp.elf,name=smp", "build/guests/paging.elf,name=paging"]
FAR, SHARE = 24, 0.002  # a colour may be so far away, of so many pixels not even that
# Of the mark of the slowest exit: the flag's colour. Lanes lie between these columns.
INK, LANES = (0x1b, 0x1f, 0x27), range(142, 938)


def absolute(command):
    return [os.path.abspath(word) if word.startswith("build/") else word for word in command]


class View:
    """A view in a window, in a folder of its own. Use in a with statement."""

    def __init__(self, display, *command):
        self.display, self.folder, self.shots = display, tempfile.TemporaryDirectory(), 0
        self.run = Run(absolute(command), display.environment, self.folder.name)
        self.window = display.window("rvsim view")
        display.do("mousemove", "--window", self.window, 600, 640)
        display.do("windowfocus", self.window)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run.__exit__()
        self.folder.cleanup()

    def keys(self, *keys):
        for key in keys:
            self.display.do("key", key)

    def point(self, x, y):
        self.display.do("mousemove", "--window", self.window, x, y)

    def picture(self):
        """What key p writes, which is what the window shows."""
        self.shots += 1
        path = os.path.join(self.folder.name, f"rvsim-{self.shots}.png")
        self.keys("p")
        wait_for(f"no picture {self.run.err}", lambda: f"picture: rvsim-{self.shots}.png" in self.run.err)
        return read_png(path)


def far(first, second):
    """The share of pixels that are another colour."""
    count = sum(1 for i in range(0, len(first.rgb), 3) if first.rgb[i:i + 3] != second.rgb[i:i + 3] and
                max(abs(first.rgb[i + n] - second.rgb[i + n]) for n in range(3)) > FAR)
    return count / (first.width * first.height)


def expect_kept(got, name):
    path = f"{KEPT}/{name}.png"
    if os.environ.get("RVSIM_KEEP_PICTURES"):
        got.save(path)
    kept = read_png(path)
    if (got.width, got.height) != (kept.width, kept.height) or far(got, kept) > SHARE:
        got.save(f"build/view-{name}.png")
        raise AssertionError(f"{name}: {got.difference(kept)}; {far(got, kept):.2%} are far away; see build/view-{name}.png")


def slow_trace(case):
    """A file of the case's own: they run side by side."""
    os.makedirs(f"build/view/{case}", exist_ok=True)
    path = f"build/view/{case}/slow.trace"
    status, _, err = run([RVSIM, "-smp", "2", "--trace", path, SLOW], 60)
    expect_equal(status, 0, err)
    return path


def slow_exit(path):
    """Of the exit that takes longest, by what rvtrace dump says: cycles, hart, where it begins."""
    longest, began = (0, 0, 0), {}
    for line in run([RVTRACE, "dump", "--type=world", path], 60)[1].splitlines():
        cycle, hart, mode = line.split()[:3]
        if mode == "VS" and hart in began:
            longest = max(longest, (int(cycle) - began[hart], int(hart), began[hart]))
        if "from=VS" in line:
            began[hart] = int(cycle)
    return longest


def states():
    """Whole run, the slowest exit, zoomed in and moved, an exit under the pointer, help: a picture each."""
    path = slow_trace("states")
    with Display() as display, View(display, RVTRACE, "view", path) as view:
        wait_for("it is not read", lambda: view.run.process.poll() is None)
        time.sleep(0.5)
        expect_kept(view.picture(), "whole")
        view.keys("n")
        expect_kept(view.picture(), "slowest")
        view.keys("0")
        view.point(400, 120)
        view.keys("plus", "plus", "plus", "plus", "Right")
        expect_kept(view.picture(), "zoomed")
        view.point(312, 260)
        expect_kept(view.picture(), "pointer")
        view.keys("h")
        expect_kept(view.picture(), "help")
        view.keys("q")
        expect_equal(view.run.end(), 0, view.run.err)


def found_by_eye():
    """Of 100 exits one was made slow: on the picture of the whole run a line with a flag stands where it begins, on its hart's lane and no other."""
    path = slow_trace("found_by_eye")
    length, hart, begin = slow_exit(path)
    stat = json.loads(run([RVTRACE, "stat", "--json", path], 60)[1])
    expect(hart == 1 and length > 100 * 71, (length, hart))
    with Display() as display, View(display, RVTRACE, "view", path) as view:
        time.sleep(0.5)
        whole = view.picture()
        view.keys("q")
        view.run.end()
    column = LANES[0] + int(begin * len(LANES) / stat["cycles"])
    top, pitch = 58, 140  # of the first lane, and from one to the next

    def marked(lane):
        return any(all(whole.pixel(x, top + lane * pitch + y) == INK for y in range(50, 100)) for x in range(column - 1, column + 2))
    expect(marked(1), f"no mark at {column}")
    expect(not marked(0), "a mark on the other hart")


def refusals():
    """Without a display, in a line, with status 2; a file that is none; one without worlds."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}
    path = slow_trace("refusals")
    for command, words in (([RVSIM, "--view", SLOW], "--view: there is no display"), ([RVTRACE, "view", path], "rvtrace view: there is no display"),
                           ([RVTRACE, "view", "Makefile"], "not a trace file"), ([RVTRACE, "view"], "usage")):
        got = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
        expect(got.returncode == 2 and words in got.stderr.decode(), f"{command}: {got.returncode} {got.stderr}")
        expect(words == "usage" or got.stderr.count(b"\n") == 1, got.stderr)


def untouched():
    """The same cycles and the same hash with a view and without one."""
    numbers = []
    with tempfile.TemporaryDirectory() as folder, Display() as display:
        for option in ([], ["--view"]):
            path = os.path.join(folder, "stats")
            got = subprocess.run([RVSIM, *option, "--stats", path, *GUESTS], env=display.environment, stdin=subprocess.DEVNULL, capture_output=True,
                                 timeout=120, check=False)
            expect_equal(got.returncode, 0, got.stderr)
            with open(path) as file:
                stats = json.load(file)
            numbers.append((stats["cycles"], stats["instructions"], stats["trace_hash"], stats["world_switches"]))
    expect_equal(numbers[0], numbers[1], "with a view and without one")


def live():
    """A run that goes on is paused and goes on; the window can be closed, and the run goes on without it."""
    with Display() as display, View(display, RVSIM, "--view", "--timeout", "60", "-smp", "2", FOREVER) as view:
        view.keys("space")
        first = view.picture()
        time.sleep(0.5)
        second = view.picture()
        expect(far(first, second) < SHARE, "it runs on though it is paused")
        view.keys("space")
        wait_for("it does not go on", lambda: far(first, view.picture()) > SHARE)
        view.keys("q")
        wait_for("the window stays", lambda: not display.do("search", "--onlyvisible", "--name", "rvsim view"))
        expect(view.run.process.poll() is None, "the run has ended with its window")
        expect_equal(view.run.end(TERMINATE), 128 + TERMINATE, view.run.err)


def prompt():
    """With a debugger: space stops at the prompt, s and b step forward and back, c sets a stop point, space goes on."""
    with Display() as display:
        master, slave = pty.openpty()
        process = subprocess.Popen([RVSIM, "--view", "-S", "--debug", "-smp", "2", SLOW], env=display.environment, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        said = [b""]

        def read():
            while select.select([master], [], [], 0.05)[0]:
                try:
                    said[0] += os.read(master, 4096)
                except OSError:  # it has ended
                    return said[0]
            return said[0]

        def says(text, times=1):
            wait_for(f"no {text!r} in {said[0][-800:]!r}", lambda: read().count(text) >= times)
        try:
            says(b"(rvsim)")
            number = display.window("rvsim view")
            display.do("mousemove", "--window", number, 600, 640)
            display.do("windowfocus", number)
            display.do("key", "s")
            says(b"step")
            says(b"(rvsim)", 2)
            display.do("key", "b")
            says(b"reverse-step")
            says(b"(rvsim)", 3)
            os.write(master, b"continue 20000\n")
            says(b"(rvsim)", 4)
            display.do("key", "n")
            display.do("key", "c")
            says(b"catch exit 10")
            says(b"(rvsim)", 5)
            display.do("key", "space")
            says(b"continue", 2)
            says(b"(rvsim)", 6)
            os.write(master, b"quit\n")
            wait_for("it does not end", lambda: read() and process.poll() is not None)
            expect_equal(process.returncode, 0, said[0][-300:])
        finally:
            process.kill()
            process.wait()
            os.close(master)


def cases():
    for case in (states, found_by_eye, refusals, untouched, live, prompt):
        yield case.__name__.replace("_", "-"), case
