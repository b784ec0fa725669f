"""A project outside, with a hypervisor and guests of its own: what rvsim's users have."""
import os
import shutil
import time
from suites.tools import expect, expect_equal, run

PROJECT = "tests/outside/project"


def make_project(folder):
    """A copy of the project, built; its folder."""
    copy = shutil.copytree(PROJECT, os.path.join(folder, "project"))
    status, out, err = run(["make", "-s", "-C", copy])
    expect_equal(status, 0, f"make: {out}{err}")
    return copy


def read(folder, name):
    with open(os.path.join(folder, name)) as file:
        return file.read()


def logged_rvsim(project, rvsim):
    """A simulator that writes its arguments to PROJECT/log before it is the one."""
    path = os.path.join(project, "rvsim-logged")
    with open(path, "w") as file:
        file.write(f'#!/bin/sh\necho "$*" >>{project}/log\nexec {os.path.abspath(rvsim)} "$@"\n')
    os.chmod(path, 0o755)
    return path


def starts(project, words):
    """Of the commands in the log that have those words: was there a snapshot to go on from?"""
    return ["--load " in line for line in read(project, "log").splitlines() if words in line]


def slow_down(project):
    """40 instructions more in each exit of its hypervisor."""
    text, entry = read(project, "boot.S"), "guest_exit:\n\tcsrrw\ta0, sscratch, a0\n"
    expect(entry in text, "where its exits begin")
    with open(os.path.join(project, "boot.S"), "w") as file:
        file.write(text.replace(entry, entry + "\t.rept 40\n\tnop\n\t.endr\n"))
    expect_equal(run(["make", "-s", "-C", project])[0], 0, "make")


def wait_for(condition):
    """What it says at last."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("waited in vain")
