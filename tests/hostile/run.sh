#!/bin/sh
# Bad input, from outside: tests/hostile/run.sh [RVSIM]
exec python3 "$(dirname "$0")/hostile.py" "${1:-build/rvsim}"
