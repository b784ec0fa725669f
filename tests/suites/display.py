"""What a machine shows, and what its user does: virtio-gpu, ramfb and a simple framebuffer, keyboard, pointer and touch; screenshots, and
the window of -display sdl under Xvfb, looked at pixel by pixel. QEMU 7.2 shows and says the same."""
import json
import os
import pty
import select
import subprocess
import tempfile
from pictures import Picture, read_png, read_ppm
from qemu_machine import Monitor
from suites.tools import RVSIM, expect, expect_equal, run, stats_of
from window import TERMINATE, Display, Run, wait_for

WIDTH, HEIGHT = 640, 480
MODERN = ["-global", "virtio-mmio.force-legacy=off"]
FACTS, DRAW = "build/board/screen_facts.elf", "build/board/draw.elf"
GPU, RAMFB = ["-device", "virtio-gpu-device,id=g"], ["-device", "ramfb,id=r"]
FRAMEBUFFER = ["-device", f"simple-framebuffer,xres={WIDTH},yres={HEIGHT},addr=0x84000000"]
DEVICES = [f"-device=virtio-{name}-device" for name in ("keyboard", "tablet", "multitouch")]
MACHINE = ["-M", "virt", "-nographic", "--timeout", "100", *MODERN]
SEAT = [*MACHINE, "-bios", DRAW, *GPU, *RAMFB, *FRAMEBUFFER, *DEVICES]
QEMU = ["qemu-system-riscv64", "-M", "virt", "-nographic", *MODERN]


