"""
Recognizes the differences that known.md explains, each as narrowly as it can be told from the records.

A rule is called with the record before, ours and theirs of the first record that differs, and the names that differ; it
returns the names that it explains. Rules of PARTS_WAYS explain a difference after which the two programs do different
things, so the rest of the case is not compared.
"""
PARTS_WAYS = set()
QEMU_RULES = []
SGEI = 1 << 12

SPIKE_RULES = []


def only(ours, theirs, names, which, bits):
    """Those of the registers `which` that differ in no other than these bits."""
    return {name for name in which if name in names and not (ours[name] ^ theirs[name]) & ~bits}


def qemu_sgei(before, ours, theirs, names):
    return only(ours, theirs, names, ("mideleg", "mie", "hie"), SGEI)


QEMU_RULES += [qemu_sgei]


def explainer(machine):
    rules = {"qemu": QEMU_RULES, "spike": SPIKE_RULES}.get(machine, [])

    def explain(before, ours, theirs, names):
        left, ids = list(names), set()
        for rule in rules:
            explained = rule(before, ours, theirs, left)
            if explained:
                ids.add(rule.__name__)
                left = [] if rule.__name__ in PARTS_WAYS else [name for name in left if name not in explained]
                if not left:
                    break
        return ids, left

    return explain


def parts_ways(ids):
    return bool(ids & PARTS_WAYS)


def hang(machine, ours):
    """The id of the known difference that makes a machine not finish a case, or None."""
    return None
