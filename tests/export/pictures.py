"""make pictures: those of docs/, each a row of PICTURES. They are looked at, and committed."""
import base64
import json
import os
import subprocess
import sys
import time
sys.path.insert(0, "tests")
from suites.readers import FLAMEGRAPH, MODULES, chromium # noqa: E402
from window import Display, Run # noqa: E402

FOLDER = os.path.abspath("build/pictures")
TRACE = "build/pictures/run.trace"


def call(*command, stdout=subprocess.DEVNULL, **options):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=stdout, **options)


def record():
    os.makedirs(FOLDER, exist_ok=True)
    call("build/rvsim", "--quiet", "--cpu", "cva6", "-smp", "4", "--trace", TRACE + ",events=insn,csr,trap,world,tlb,irq", "build/firmware.elf", "build/guests/smp.elf,name=smp",
         "build/guests/paging.elf,name=paging")


def exported(form, *options):
    path = os.path.join(FOLDER, form)
    call("build/rvtrace", "export", f"--format={form}", *options, "-o", path, TRACE)
    return path


def shot(url, path, width, height):
    chromium(url, f"--window-size={width},{height}", f"--screenshot={path}")


def report(path):
    page = os.path.join(FOLDER, "report.html")
    call("build/rvtrace", "report", TRACE, "-o", page)
    shot(f"file://{page}", path, 1280, 2150)


def flame_graph(path):
    drawn = os.path.join(FOLDER, "flame.svg")
    with open(drawn, "w") as file:
        call(FLAMEGRAPH, "--width=1260", "--title=Two zones on four harts, by cycles", "--countname=cycles", "--minwidth=1",
             exported("folded", "--from", "19600000"), stdout=file)
    shot(f"file://{drawn}", path, 1280, 300)


def speedscope(path):
    with open(exported("folded", "--from", "19600000"), "rb") as file:
        data = base64.b64encode(file.read()).decode()
    script = os.path.join(FOLDER, "profile.js")
    with open(script, "w") as file:
        file.write(f"speedscope.loadFileFromBase64({json.dumps('two zones')}, '{data}')")
    shot(f"file://{MODULES}/speedscope/dist/release/index.html#localProfilePath={script}&view=sandwich", path, 1280, 720)


def waves(path):
    """GTKWave on the switches of worlds."""
    vcd = exported("vcd", "--from", "20500000", "--to", "20540000")
    script = os.path.join(FOLDER, "waves.tcl")
    with open(script, "w") as file:
        names = [f"machine.hart{hart}.{wire}" for hart in range(2) for wire in ("M", "HS", "VS", "exit", "cause[63:0]", "pc[63:0]")]
        file.write("gtkwave::addSignalsFromList { " + " ".join(f"{{{name}}}" for name in names) + " }\n"
                   "gtkwave::setZoomFactor -9\ngtkwave::/Time/Zoom/Zoom_Full\n")
    with Display() as display:
        with Run(["gtkwave", "-S", script, vcd], {**display.environment, "HOME": FOLDER}):
            window = display.window("GTKWave")
            display.do("windowsize", window, 1280, 560)
            time.sleep(5)  # it has no way to say that it has drawn
            display.look(window).save(path)


PICTURES = [ # file of docs/, who makes it
    ("report.png", report),
    ("flamegraph.png", flame_graph),
    ("speedscope.png", speedscope),
    ("gtkwave.png", waves),
]


def main():
    record()
    wanted = sys.argv[1:]
    for name, make in PICTURES:
        if not wanted or name in wanted:
            make(os.path.abspath(f"docs/{name}"))
            print(f"docs/{name}")


main()
