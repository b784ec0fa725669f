"""Every guest under every hostile engine setting, alone and together."""
from suites.guests import HOSTILE, check
from suites.tools import GUESTS, PLAIN, RVSIM


def cases():
    for name in GUESTS:
        for binary in (RVSIM, PLAIN):
            for setting in ("engine.block_ops=1", "tlb.entries=1", "engine.flush_always=yes"):
                yield f"{name}-{setting}-{binary}", lambda n=name, b=binary, s=setting: check(b, n, 1 if n == "tp" else 2, ["--set", s])
            yield f"{name}-all-{binary}", lambda n=name, b=binary: check(b, n, 1, HOSTILE + ["--quantum", "1"])
