"""Cycles: CVA6's rows and TLB misses against its RTL; other presets against their sources; what harts cost each other,
and what a longer quantum does to that."""
from suites.tools import expect, run


def script(name):
    status, out, err = run([f"tests/accuracy/{name}", "--rvsim", "build/rvsim", "--programs", "build/accuracy"], 600)
    expect(status == 0, (out + err)[-4000:])


def cases():
    yield "rtl", lambda: script("run")
    yield "presets", lambda: script("presets")
    yield "harts", lambda: script("harts")
