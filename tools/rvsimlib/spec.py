"""What rvsim-sweep varies and measures: words of its command line, and the folder that keeps them."""
import itertools
import json
import os
import re

MOST_POINTS = 100000
OPTIONS = {"cpu", "smp", "m", "isa", "quantum", "seed", "timing"}  # the others are parameters of --set


class Bad(Exception):
    """A sweep that cannot be made; the text is one line."""


RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)(?::(\d+|x\d+))?\Z")


def values_of(text):
    """"16,32,64", "20..200:20" (every 20), "16..256:x2" (doubling), and lists of such."""
    values = []
    for item in text.split(","):
        found = RANGE.match(item)
        if not found:
            values.append(item)
            continue
        low, high, step = int(found[1]), int(found[2]), found[3] or "1"
        factor = int(step[1:]) if step[0] == "x" else None
        if low > high or (factor is not None and (factor < 2 or low < 1)) or step == "0":
            raise Bad(f"--over: {item}: must go up")
        if factor is None and (high - low) // int(step) >= MOST_POINTS:
            raise Bad(f"--over: {item}: more than {MOST_POINTS} values")
        while low <= high:
            values.append(str(low))
            low = low * factor if factor else low + int(step)
    if "" in values or len(set(values)) != len(values):
        raise Bad(f"--over: {text}: an empty value, or one that stands there twice")
    return values


def parse_over(words):
    """[(parameter, [values])]."""
    over = []
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z0-9_.]+", name):
            raise Bad(f"--over {word}: must be PARAM=VALUES")
        if name in dict(over):
            raise Bad(f"--over {name}: is given twice")
        over.append((name, values_of(text)))
    points = 1
    for _, values in over:
        points *= len(values)
    if points > MOST_POINTS:
        raise Bad(f"{points} points are more than {MOST_POINTS}")
    return over


def points_of(over):
    """The values of each point, in order."""
    return list(itertools.product(*(values for _, values in over)))


def options_of(over, point):
    words = []
    for (name, _), value in zip(over, point):
        words += [f"--{name}", value] if name in OPTIONS else ["--set", f"{name}={value}"]
    return words


def path_items(text):
    """harts.*.cache.l1d_misses; what holds dots itself is quoted: world_switches.causes."ecall from VS-mode".median."""
    return [found[1] or found[2] for found in re.finditer(r'"([^"]*)"|([^.]+)', text)]


SHORT = {"exits": "world_switches.exits", "entries": "world_switches.entries"}


def measure(stats, text):
    """The number at that path of --stats; `*` adds up; a list's items by number, or by what their cause is. None: it is not there."""
    items = path_items(SHORT.get(text, text))
    causes = {row["cause"] for row in stats["world_switches"]["causes"]}
    if items[0] in causes or "ecall" in items[0] or "fault" in items[0] or "interrupt" in items[0]:
        items = ["world_switches", "causes", *items]
    return walk(stats, items)


def unit(table, text):
    """Of the measure, as `rvsim --stats help` has it; "" where it is not there."""
    items = path_items(SHORT.get(text, text))
    for row in re.finditer(r"^\| `([^`]+)` \| (\w+) \|", table, re.M):
        names = [name.removesuffix("[]") for name in row[1].split(".")]
        if len(items) < len(names) and names[:2] == ["world_switches", "causes"]:
            names = names[1:]  # a cause by its name alone
        wanted = [item for item in items if item != "*" and not item.isdigit()]
        if wanted[-1:] == names[-1:] and (wanted == [name for name in names if name != "MODE"] or (names[0] == "causes" and wanted[1:] == names[1:])):
            return row[2]
    return ""


def meanings(table):
    """Of parameters, as `rvsim --set help` has them, in a few words."""
    return {row[1]: row[2] for row in re.finditer(r"^([a-z0-9_.]+) +\S+ +([^:;,[\n]{1,60})(?<! )", table, re.M)}


def walk(value, items):
    for at, item in enumerate(items):
        if item == "*":
            children = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
            found = [walk(child, items[at + 1:]) for child in children]
            return sum(number for number in found if number is not None) if any(number is not None for number in found) else None
        if isinstance(value, dict):
            value = value.get(item)
        elif isinstance(value, list):
            value = value[int(item)] if item.isdigit() and int(item) < len(value) else next((row for row in value if isinstance(row, dict) and row.get("cause") == item), None)
        else:
            value = None
        if value is None:
            return None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


class Folder:
    """Where a sweep keeps what it is (sweep.json) and each point's result (points/N.json)."""

    def __init__(self, path):
        self.path = os.path.abspath(path)

    def name(self, *words):
        return os.path.join(self.path, *words)

    def write(self, name, value):
        """Whole or not at all."""
        path = self.name(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "w") as file:
            json.dump(value, file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(path + ".new", path)

    def read(self, name):
        """None: there is none that can be read."""
        try:
            with open(self.name(name)) as file:
                return json.load(file)
        except (OSError, ValueError):
            return None

    def result(self, number):
        return self.read(f"points/{number}.json")

    def missing(self, count):
        return [number for number in range(count) if not os.path.exists(self.name("points", f"{number}.json"))]
