"""Results, one JSON object a line, written so that a process killed at any time loses none that it had told."""
import fcntl
import hashlib
import json
import os


class Busy(Exception):
    """Somebody else works in that folder."""


class Journal:
    """FOLDER/journal.jsonl: what is finished, by key. Whoever has it open is alone in the folder."""

    def __init__(self, folder, fresh=False):
        os.makedirs(folder, exist_ok=True)
        self.lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.lock)
            raise Busy(f"{folder}: another process works there") from None
        path = os.path.join(folder, "journal.jsonl")
        if fresh and os.path.exists(path):
            os.remove(path)
        self.done = {}
        whole = 0
        if os.path.exists(path):
            with open(path, "rb") as file:
                for line in file:
                    try:
                        entry = json.loads(line) if line.endswith(b"\n") else None
                    except ValueError:
                        entry = None
                    if not isinstance(entry, dict) or "key" not in entry:
                        break  # a line that was being written: what is behind it was never told
                    self.done[entry["key"]] = entry
                    whole += len(line)
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        os.ftruncate(self.file, whole)
        os.lseek(self.file, whole, os.SEEK_SET)

    def add(self, entry):
        line = json.dumps(entry).encode() + b"\n"
        while line:
            line = line[os.write(self.file, line):]
        os.fsync(self.file)
        self.done[entry["key"]] = entry

    def close(self):
        os.close(self.file)
        os.close(self.lock)


HASHES = {}


def file_hash(path):
    """Of what a file holds; each is read once while it stays as it is. None: there is none."""
    try:
        status = os.stat(path)
        if not os.path.isfile(path):
            return None
        identity = (os.path.realpath(path), status.st_size, status.st_mtime_ns)
        if identity not in HASHES:
            with open(path, "rb") as file:
                HASHES[identity] = hashlib.file_digest(file, "sha256").hexdigest()
        return HASHES[identity]
    except OSError:
        return None


def key_of(*things):
    return hashlib.sha256(json.dumps(things, sort_keys=True).encode()).hexdigest()
