"""Where rvsim is."""
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.realpath(__file__))
# Beside the tools in the source tree; where `make install` puts it (share/rvsim/rvsimlib is this folder).
PLACES = (os.path.join(HERE, "../../build/rvsim"), os.path.join(HERE, "../../../bin/rvsim"))


class Missing(Exception):
    """It is nowhere."""


def rvsim(named=None, base="."):
    """Absolute; a name with a slash is one of `base`'s."""
    named = named or os.environ.get("RVSIM")
    if named:
        path = os.path.join(base, named) if "/" in named else shutil.which(named)
        if path and os.access(path, os.X_OK):
            return os.path.abspath(path)
        raise Missing(f"{named}: there is no such simulator")
    for path in PLACES:
        if os.access(path, os.X_OK):
            return os.path.abspath(path)
    path = shutil.which("rvsim")
    if not path:
        raise Missing("rvsim is neither beside this program nor on the path (--rvsim FILE says where it is)")
    return path


def version():
    """Its first line."""
    try:
        return subprocess.run([rvsim(), "--version"], stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()[0]
    except (Missing, OSError, subprocess.CalledProcessError, IndexError):
        return "rvsim is not found"
