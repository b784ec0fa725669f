"""Plots of a sweep: a measure over the parameter that has most values, a line for each choice of the others."""
import itertools

SHOWN_LINES = 12


class Missing(Exception):
    """There is nothing to draw with."""


def library():
    try:
        import matplotlib
    except ImportError:
        raise Missing("plots need matplotlib (Debian's python3-matplotlib)") from None
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "rvsim", "svg.fonttype": "none", "font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    from matplotlib import pyplot
    return matplotlib, pyplot


def as_numbers(values):
    """None: they are none."""
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    try:
        return [float(value) if value[-1] not in units else float(value[:-1]) * units[value[-1]] for value in values]
    except ValueError:
        return None


def choose_x(over, wanted=None):
    """The position of the parameter along x: as asked, else of the numbers that with most values."""
    for at, (name, _) in enumerate(over):
        if name == wanted:
            return at
    return max(range(len(over)), key=lambda at: (as_numbers(over[at][1]) is not None, len(over[at][1])))


def is_geometric(numbers):
    return len(numbers) > 3 and min(numbers) > 0 and all(later >= 1.9 * earlier for earlier, later in zip(numbers, numbers[1:]))


def lines_of(over, rows, x):
    """[(label, [(place along x, number)])]; rows: point's values -> number or None."""
    others = [[(name, value) for value in values] for at, (name, values) in enumerate(over) if at != x]
    places = as_numbers(over[x][1]) or list(range(len(over[x][1])))
    for choice in itertools.product(*others):
        values = [value for _, value in choice]
        points = []
        for place, value in zip(places, over[x][1]):
            number = rows.get(tuple(values[:x] + [value] + values[x:]))
            if number is not None:
                points.append((place, number))
        yield ", ".join(f"{name} {value}" for name, value in choice), points


def together(lines):
    """Lines of which one would hide the other become one."""
    found = {}
    for label, points in lines:
        found.setdefault(tuple(points), []).append(label)
    for points, labels in found.items():
        yield labels[0] + (f"\n   and {len(labels) - 1} more, the same" if len(labels) > 1 else ""), list(points)


def draw(path, over, measure, rows, title, wanted_x=None, unit="", meanings=()):
    """As the file's name ends: .svg, .png, .pdf. meanings: what the parameters are, by name."""
    matplotlib, pyplot = library()
    x = choose_x(over, wanted_x)
    numbers = as_numbers(over[x][1])
    lines = list(together(lines_of(over, rows, x)))
    named = len(lines) <= SHOWN_LINES
    figure, axes = pyplot.subplots(figsize=(8, 4.8), layout="constrained")
    colours = matplotlib.colormaps["viridis"]
    for at, (label, points) in enumerate(lines):
        axes.plot([place for place, _ in points], [number for _, number in points], marker="o", markersize=3.5, linewidth=1.4,
                  color=colours(0.9 * at / max(1, len(lines) - 1)), label=label if named or at in (0, len(lines) - 1) else None)
    if numbers is None:
        axes.set_xticks(range(len(over[x][1])), over[x][1])
    elif is_geometric(sorted(numbers)):
        axes.set_xscale("log", base=2)
        axes.set_xticks(numbers, over[x][1])
        axes.minorticks_off()
    meaning = dict(meanings).get(over[x][0])
    axes.set_xlabel(over[x][0] + (f" [{meaning}]" if meaning else ""))
    axes.set_ylabel(measure.replace('"', "") + (f" [{unit}]" if unit and unit != measure else ""))
    axes.yaxis.set_major_formatter(matplotlib.ticker.StrMethodFormatter("{x:,g}"))
    axes.grid(True, linewidth=0.4, alpha=0.5)
    axes.set_title(title, fontsize=10)
    if len(lines) > 1 or lines[0][0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8, frameon=False, title=None if named else "first and last of the lines")
    figure.savefig(path, dpi=120, metadata={"Date": None} if path.endswith(".svg") else None)
    pyplot.close(figure)
