"""The faults of tests/mutants can still be planted, each in its one place; `make mutants` plants them."""
import glob
import os
from suites.tools import run_program_suite


def cases():
    for path in sorted(glob.glob("tests/mutants/*.tsv")):
        name = os.path.basename(path)[:-4]
        yield name, lambda name=name: run_program_suite(["tools/mutants", "--look", name])
