"""tools/check_layers: the tree passes, and each arrow that is turned round is found."""
import importlib.machinery
import importlib.util
import itertools
import os
import shutil
import subprocess
import tempfile
from suites.tools import expect, expect_equal, run, run_program_suite

OBJECTS = {"sim": "build/obj/tail/sim", "firmware": "build/fw"}
COMPILER = {"sim": ["gcc"], "firmware": ["riscv64-unknown-elf-gcc", "-march=rv64imafdc", "-mabi=lp64"]}
LINKER = {"sim": "ld", "firmware": "riscv64-unknown-elf-ld"}
ARGUMENTS = [f"{tree}={objects}" for tree, objects in OBJECTS.items()]


def load_checker():
    loader = importlib.machinery.SourceFileLoader("check_layers", "tools/check_layers")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_layers", loader))
    loader.exec_module(module)
    return module


def in_copy(plant):
    """Run check_layers on a copy of the tree and its objects in which `plant` has put something wrong; what it must say."""
    checker = load_checker()
    with tempfile.TemporaryDirectory() as folder:
        wanted = []
        for tree, objects in OBJECTS.items():
            shutil.copytree(tree, os.path.join(folder, tree))
            shutil.copytree(objects, os.path.join(folder, objects))
            copy = checker.Tree(tree, checker.LAYERS[tree], objects)
            wanted += plant(folder, tree, copy)
        status, out, _ = run(["tools/check_layers", "-C", folder, *ARGUMENTS])
    expect_equal(status, 1, "check_layers' status")
    missing = [words for words in wanted if not any(all(word in line for word in words) for line in out.splitlines())]
    expect(wanted and not missing, f"not found: {missing[:3]} ({len(missing)} of {len(wanted)})\n{out[-2000:]}")


def folders(tree):
    return [layer.split()[0] for layer in load_checker().LAYERS[tree] if "." not in layer]


def first(tree, folder, suffix):
    """A file of the folder."""
    return next(path for path in tree.files if path.startswith(folder + "/") and path.endswith(suffix))


def turned_includes(folder, name, tree):
    """A file of each folder includes a header of each folder right of it."""
    for left, right in itertools.combinations(folders(name), 2):
        if not any(path.startswith(right + "/") and path.endswith(".h") for path in tree.files):
            continue
        source, header = first(tree, left, (".c", ".h")), first(tree, right, ".h")
        with open(os.path.join(folder, name, source), "a") as file:
            file.write(f'#include "{header}"\n')
        yield f"{name}/{source}: includes {header},"


def functions(symbols):
    """Of an object's symbols, those that C can call, in order."""
    return sorted(symbol for symbol in symbols if symbol.isidentifier() and symbol.islower())


def add_calls(folder, name, tree, source, symbols):
    """The object made of a source also calls these functions."""
    target = os.path.join(folder, tree.object_of(source))
    code = "".join(f"void {symbol}(void);" for symbol in symbols) + f"void planted_{os.path.basename(source).split('.')[0]}(void) {{" + \
        "".join(f"{symbol}();" for symbol in symbols) + "}"
    planted = target + ".planted.o"
    subprocess.run([*COMPILER[name], "-w", "-fno-builtin", "-x", "c", "-c", "-", "-o", planted], input=code.encode(), check=True)
    subprocess.run([LINKER[name], "-r", "-o", target + ".both", target, planted], check=True)
    os.replace(target + ".both", target)
    os.remove(planted)


def turned_calls(folder, name, tree):
    """An object of each folder calls a function of each folder right of it."""
    tables = tree.symbols()
    homes = {path.split("/")[0]: (path, functions(tables[path][0])[0]) for path in sorted(tables) if "/" in path and functions(tables[path][0])}
    order = [folder for folder in folders(name) if folder in homes]
    for i, left in enumerate(order[:-1]):
        rights = [homes[right] for right in order[i + 1:]]
        add_calls(folder, name, tree, homes[left][0], [symbol for _, symbol in rights])
        for path, _ in rights:
            yield f"{name}/{homes[left][0]}: links to {path},"


def circles_of_calls(folder, name, tree):
    """In each folder where one file calls another, that one calls it back."""
    tables = tree.symbols()
    owner = {symbol: path for path in tables for symbol in tables[path][0]}
    for place in folders(name):
        inside = [path for path in sorted(tables) if path.startswith(place + "/") and functions(tables[path][0])]
        pair = next(((path, owner[symbol]) for path in inside for symbol in sorted(tables[path][1])
                     if owner.get(symbol, path) != path and owner[symbol].startswith(place + "/")), None)
        if pair:
            add_calls(folder, name, tree, pair[1], functions(tables[pair[0]][0])[:1])
            yield "a circle (links to)", pair[0], pair[1]


def lines(plant):
    return lambda *arguments: [(words,) if isinstance(words, str) else words for words in plant(*arguments)]


def cases():
    yield "tree", lambda: run_program_suite(["tools/check_layers", *ARGUMENTS])
    yield "turned-includes", lambda: in_copy(lines(turned_includes))
    yield "turned-calls", lambda: in_copy(lines(turned_calls))
    yield "circles", lambda: in_copy(lines(circles_of_calls))
