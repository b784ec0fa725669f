"""The records of a log: what the runtime's put() wrote, by name."""
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
KIND_EVENT, KIND_FINAL = 0xe7, 0xf1


def rows(kind):
    with open(os.path.join(HERE, "record.def")) as file:
        return re.findall(rf"^{kind}\((\w+), (\w+)\)", file.read(), re.M)


EVENT = ["header", "slot", "mstatus"] + [f"x{n}" for n in range(5, 16)] + [name for name, _ in rows("EVENT")]
FINAL = (["header", "events"] + [name for name, _ in rows("FINAL")] + [f"f{n}" for n in range(32)] +
         [f"data{n}" for n in range(32)] + ["tables"] + [f"{bit}{n}" for bit in ("accessed", "dirty") for n in range(30)])
CSR_NUMBERS = {int(number, 0): name for kind in ("EVENT", "FINAL") for name, number in rows(kind)}
CSR_NUMBERS[0x300] = "mstatus"


def cases_of(words):
    """Split a log: a list with, for each case, the list of its records."""
    cases, at = [], 1
    while at < len(words):
        kind, size = words[at] >> 56, words[at] & 0xffff
        names = EVENT if kind == KIND_EVENT else FINAL
        if kind not in (KIND_EVENT, KIND_FINAL) or size != len(names):
            raise ValueError(f"log damaged at word {at}: {words[at]:#x}")
        number = words[at] >> 32 & 0xffffff
        if number > len(cases):
            cases.append([])
        cases[-1].append(dict(zip(names, words[at:at + size])))
        at += size
    return cases


def is_event(record):
    return record["header"] >> 56 == KIND_EVENT
