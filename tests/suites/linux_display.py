"""Debian 13's kernel with its drm, virtio-gpu and virtio-input modules: its console in the window of -display sdl, pixel by pixel as on QEMU;
what xdotool types, points at and touches reaches it; what was recorded is the run again. Long, and needs what `make linux-display` builds.

The pictures that were looked at stay in build/linux: display-*.png."""
import json
import os
import re
import resource
import shutil
import subprocess
import tempfile
from pictures import read_png, read_ppm
from qemu_machine import Monitor
from suites.linux import KERNELS, OPENSBI, TROUBLE
from suites.tools import RVSIM, expect, expect_equal, run
from window import Display, Run, wait_for

SIZE = (1280, 800)
TYPED = "hello, Screen 42"
KEYS = ["h", "e", "l", "l", "o", "comma", "spc", "shift-s", "c", "r", "e", "e", "n", "spc", "4", "2", "ret"]  # of QEMU's monitor
QEMU = ["qemu-system-riscv64", "-M", "virt"]
PARTS = ["-m", "512M", "-nographic", "-bios", OPENSBI["1.1"], "-kernel", KERNELS["6.12"], "-initrd", "build/linux/initrd-display",
         "-global", "virtio-mmio.force-legacy=off", "-device", "virtio-gpu-device", "-device", "virtio-keyboard-device"]


def machine(pointer="tablet", only="Tablet"):
    return [*PARTS, "-device", f"virtio-{pointer}-device", "-append", f"console=ttyS0 quiet only={only}"]


OURS = [RVSIM, "-M", "virt", "--timeout", "300"]


def sound(linux):
    """No complaint of the kernel's."""
    trouble = re.findall(TROUBLE, linux.out)
    expect(not trouble and "FAIL" not in linux.out, f"{trouble} {linux.out[-1000:]}")


def type_line(display, text, linux):
    """As xdotool types, a little slower than it can."""
    display.do("type", "--delay", "20", text)
    display.do("key", "Return")
    linux.wait_for(f"typed: {text}")


def picture_of_qemu():
    """Its screenshot, when the same line has been typed."""
    with tempfile.TemporaryDirectory() as folder:
        path, shot = os.path.join(folder, "monitor"), os.path.join(folder, "shot")
        with Run([*QEMU, *machine(), "-qmp", f"unix:{path},server=on,wait=off"], None) as linux:
            linux.wait_for("ready")
            monitor = Monitor(path)
            for key in KEYS:
                monitor.human(f"sendkey {key} 20")
            linux.wait_for(f"typed: {TYPED}")

            def steady():
                """Two screenshots that are the same, with the answer below the line."""
                shots = []
                for _ in range(2):
                    monitor.human(f"screendump {shot}")
                    shots.append(read_ppm(shot))
                return shots[1] if shots[0] == shots[1] and any(shots[1].part(0, 144, 200, 16).rgb) else None
            return wait_for("no picture on QEMU", steady)


def console(harts):
    """The console shows in the window what it shows on QEMU; keys and the tablet reach the guest; the recording is the run again."""
    theirs = picture_of_qemu()
    with Display() as display, tempfile.TemporaryDirectory() as folder:
        recording, numbers = os.path.join(folder, "recording"), os.path.join(folder, "numbers")
        options = [*OURS, "-smp", str(harts), *machine()]
        with Run([*options, "-display", "sdl", "--record", recording, "--stats", numbers], display.environment) as linux:
            linux.wait_for("ready")
            expect("fb0 1280x800 32 bits virtio_gpudrmfb\ninput QEMU Virtio Keyboard\ninput QEMU Virtio Tablet\n" in linux.out, linux.out[-500:])
            number = display.window()
            wait_for("the window has another size", lambda: display.area(number)[2:] == SIZE)
            type_line(display, TYPED, linux)
            try:
                wait_for("another picture than QEMU's", lambda: display.look(number) == theirs)
            finally:
                display.look(number).save(f"build/linux/display-console-{harts}.png")
            display.do("mousemove", "--window", number, 640, 200, "click", 1)
            linux.wait_for("event 1 272 0")
            place = [int(value) for value in re.findall(r"^event 3 [01] (\d+)", linux.out, re.M)[-2:]]
            expect(abs(place[0] - 16384) < 30 and abs(place[1] - 8202) < 50, f"the tablet says {place}")
            type_line(display, "quit", linux)
            expect_equal(linux.end(), 0, linux.err)
            sound(linux)
        with open(numbers) as file:
            first = json.load(file)
        status, out, err = run([*options, "--replay", recording, "--stats", numbers], 600)
        with open(numbers) as file:
            second = json.load(file)
        expect_equal((status, out.replace("\r", ""), second["trace_hash"], second["cycles"]), (0, linux.out, first["trace_hash"], first["cycles"]), f"the replay: {err}")


