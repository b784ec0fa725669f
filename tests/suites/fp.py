"""Floating point against qemu-riscv64 user mode."""
from suites.tools import run_program_suite


def cases():
    yield "instructions", lambda: run_program_suite(["tests/fp/run.sh", "build/tests/fp"])
