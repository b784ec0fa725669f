"""Many processes at a time, from one thread. None outlives this one, however it ends."""
import ctypes
import os
import select
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)
GRACE = 10  # seconds from SIGTERM to SIGKILL


class Task:
    """A command to run, in a folder, with its standard output and error in files."""

    def __init__(self, command, cwd, out, err, timeout=None, stdin=None):
        self.command, self.cwd, self.out, self.err, self.timeout, self.stdin = command, cwd, out, err, timeout, stdin
        self.status, self.timed_out, self.seconds = None, False, 0.0


def die_with(parent):
    """In the child: it ends when its parent does."""
    def prepare():
        os.setpgid(0, 0)
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(127)
    return prepare


class Pool:
    """At most `room` tasks at a time."""

    def __init__(self, room):
        self.room, self.running, self.poll = room, {}, select.poll()

    def start(self, task):
        """Raises OSError where the program cannot be started."""
        with open(task.out, "wb") as out, open(task.err, "wb") as err, open(task.stdin or os.devnull, "rb") as stdin:
            process = subprocess.Popen(task.command, cwd=task.cwd, stdin=stdin, stdout=out, stderr=err, preexec_fn=die_with(os.getpid()))
        fd = os.pidfd_open(process.pid)
        now = time.monotonic()
        self.running[fd] = [task, process, now, now + task.timeout if task.timeout else None]
        self.poll.register(fd, select.POLLIN)

    def full(self):
        return len(self.running) >= self.room

    def tasks(self):
        return [entry[0] for entry in self.running.values()]

    def wait(self, seconds):
        """Tasks that have ended, after at most so long."""
        now = time.monotonic()
        deadlines = [entry[3] - now for entry in self.running.values() if entry[3] is not None]
        ready = self.poll.poll(max(0, min([seconds, *deadlines])) * 1000)
        ended = [self.finish(fd) for fd, _ in ready]
        for entry in self.running.values():
            task, process, _, deadline = entry
            if deadline is not None and time.monotonic() >= deadline:
                os.killpg(process.pid, signal.SIGKILL if task.timed_out else signal.SIGTERM)
                task.timed_out = True
                entry[3] = time.monotonic() + GRACE
        return ended

    def finish(self, fd):
        task, process, start, _ = self.running.pop(fd)
        self.poll.unregister(fd)
        os.close(fd)
        status = process.wait()
        task.status = status if status >= 0 else 128 - status
        task.seconds = time.monotonic() - start
        return task

    def kill(self):
        for fd, (_, process, _, _) in list(self.running.items()):
            os.killpg(process.pid, signal.SIGKILL)
            self.finish(fd)