def pointers():
    """A mouse that is taken by a click, and fingers, as Linux's input layer hears them."""
    for pointer, only, texts in (("mouse", "Mouse", ["event 2 0 30", "event 2 1 20", "event 1 272 1", "event 1 272 0"]),
                                 ("multitouch", "MultiTouch", ["event 3 57 0", "event 3 53 ", "event 3 54 ", "event 1 330 1", "event 3 57 -1", "event 1 330 0"])):
        with Display() as display, Run([*OURS, *machine(pointer, only), "-display", "sdl"], display.environment) as linux:
            linux.wait_for("ready")
            number = display.window()
            wait_for("the window has another size", lambda: display.area(number)[2:] == SIZE)
            display.do("mousemove", "--window", number, 300, 300, "click", 1)
            if pointer == "mouse":
                display.window("ctrl-alt-g")  # in its title: it is taken
                display.do("mousemove_relative", 30, 20)
                linux.wait_for("event 2 0 ")
                display.do("click", 1)
            for text in texts:
                linux.wait_for(text)
            sound(linux)


def snapshots():
    """Booted once, saved, and gone on from: the screen is there, and the keyboard."""
    with tempfile.TemporaryDirectory() as folder:
        state, before, after = (os.path.join(folder, name) for name in ("state", "before", "after"))
        status, _, err = run([*OURS, *machine(), "--save", state, "--debug-cmd", f"expect ready; screendump {before} -f png; quit 0"], 300)
        expect_equal(status, 0, err)
        keys = "; ".join(f"sendkey {key} 20" for key in [*KEYS, "q", "u", "i", "t", "ret"])
        status, out, err = run([*OURS, *machine(), "--load", state, "--debug-cmd", f"screendump {after} -f png; {keys}; continue"], 300)
        expect(status == 0 and f"typed: {TYPED}" in out and "typed: quit" in out, f"exit {status}: {out[-500:]} {err[-500:]}")
        expect(read_png(before) == read_png(after), "another picture after --load")


def loader(name, options, mark, picture_size, box, color):
    """A boot loader that knows the screen by itself shows its first lines there, and its sign in a box of the colour."""
    with tempfile.TemporaryDirectory() as folder:
        shot, variables = os.path.join(folder, "shot"), os.path.join(folder, "variables")
        shutil.copy("build/linux/13/efi_vars.fd", variables)
        command = [word.format(variables=variables) for word in options]
        status, _, err = run([*OURS, "-m", "1G", "-nographic", *command, "--debug-cmd", f"expect {mark}; screendump {shot} -f png; quit 0"], 400)
        expect_equal(status, 0, err)
        picture = read_png(shot)
        picture.save(f"build/linux/display-{name}.png")
        left, top, right, bottom = box
        expect_equal((picture.width, picture.height), picture_size, "size")
        corners = [picture.pixel(x, y) for x in (left, right) for y in (top, bottom)]
        outside = [picture.pixel(x, y) for x in (left - 2, left + 30) for y in (top - 2, bottom + 2)]
        expect_equal((corners, outside), ([color] * 4, [(0, 0, 0)] * 4), "the sign's box")
        lit = sum(any(picture.rgb[at:at + 3]) for at in range(0, 3 * picture.width * 60, 3))
        expect(lit > 500, f"{lit} pixels are lit in the first lines")


def u_boot():
    """On the framebuffer of the device tree."""
    loader("u-boot", ["-device", "simple-framebuffer", "-bios", OPENSBI["1.6"], "-kernel", "build/linux/13/uboot.elf"], "Hit any key", SIZE,
           (1117, 4, 1276, 163), (1, 67, 104))


def edk2():
    """On ramfb, by fw_cfg."""
    loader("edk2", ["-M", "virt,pflash0=code,pflash1=variables", "-device", "ramfb",
                    "-blockdev", "node-name=code,driver=file,read-only=on,filename=build/linux/13/efi_code.fd",
                    "-blockdev", "node-name=variables,driver=file,filename={variables}"], "Press ESCAPE", (800, 600), (303, 271, 495, 328), (255, 255, 255))


def seconds_of(command, environment):
    """CPU seconds of a run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    expect_equal(result.returncode, 0, result.stderr[-500:])
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def costs_little():
    """The window takes less than a tenth of what the run takes whose guest scrolls its screen without a pause."""
    keys = "; ".join(f"sendkey {key} 20" for key in ["s", "c", "r", "o", "l", "l", "ret"])
    script = f"expect ready; {keys}; expect ^scrolled; quit 0"
    with Display() as display:
        times = {}
        for _ in range(3):
            for what, more in (("without", []), ("with", ["-display", "sdl"])):
                seconds = seconds_of([*OURS, *machine(), *more, "--debug-cmd", script], display.environment)
                times[what] = min(times.get(what, seconds), seconds)
        print(f"CPU seconds: {times}", flush=True)
        expect(times["with"] < 1.1 * times["without"], f"CPU seconds: {times}")


def cases():
    for harts in (1, 4):
        yield f"console-{harts}", lambda harts=harts: console(harts)
    for case in (pointers, snapshots, u_boot, edk2, costs_little):
        yield case.__name__.replace("_", "-"), case
