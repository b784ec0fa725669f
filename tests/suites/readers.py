"""Exports and the report in the programs that people open them with (make readers)."""
import base64
import html
import json
import os
import re
import subprocess
import tempfile
from suites.exports import ECALL, EXITS, at, export, functions_of, insns, known, plain
from suites.tools import RVTRACE, expect, expect_equal, run

MODULES = os.path.abspath("build/readers/node_modules")
FLAMEGRAPH = "/usr/share/perl5/Devel/NYTProf/flamegraph.pl"
COLOURS = """
import collections, json, sys
from PIL import Image
with Image.open(sys.argv[1]) as image:
    found = collections.Counter(image.convert("RGB").getdata())
    print(json.dumps([image.size, len(found), found.most_common(1)[0][0]]))
"""


def chromium(url, *options):
    """What it prints: the page, once its scripts have run."""
    with tempfile.TemporaryDirectory() as home:
        got, out, err = run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={home}", "--hide-scrollbars",
                             "--allow-file-access-from-files", "--virtual-time-budget=10000", *options, url], 120)
    expect_equal(got, 0, err[-500:])
    return out


def words_of(page):
    page = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)
    return [piece for piece in (html.unescape(part).strip() for part in re.split(r"(?:<[^>]*>)+", page)) if piece]


def cycles_of(stats):
    return sum(hart["cycles"] for hart in stats["harts"])


def made(form, trace, ending=""):
    path = at(f"reader.{form}{ending}")
    export(form, trace, "-o", path)
    return path


def speedscope(path):
    """{name: (total, self)} of its sandwich view, as it writes them; and all words."""
    with open(path, "rb") as file:
        data = base64.b64encode(file.read()).decode()
    with open(f"{path}.js", "w") as file:
        file.write(f"speedscope.loadFileFromBase64({json.dumps(os.path.basename(path))}, '{data}')")
    words = words_of(chromium(f"file://{MODULES}/speedscope/dist/release/index.html#localProfilePath={path}.js&view=sandwich", "--window-size=1280,12000", "--dump-dom"))
    expect("Symbol Name" in words, f"speedscope shows no profile: {words[-8:]}")
    rows = words[words.index("Symbol Name") + 1:]
    return {name: (total, own) for total, own, name in zip(rows[::3], rows[1::3], rows[2::3])}, words


def weight(text):
    return int(text.split(" (")[0].replace(",", ""))


def speedscope_profiles():
    trace, stats = insns()
    wanted = functions_of(made("callgrind", trace))
    rows, words = speedscope(made("callgrind", trace))
    for name, total in (("Cycles", cycles_of(stats)), ("Instructions", stats["instructions"])):
        shown = weight(words[words.index(f"reader.callgrind -- {name}", 9) + 1])
        expect(total * 0.999 <= shown <= total, f"{name}: {shown} of {total}")  # roots below a ten-thousandth of the heaviest are not shown
    expect_equal(weight(rows["leave"][1]), wanted["guest thousand", "leave"][0], "callgrind: cycles of `leave'")
    rows, _ = speedscope(made("folded", trace))
    expect_equal(weight(rows["leave"][1]), wanted["guest thousand", "leave"][0], "folded: cycles of `leave'")


def trace_engine():
    """DevTools' own, on what it is given by way of chrome://tracing's format."""
    trace, stats = plain()
    got, out, err = run(["node", "tests/export/trace_engine.mjs", f"{MODULES}/@paulirish/trace_engine", made("chrome", trace, ".json")], 60)
    expect_equal(got, 0, err[-1000:])
    found = json.loads(out)
    expect_equal(found["bounds"][1], stats["cycles"], "bounds")
    ecalls = sum(names.get(ECALL, 0) for names in found["threads"].values())
    expect_equal(ecalls, EXITS, "ecalls")


def flamegraph():
    trace, stats = insns()
    got, out, err = run([FLAMEGRAPH, made("folded", trace)], 60)
    expect(got == 0 and not err, err)
    expect(re.search(rf"<title>all \({cycles_of(stats):,} samples", out), "the total")
    leave = functions_of(made("callgrind", trace))["guest thousand", "leave"][0]
    expect(f"<title>leave ({leave:,} samples" in out, "`leave'")


def kcachegrind():
    """It says on stderr which lines it cannot read: none of ours, one that was put in."""
    trace, _ = insns()
    good, bad = made("callgrind", trace), at("bad.callgrind")
    with open(good) as file, open(bad, "w") as out:
        out.write(file.read().replace("fn=leave\n", "fn=leave\nzzz 1 1 1\n", 1))
    for path, complaints in ((good, 0), (bad, 1)):
        with tempfile.TemporaryDirectory() as home:
            env = {**os.environ, "HOME": home, "XDG_RUNTIME_DIR": home, "LC_ALL": "C.UTF-8"}
            said = subprocess.run(["xvfb-run", "-a", "dbus-run-session", "--", "timeout", "10", "kcachegrind", path], env=env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False).stdout.decode(errors="replace")
        expect_equal(len(re.findall(r'Loading ".*?" : *[0-9]+ : ', said)), complaints, said[-800:])


def report():
    """In Chromium, at both widths: the numbers of --stats, nothing wider than the window, something drawn."""
    trace, stats = insns()
    path = at("reader.html")
    expect_equal(run([RVTRACE, "report", trace, "-o", path], 60)[0], 0, "report")
    for width in (1280, 1920):
        words = [word.replace("\u2009", "") for word in words_of(chromium(f"file://{path}", f"--window-size={width},900", "--dump-dom"))]
        expect(str(EXITS) in words and known(stats) and ECALL in words, words[:40])
        chromium(f"file://{path}", f"--window-size={width},1400", f"--screenshot={path}.png")
        got, out, err = run(["/usr/bin/python3", "-c", COLOURS, f"{path}.png"], 60)  # whose package python3-pil is
        expect_equal(got, 0, err)
        size, colours, paper = json.loads(out)
        expect(size == [width, 1400] and colours > 50 and min(paper) > 200, f"{size}, {colours} colours on {paper}")
        probe = "<script>document.body.setAttribute('data-wide', document.documentElement.scrollWidth > innerWidth)</script>"
        with open(path) as file, open(f"{path}.probe.html", "w") as out:
            out.write(file.read() + probe)
        expect('data-wide="false"' in chromium(f"file://{path}.probe.html", f"--window-size={width},900", "--dump-dom"), f"wider than {width} pixels")


def cases():
    for case in (speedscope_profiles, trace_engine, flamegraph, kcachegrind, report):
        yield case.__name__.replace("_", "-"), case