def wanted():
    """The picture that draw.c draws."""
    bars = [0xffffff, 0xffff00, 0x00ffff, 0x00ff00, 0xff00ff, 0xff0000, 0x0000ff, 0]
    rgb = bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            grey = x * 255 // (WIDTH - 1)
            if not (4 <= x < WIDTH - 4 and 4 <= y < HEIGHT - 4):
                color = 0xff8000
            elif x * HEIGHT // WIDTH == y:
                color = 0x808080
            else:
                color = bars[x // 80] if y < 240 else grey * 0x010101 if y < 360 else grey << 16 | (y - 360) * 2 << 8
            rgb += color.to_bytes(3, "big")
    return Picture(WIDTH, HEIGHT, rgb)


PICTURE = wanted()


def expect_picture(got, picture, what):
    if got != picture:
        got.save("build/display-got.png")
        raise AssertionError(f"{what}: {got.difference(picture)}; see build/display-got.png")


def debugged(options, script, timeout=120):
    """A run by a script of the debugger: status, console, and what the debugger says."""
    status, out, err = run([RVSIM, *options, "--debug-cmd", "; ".join(script)], timeout)
    return status, out.replace("\r", ""), err


def facts(size):
    """What the devices say of themselves, and to every request: QEMU's bytes."""
    options = [*MODERN, "-bios", FACTS, "-device", "virtio-gpu-device,xres=%d,yres=%d" % size]
    if size == (1280, 800):
        options += ["-device", "virtio-keyboard-device", "-device", "virtio-mouse-device", "-device", "virtio-tablet-device,serial=abc"]
    ours, theirs = (run([*machine, *options], 60) for machine in ([RVSIM, "-M", "virt", "-nographic"], QEMU[:4]))
    expect_equal(ours[:2], theirs[:2], f"virtio-gpu and virtio-input, {size}")
    expect(ours[1].count("\n") > 60, ours[1])


def pictures():
    """Every screen shows what was drawn, as PPM and PNG, on one hart and several."""
    for harts in (1, 4):
        with tempfile.TemporaryDirectory() as folder:
            status, out, err = debugged(["-smp", str(harts), *SEAT], [
                "expect drawn", f"screendump {folder}/chosen", f"screendump {folder}/g -f png g", f"screendump {folder}/r r",
                f"screendump {folder}/s -f ppm simple-framebuffer", "info screens -json", "sendkey q", "continue"])
            expect(status == 0 and "scanout 0x1100" in out, f"exit {status}: {out} {err}")
            for name, read in (("chosen", read_ppm), ("g", read_png), ("r", read_ppm), ("s", read_ppm)):
                expect_picture(read(os.path.join(folder, name)), PICTURE, f"{name}, {harts} harts")
            answer = json.loads(next(line for line in err.splitlines() if line.startswith("{")))
            expect_equal([(row["kind"], row["id"], row["chosen"], row["width"]) for row in answer["screens"]],
                         [("simple-framebuffer", None, False, 640), ("ramfb", "r", False, 640), ("virtio-gpu-device", "g", True, 640)], "info screens")


class QemuDraws:
    """draw.c on QEMU, with its monitor."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "monitor")
        self.run = Run([*QEMU, "-bios", DRAW, "-qmp", f"unix:{path},server=on,wait=off", *options], None)
        wait_for("no monitor", lambda: os.path.exists(path))
        self.monitor = Monitor(path)
        self.run.wait_for("drawn")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run.__exit__()
        self.folder.cleanup()


def as_on_qemu():
    """The same screenshot, byte for byte; the same events for the same commands of the monitor."""
    devices = [*GPU, "-device", "virtio-keyboard-device", "-device", "virtio-mouse-device"]
    commands = ["sendkey shift-a 50", "mouse_move 5 -3", "mouse_button 1", "mouse_button 0", "sendkey ctrl-alt-f1 20", "sendkey ret", "sendkey q 10"]
    marks = ["code 0x2a value 0x0", "code 0x1 value -0x3", "code 0x110 value 0x1", "code 0x110 value 0x0", "code 0x1d value 0x0", "code 0x1c value 0x0", "end"]
    with QemuDraws(*devices) as qemu, tempfile.TemporaryDirectory() as folder:
        theirs, ours = os.path.join(folder, "theirs"), os.path.join(folder, "ours")
        qemu.monitor.human(f"screendump {theirs}")
        for command, mark in zip(commands, marks):
            qemu.monitor.human(command)
            qemu.run.wait_for(mark)
        script = ["expect drawn", f"screendump {ours}"]
        for command, mark in zip(commands, marks):
            script += [command, f"expect {mark}"]
        status, out, err = debugged([*MACHINE, "-bios", DRAW, *devices], [*script, "continue"])
        expect_equal((status, out), (qemu.run.end(), qemu.run.out), f"events: {err}")
        with open(theirs, "rb") as first, open(ours, "rb") as second:
            expect(first.read() == second.read(), "another screenshot than QEMU's")


SCRIPT = ["expect drawn", "sendkey a-b 30", "mouse_move 16384 8192", "mouse_button 1", "mouse_button 0", "mouse_move 100 100 -2",
          "expect type 0x3 code 0x1 value 0x64", "sendkey q", "continue"]


def replays():
    """What the user did comes again at the same cycles, with several harts and under timing; where it does not fit, a line says so."""
    with tempfile.TemporaryDirectory() as folder:
        recording = os.path.join(folder, "recording")
        for options in (["-smp", "4"], ["-smp", "2", "--cpu", "cva6"]):
            _, first, stats = stats_of([RVSIM, *options, *SEAT, "--record", recording, "--debug-cmd", "; ".join(SCRIPT)], 200)
            _, second, again = stats_of([RVSIM, *options, *SEAT, "--replay", recording], 200)
            expect(first == second and "code 0x10 value 0x0" in first, f"{options}: {first[-300:]} {second[-300:]}")
            expect_equal((stats["cycles"], stats["trace_hash"]), (again["cycles"], again["trace_hash"]), f"replay {options}")
        for options, words in ((["-smp", "2", *SEAT], "recording is of another run"), ([*MACHINE, "-bios", DRAW], "had a keyboard or the like")):
            status, out, err = run([RVSIM, *options, "--replay", recording], 100)
            expect(status == 2 and words in err and err.count("\n") == 1, f"exit {status}: {err}")
        status, _, err = debugged(["-smp", "2", "--cpu", "cva6", *SEAT, "--replay", recording], ["expect drawn", "-sendkey a", "continue"], 200)
        expect(status == 0 and "what the user does is what the recording says" in err, f"exit {status}: {err}")
        bare = os.path.join(folder, "bare")
        run([RVSIM, *MACHINE, "-bios", FACTS, "--record", bare], 60)
        status, _, err = run([RVSIM, *MACHINE, "-bios", FACTS, *DEVICES, "--replay", bare], 60)
        expect(status == 2 and "had no keyboard" in err and err.count("\n") == 1, f"exit {status}: {err}")


def travels():
    """Back in time a screen shows what it showed, and what the user did comes again; another key makes another future."""
    with tempfile.TemporaryDirectory() as folder:
        shots = [os.path.join(folder, str(i)) for i in range(4)]
        status, out, err = debugged(SEAT, [
            "expect drawn", f"screendump {shots[0]}", "checkpoint", "sendkey a 5000", "expect code 0x1e value 0x1", "goto +3000000", f"screendump {shots[1]}",
            "checkpoint", "restart 1", f"screendump {shots[2]}", "goto end", f"screendump {shots[3]}", "restart 1", "sendkey c", "expect code 0x2e value 0x0",
            "sendkey q", "continue"])
        expect(status == 0, f"exit {status}: {err}")
        before, after, again, later = map(read_ppm, shots)
        expect_picture(before, PICTURE, "before")
        expect(before != after, "the key is not drawn")
        expect_picture(again, before, "back in time")
        expect_picture(later, after, "there again")
        expect_equal([line for line in out.splitlines() if "type 0x1 " in line],
                     [f"device 0x0 type 0x1 code {code} value {value}" for code, value in
                      (("0x1e", "0x1"), ("0x1e", "0x0"), ("0x2e", "0x1"), ("0x2e", "0x0"), ("0x10", "0x1"), ("0x10", "0x0"))], "keys that the guest saw, each once: the end of the first was still with the host")


def snapshots():
    """Another process goes on with the same pictures, and with the keys that come then."""
    with tempfile.TemporaryDirectory() as folder:
        state, first, second = (os.path.join(folder, name) for name in ("state", "first", "second"))
        status, _, err = debugged([*SEAT, "--save", state], ["expect drawn", "sendkey a 20", "expect code 0x1e value 0x0", f"screendump {first}", "quit 0"])
        expect_equal(status, 0, err)
        status, out, err = debugged([*SEAT, "--load", state], [f"screendump {second}", "sendkey q", "continue"])
        expect(status == 0 and out.endswith("end\n"), f"exit {status}: {out} {err}")
        expect_picture(read_ppm(second), read_ppm(first), "after --load")
        status, _, err = run([RVSIM, *MACHINE, "-bios", DRAW, *GPU, "--load", state], 60)
        expect(status == 2 and err.count("\n") == 1, f"exit {status}: {err}")


def resets():
    """A reset blanks what a device shows, and each start is the same."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "shot")
        status, out, err = debugged([*MACHINE, "-bios", DRAW, *GPU, *RAMFB, *DEVICES], [
            "expect drawn", "sendkey a 10", "expect code 0x1e value 0x0", "system_reset", "step", "step", "info screens", "-screendump " + path, "expect drawn",
            f"screendump {path}", "sendkey q", "continue"])
        expect(status == 0 and out.count("drawn\n") == 2, f"exit {status}: {out} {err}")
        expect(err.count("shows nothing") == 3, err)
        expect_picture(read_ppm(path), PICTURE, "after the reset")


def tree():
    """The framebuffer's node is what Linux's binding says, its memory is nobody else's."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "dtb")
        status, _, err = run([RVSIM, *MACHINE, "-bios", DRAW, "-device", "simple-framebuffer,xres=800,yres=600", "-dump-dtb", path])
        expect_equal(status, 0, err)
        text = subprocess.run(["dtc", "-I", "dtb", "-O", "dts", "-q", path], stdout=subprocess.PIPE).stdout.decode()
        at = 0x80000000 + (512 << 20) - 800 * 600 * 4 & ~0xfff
        node = f"framebuffer@{at:x} {{"
        chosen, reserved = text.split("chosen {")[1].split("\n\t};")[0], text.split("reserved-memory {")[1].split("\n\t};")[0]
        for words in (node, 'compatible = "simple-framebuffer"', f"reg = <0x00 0x{at:x} 0x00 0x1d5000>", "width = <0x320>", "height = <0x258>", "stride = <0xc80>",
                      'format = "x8r8g8b8"', "ranges"):
            expect(words in chosen, f"no {words} in {chosen}")
        expect(node in reserved and "no-map" in reserved and f"0x{at:x}" in reserved, reserved)
        status, _, err = run([RVSIM, *MACHINE, "-m", "8M", "-bios", DRAW, "-device", "simple-framebuffer,xres=4000,yres=4000"])
        expect(status == 2 and "do not fit" in err and err.count("\n") == 1, f"exit {status}: {err}")
        for loader in ("file=README.md,addr=0x84000100,force-raw=on", "file=README.md,addr=0x83fff000,force-raw=on"):
            status, _, err = run([RVSIM, *MACHINE, "-bios", DRAW, *FRAMEBUFFER, "-device", f"loader,{loader}"])
            expect(status == 2 and "framebuffer at 0x84000000 overlaps" in err and err.count("\n") == 1, f"exit {status}: {err}")


def refusals():
    """Commands that make no sense fail with a line, and change nothing."""
    for devices, command, words in (([], "screendump x", "has no screen"), (GPU, "screendump x", "shows nothing"), (GPU, "screendump x nosuch", "no screen 'nosuch'"),
                                    (GPU, "screendump", "screendump FILE"), (GPU, "screendump x -f gif", "ppm or png"), (FRAMEBUFFER, "screendump /nonexistent/x", "No such file"),
                                    (FRAMEBUFFER, f"screendump {DRAW}", DRAW), ([], "sendkey a", "no keyboard"), (DEVICES, "sendkey a", "no driver"), (DEVICES, "sendkey zzz", "no key 'zzz'"),
                                    (DEVICES, "sendkey a-", "no key ''"), (DEVICES, "mouse_move 1", "must be a number"), (DEVICES, "mouse_button 8", "must be a number")):
        status, _, err = debugged([*MACHINE, "-bios", FACTS, *devices], [command])
        expect(status == 6 and words in err, f"{command}: exit {status}: {err}")


def no_display():
    """One line, and 2; a run that asks for none needs none, nor SDL."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}
    for display in ({}, {"DISPLAY": ":4711"}):
        result = subprocess.run([RVSIM, *SEAT, "-display", "sdl"], env={**environment, **display}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        expect(result.returncode == 2 and b"-display sdl: there is no display" in result.stderr and result.stderr.count(b"\n") == 1, f"{result}")
    with Run([RVSIM, *SEAT], environment) as machine:
        machine.wait_for("drawn")
        with open(f"/proc/{machine.process.pid}/maps") as file:
            expect("SDL" not in file.read(), "SDL is loaded")


def hash_of(path):
    with open(path) as file:
        stats = json.load(file)
    return stats["trace_hash"], stats["cycles"]


def window():
    """The window shows the picture, with the guest's pointer; keys, buttons and the wheel reach it; what was recorded is the run again."""
    with Display() as display, tempfile.TemporaryDirectory() as folder:
        recording, numbers = os.path.join(folder, "recording"), os.path.join(folder, "numbers")
        with Run([RVSIM, "-smp", "2", *SEAT, "-display", "sdl", "--record", recording, "--stats", numbers], display.environment) as machine:
            machine.wait_for("drawn")
            number = display.window()
            wait_for("the window has not the picture's size", lambda: display.area(number)[2:] == (WIDTH, HEIGHT))
            pointer = (WIDTH // 2, HEIGHT // 2, 64, 64)  # its upper left corner is the place

            def without_pointer(picture):
                rows = bytearray(picture.rgb)
                for y in range(pointer[1], pointer[1] + 64):
                    rows[3 * (y * WIDTH + pointer[0]):3 * (y * WIDTH + pointer[0] + 64)] = bytes(3 * 64)
                return Picture(WIDTH, HEIGHT, rows)
            wait_for("the picture is not shown", lambda: without_pointer(display.look(number)) == without_pointer(PICTURE))
            wait_for("no pointer is shown", lambda: display.look(number).pixel(320, 240) == (0, 0, 0))
            shown = display.look(number)
            expect_equal([shown.pixel(320 + x, 240 + y) for x, y in ((0, 0), (20, 31), (63, 0))],
                         [(0, 0, 0), (0, 0, 0), PICTURE.pixel(383, 240)], "the guest's pointer")
            expect_equal(shown.pixel(330, 260), tuple((255 * 0x80 + below * 0x7f) // 255 for below in PICTURE.pixel(330, 260)), "through its half-transparent part")
            display.do("mousemove", "--window", number, 100, 50)
            machine.wait_for("device 0x1 type 0x3 code 0x1 value")
            display.do("click", 1)
            machine.wait_for("code 0x110 value 0x0")
            wait_for("no cross", lambda: (255, 0, 0) in (display.look(number).pixel(x, 45) for x in (99, 100, 101)))
            display.do("click", 4)
            machine.wait_for("device 0x1 type 0x2 code 0x8 value 0x1")
            display.do("key", "shift+a")
            machine.wait_for("code 0x2a value 0x0")
            display.do("key", "q")
            machine.wait_for("end")
            expect_equal(machine.end(), 0, machine.err)
        _, out, again = stats_of([RVSIM, "-smp", "2", *SEAT, "--replay", recording])
        expect_equal((again["trace_hash"], again["cycles"]), hash_of(numbers), "replay without a window")
        expect_equal(out.replace("\r", ""), machine.out, "console of the replay")


def window_keys():
    """Its own keys: another screen, a screenshot; it may be larger than the picture; closing it ends the run with 0."""
    with Display() as display, tempfile.TemporaryDirectory() as folder:
        command = [os.path.abspath(RVSIM), *[os.path.abspath(word) if word == DRAW else word for word in SEAT], "-display", "sdl"]
        with Run(command, display.environment, folder) as machine:
            machine.wait_for("drawn")
            number = display.window()
            wait_for("the window has not the picture's size", lambda: display.area(number)[2:] == (WIDTH, HEIGHT))
            display.do("key", "ctrl+alt+1")
            above = (0, 0, WIDTH, 360)  # where the guest draws no keys
            wait_for("the framebuffer is not shown", lambda: display.look(number).part(*above) == PICTURE.part(*above))
            display.do("key", "ctrl+alt+s")
            wait_for("no screenshot", lambda: "screenshot: rvsim-1.png" in machine.err)
            expect_picture(read_png(os.path.join(folder, "rvsim-1.png")).part(*above), PICTURE.part(*above), "the screenshot")
            display.do("windowmove", "--sync", number, 0, 0, "windowsize", "--sync", number, 2 * WIDTH, 2 * HEIGHT + 40)

            def doubled():
                picture = display.look(number)
                return (picture.width, picture.height) == (1280, 1000) and picture.pixel(640, 10) == (0, 0, 0) and all(
                    picture.pixel(2 * x, 20 + 2 * y) == PICTURE.pixel(x, y) for x in range(0, WIDTH, 39) for y in range(0, 360, 19))
            wait_for("no picture of twice the size", doubled)
            display.do("mousemove", "--window", number, 1279, 20 + 959)  # the lower right corner
            machine.wait_for("device 0x1 type 0x3 code 0x1 value 0x7fff")
            display.do("key", "ctrl+alt+u")
            wait_for("it keeps its size", lambda: display.area(number)[2:] == (WIDTH, HEIGHT))
            expect("code 0x1f" not in machine.out and "code 0x2 " not in machine.out, "the window's keys reach the guest: " + machine.out)
            display.close(number)
            expect_equal((machine.end(), machine.err.splitlines()[-1]), (0, "rvsim: the window was closed"), "closed")


def touch_and_mouse():
    """Without a tablet a click takes the mouse, whose moves are relative then; where there is a touch screen alone the mouse is a finger."""
    for device, expected in (("mouse", ["type 0x2 code 0x0 value", "type 0x1 code 0x110 value 0x0"]),
                             ("multitouch", ["type 0x3 code 0x2f value 0x0", "type 0x3 code 0x39 value 0x0", "type 0x3 code 0x35 value", "type 0x1 code 0x14a value 0x1",
                                             "type 0x3 code 0x39 value -0x1", "type 0x1 code 0x14a value 0x0"])):
        with Display() as display, Run([RVSIM, *MACHINE, "-bios", DRAW, *GPU, "-device", f"virtio-{device}-device", "-display", "sdl"], display.environment) as machine:
            machine.wait_for("drawn")
            number = display.window()
            wait_for("the window has not the picture's size", lambda: display.area(number)[2:] == (WIDTH, HEIGHT))
            display.do("mousemove", "--window", number, 100, 50, "click", 1)
            if device == "mouse":
                display.window("ctrl-alt-g")
            display.do("mousemove_relative", 30, 20, "click", 1)
            for text in expected:
                machine.wait_for(text)
            expect_equal(machine.end(TERMINATE), 128 + TERMINATE, machine.err)


def untouched():
    """A window that nobody touches changes nothing."""
    with Display() as display, tempfile.TemporaryDirectory() as folder:
        numbers = os.path.join(folder, "numbers")
        options = ["-smp", "4", *SEAT, "--expect", "drawn", "--stats", numbers]
        hashes = []
        for more in ([], ["-display", "sdl"]):
            result = subprocess.run([RVSIM, *options, *more], env=display.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            expect_equal(result.returncode, 0, result.stderr)
            hashes.append(hash_of(numbers))
        expect_equal(hashes[0], hashes[1], "hashes without a window and with one")


def at_the_prompt():
    """While the machine stands at the debugger's prompt the window shows what there is, and keys that are pressed there are nobody's; closing it leaves."""
    with Display() as display:
        master, slave = pty.openpty()
        process = subprocess.Popen([RVSIM, *SEAT, "-display", "sdl", "--debug"], env=display.environment, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        said = [b""]

        def read():
            while select.select([master], [], [], 0.05)[0]:
                try:
                    said[0] += os.read(master, 4096)
                except OSError:  # it has ended
                    return said[0]
            return said[0]

        def says(text):
            wait_for(f"no {text!r} in {said[0][-500:]!r}", lambda: text in read())
        try:
            says(b"(rvsim)")
            os.write(master, b"expect drawn\n")
            says(b"drawn\r\n")
            number = display.window()
            above = (0, 0, WIDTH, 230)
            wait_for("the picture is not shown", lambda: display.area(number)[2:] == (WIDTH, HEIGHT) and display.look(number).part(*above) == PICTURE.part(*above))
            display.do("key", "c")
            display.do("mousemove", "--window", number, 10, 10)
            os.write(master, b"sendkey d 10\nexpect code 0x20 value 0x0\n")
            says(b"type 0x1 code 0x20 value 0x0")
            expect(b"code 0x2e" not in said[0] and b"type 0x3" not in said[0], said[0][-800:])
            display.close(number)
            wait_for("it does not end", lambda: read() and process.poll() is not None)
            expect_equal(process.returncode, 0, said[0][-300:])
        finally:
            process.kill()
            process.wait()
            os.close(master)


def cases():
    for size in ((1280, 800), (640, 480), (1920, 1080), (3840, 2160), (1024, 5000)):
        yield "facts-%dx%d" % size, lambda size=size: facts(size)
    for case in (pictures, as_on_qemu, replays, travels, snapshots, resets, tree, refusals, no_display, window, window_keys, touch_and_mouse, untouched, at_the_prompt):
        yield case.__name__.replace("_", "-"), case
