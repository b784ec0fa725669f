"""`translate` holds what the hart does: the same accesses are asked about and then performed, in all modes, through tables with
all that can be wrong with them, to memory, devices, holes, and under PMP; tests/debug/access.S."""
import os
import random
import re
import struct
import tempfile
from suites.tools import RVSIM, expect, expect_equal, run

PROGRAM = "build/debug/access.elf"
ROWS, COUNT = 0x84000000, 500
TABLES, DATA, IMAGE_END = 0x84080000, 0x840c0000, 0x84100000
KINDS = ["r", "w", "x", "a", "lr"]
MODES = {"U": 0, "HS": 1 << 11, "M": 3 << 11, "VU": 1 << 39, "VS": 1 << 39 | 1 << 11}
SUM, MXR, SV39, EBREAK = 1 << 18, 1 << 19, 8 << 60, 0x00100073
V, R, W, X, U, G, A, D = (1 << i for i in range(8))
# what pages lead to: memory, PMP's regions, devices, holes, and beyond the end of memory
TARGETS = [DATA + 0x1000 * i for i in range(12)] + [
    0x84010000, 0x84011000, 0x84012000, 0x100000, 0x101000, 0x2000000, 0x2004000, 0x200b000, 0xc000000, 0xc200000, 0x10000000,
    0x40000000, 0x9ffff000, 0xa0000000, 0x1000000000]
FETCHED = (2, 3, 8, 9, 10, 11)  # ebreak; where a store left zeros, an ecall, or no instruction
OFFSETS = [0, 0, 1, 2, 4, 6, 8, 0xfc, 0x100, 0x104, 0xff8, 0xffc, 0xffe, 0xfff]


class Image:
    def __init__(self, rng):
        self.rng, self.bytes, self.next = rng, bytearray(IMAGE_END - ROWS), TABLES
        for at in range(DATA - ROWS, len(self.bytes), 4):
            self.put(ROWS + at, EBREAK, 4)
        for page in range(DATA, IMAGE_END, 0x1000):  # an instruction across the pages' ends
            self.put(page, EBREAK >> 16, 2)
            self.put(page + 0xffe, EBREAK & 0xffff, 2)

    def put(self, pa, value, size=8):
        self.bytes[pa - ROWS:pa - ROWS + size] = value.to_bytes(size, "little")

    def table(self, pages=1):
        self.next += -self.next % (0x1000 * pages)
        self.next += 0x1000 * pages
        return self.next - 0x1000 * pages

    def pte(self, target, user):
        """A leaf: mostly good, often with one thing amiss."""
        good = V | R | W | X | A | D | (U if user else 0)
        flaw = self.rng.choice([0] * 6 + [V, R, W, X, U, A, D, R | W, R | X, A | D, G, 1 << 54, 1 << 61, 1 << 63, R | W | X])
        return target >> 12 << 10 | (good ^ flaw)


def sv39(image, user, wide):
    """A table of random leaves of all sizes; returns (its root, addresses in it)."""
    root, middle, last = image.table(4 if wide else 1), image.table(), image.table()
    vas = []
    image.put(root, middle >> 12 << 10 | V)
    image.put(middle, last >> 12 << 10 | V)
    for i in range(96):
        image.put(last + 8 * i, image.pte(image.rng.choice(TARGETS), user))
        vas.append(i << 12)
    for i in range(1, 12):
        image.put(middle + 8 * i, image.pte(image.rng.choice([0x84000000, 0x84200000, 0x10000000, 0x84001000, 0xa0000000]), user))
        vas.append(i << 21 | DATA & 0x1ff000)
    image.put(middle + 8 * 12, 0x40000000 >> 12 << 10 | V)  # a table where nothing is
    image.put(middle + 8 * 13, last >> 12 << 10 | V | A)    # a pointer with A
    image.put(root + 8, image.pte(0x80000000, user))
    return root, vas + [12 << 21, 13 << 21, 1 << 30 | DATA - 0x80000000, 1 << 39, 1 << 50]


def second_stage(image):
    """G-stage: sound where VS-stage tables lie, random where data does."""
    root, middle, last = image.table(4), image.table(), image.table()
    good = V | R | W | X | U | A | D
    for i in (2, 3):
        image.put(root + 8 * i, middle >> 12 << 10 | V)
    image.put(middle + 8 * (0x4000000 >> 21), last >> 12 << 10 | V)
    for i in range(512):
        pa = 0x84000000 + (i << 12)
        image.put(last + 8 * i, pa >> 12 << 10 | good if pa < DATA else image.pte(pa, True))
    image.put(root, good)  # 1 GiB: the devices, by their own addresses
    return root


