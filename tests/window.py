"""A display for -display sdl: Xvfb, what can be seen on it, and a user who types and points there (xdotool)."""
import ctypes
import os
import signal
import subprocess
import tempfile
import time
from pictures import read_xwd

PATIENCE = 60  # seconds


def wait_for(what, look):
    """What look() gives, when it gives something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"after {PATIENCE} s: {what}")


class ClientMessage(ctypes.Structure):
    """Xlib's XClientMessageEvent, as large as any XEvent."""
    _fields_ = [("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int), ("display", ctypes.c_void_p), ("window", ctypes.c_ulong),
                ("message_type", ctypes.c_ulong), ("format", ctypes.c_int), ("data", ctypes.c_long * 5), ("rest", ctypes.c_long * 12)]


class Display:
    """Xvfb of its own, without a window manager. Use in a with statement."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        ours, theirs = os.pipe()
        self.server = subprocess.Popen(["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1400x1100x24", "-nolisten", "tcp", "-fbdir", self.folder.name],
                                       pass_fds=[theirs], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs)
        with os.fdopen(ours) as pipe:
            self.number = pipe.readline().strip()
        assert self.number, "Xvfb does not start"
        self.environment = {**os.environ, "DISPLAY": ":" + self.number}
        self.environment.pop("SDL_VIDEODRIVER", None)
        self.environment.pop("WAYLAND_DISPLAY", None)
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        self.folder.cleanup()

    def do(self, *words):
        """An xdotool command: what it prints."""
        result = subprocess.run(["xdotool", *map(str, words)], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        assert result.returncode == 0 or words[0] == "search", f"xdotool {words}: {result.stderr.decode()}"
        return result.stdout.decode()

    def window(self, name="rvsim"):
        return wait_for("no window", lambda: self.do("search", "--onlyvisible", "--name", name).split())[-1]

    def area(self, window):
        """Where a window is, and how large."""
        words = dict(line.split("=") for line in self.do("getwindowgeometry", "--shell", window).split())
        return tuple(int(words[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))

    def close(self, window):
        """As a window manager does whose user clicks at the cross: a message, which the program may heed."""
        x11 = ctypes.CDLL("libX11.so.6")
        x11.XOpenDisplay.restype, x11.XInternAtom.restype = ctypes.c_void_p, ctypes.c_ulong
        connection = ctypes.c_void_p(x11.XOpenDisplay(self.environment["DISPLAY"].encode()))
        protocols, delete = (x11.XInternAtom(connection, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW"))
        client_message, words = 33, 32
        event = ClientMessage(client_message, 0, 1, None, int(window), protocols, words, (ctypes.c_long * 5)(delete))
        x11.XSendEvent(connection, ctypes.c_ulong(int(window)), 0, ctypes.c_long(0), ctypes.byref(event))
        x11.XCloseDisplay(connection)

    def look(self, window):
        return read_xwd(os.path.join(self.folder.name, "Xvfb_screen0")).part(*self.area(window))


class Run:
    """A program with its window: what it prints is in `out` so far. Use in a with statement."""

    def __init__(self, command, environment, folder=None):
        self.out_file, self.err_file = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=self.out_file, stderr=self.err_file)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def text(self, file):
        return os.pread(file.fileno(), 1 << 20, 0).decode(errors="replace").replace("\r", "")

    @property
    def out(self):
        return self.text(self.out_file)

    @property
    def err(self):
        return self.text(self.err_file)

    def wait_for(self, text):
        wait_for(f"no {text!r} in {self.out[-800:]!r} {self.err[-300:]!r}", lambda: text in self.out or self.process.poll() is not None)
        assert text in self.out, f"no {text!r}: ended with {self.process.returncode}: {self.out[-800:]!r} {self.err[-300:]!r}"

    def end(self, number=None):
        """Its exit status, when it has ended by itself or by a signal."""
        if number:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


TERMINATE = signal.SIGTERM