def rows_of(image):
    rng = image.rng
    stage1 = [sv39(image, user, False) for user in (False, True, False, True)]
    guest = [sv39(image, True, True), (second_stage(image), []), (second_stage(image), [])]
    bare = TARGETS + [1 << 40, 1 << 63]
    rows = []
    for _ in range(COUNT):
        mode = rng.choice(list(MODES))
        (satp, s_vas), (vsatp, vs_vas), (hgatp, g_vas) = rng.choice(stage1), rng.choice(stage1), rng.choice(guest)
        use = [rng.random() < 0.8 for _ in range(3)]
        vas = bare
        if mode in ("U", "HS") and use[0]:
            vas = s_vas
        if mode in ("VU", "VS"):
            vas = vs_vas if use[1] else g_vas if use[2] and g_vas else bare
        kind = rng.choice([0, 0, 1, 1, 2, 2, 3, 4])
        log2 = rng.randrange(2, 4) if kind == 4 else rng.randrange(4)
        va = rng.choice(vas) + rng.choice(OFFSETS)
        va &= ~1 if kind == 2 else ~0
        if rng.random() < 0.15:
            va |= rng.choice([0x7f, 0xff, 0x55]) << 57  # masked, or not canonical
        pmm = [rng.choice([0, 0, 2, 3]) << 32 for _ in range(3)]
        adue = [rng.choice([0, 1]) << 61 for _ in range(2)]
        atp = [SV39 | table >> 12 if used else 0 for table, used in zip((satp, vsatp, hgatp), use)]
        rows.append([va % (1 << 64), kind, log2, MODES[mode] | rng.choice([0, SUM]) | rng.choice([0, 0, MXR]), *atp,
                     rng.choice([0, SUM]) | rng.choice([0, 0, MXR]), pmm[0] | adue[0], pmm[1] | adue[1], pmm[2], 0,
                     (1 << 64) - 1, 0, 0, 0, mode])
    return rows


def question(row):
    size = "" if row[1] == 2 else 1 << row[2]
    return f"translate {row[0]:#x} {KINDS[row[1]]} {size} {row[16]}"


def said(text):
    """(cause or None, tval, htval or None, tinst or None) of what translate said."""
    found = re.search(r"cause (\d+), tval 0x([0-9a-f]+)(?:, htval 0x([0-9a-f]+) .*htinst (\S+) .*?0x([0-9a-f]+))?", text)
    if not found:
        expect(" -> pa 0x" in text, f"no verdict: {text}")
        return None
    htval = int(found[3], 16) if found[3] else None
    pseudo = int(found[5], 16) if found[4] == "pseudoinstruction" else None
    return int(found[1]), int(found[2], 16), htval, pseudo


def did(row, result):
    """The same of what the hart did."""
    cause, tval, tval2, tinst = result
    if cause == (1 << 64) - 1 or (row[1] == 2 and cause in FETCHED):
        return None
    guest_page = cause in (20, 21, 23)
    return cause, tval, tval2 if guest_page else None, tinst if guest_page and tinst in (0x3000, 0x3020) else None


def compare(seed, options):
    image = Image(random.Random(seed))
    rows = rows_of(image)
    for i, row in enumerate(rows):
        image.bytes[128 * i:128 * i + 128] = struct.pack("<16Q", *row[:16])
    image.put(ROWS + 128 * COUNT + 8, 255)
    expect(128 * COUNT + 128 <= 0x10000 and image.next <= DATA, "the image has no room")
    script = "break try\n" + "".join(f"continue\nprint {i}\n{question(row)}\n" for i, row in enumerate(rows))
    script += f"delete\nbreak done\ncontinue\nxp/{16 * COUNT}xg {ROWS:#x}\nquit\n"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rows")
        with open(path, "wb") as file:
            file.write(image.bytes)
        status, _, err = run([RVSIM, *options, "-device", f"guest-loader,addr={ROWS:#x},initrd={path}", "--debug", PROGRAM], 120,
                             stdin=script.encode())
    expect_equal(status, 0, err[-1000:])
    asked = re.split(r"^0x[0-9a-f]+ (\d+)$", err, flags=re.M)[1:]
    expect_equal(asked[::2], [str(i) for i in range(COUNT)], "questions")
    words = [int(word, 16) for line in re.findall(r"^0x[0-9a-f]{16}:(.*)$", err, re.M) for word in line.split()][-16 * COUNT:]
    kinds = set()
    for i, row in enumerate(rows):
        answer, wanted = said(asked[2 * i + 1].split("\nbreakpoint")[0]), did(row, words[16 * i + 12:16 * i + 16])
        kinds.add((row[16], wanted and wanted[0]))
        expect_equal(answer, wanted, f"row {i}: {question(row)} with {[hex(word) for word in row[3:11]]}:\n{asked[2 * i + 1][:1500]}")
    return kinds


def all_verdicts():
    """Not only the easy ones: every cause in modes where it can be."""
    kinds = set().union(*(compare(seed, []) for seed in range(3)))
    for mode, causes in {"M": [1, 4, 5, 6, 7], "HS": [1, 5, 7, 12, 13, 15], "U": [1, 5, 7, 12, 13, 15],
                         "VS": [1, 5, 7, 12, 13, 15, 20, 21, 23], "VU": [12, 13, 15, 20, 21, 23]}.items():
        for cause in [None, *causes]:
            expect((mode, cause) in kinds, f"no access in {mode} ended in cause {cause}")


def cases():
    yield "all-verdicts", all_verdicts
    for name, options in {"misaligned-traps": ["--set", "misaligned=traps"], "no-svadu": ["--isa", "-svadu"], "64-pmp": ["--set", "pmp.entries=64"],
                          "small": ["-m", "96M"], "one-entry-tlb": ["--set", "tlb.entries=1"]}.items():
        yield name, lambda options=options: compare(7, options)
