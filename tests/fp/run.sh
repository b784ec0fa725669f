#!/bin/bash
# Floating point against qemu-riscv64: tests/fp/run.sh FOLDER [SEED [RANDOMS [ALL]]], FOLDER holding guest and check. A
# few seconds as it stands: all special values, a million random cases.
set -o pipefail
cases="${2:-1} ${3:-1000000} ${4:-0}"
${FP_REFERENCE-qemu-riscv64 -cpu rv64,Zfh=true} "$1/guest" $cases | "$1/check" $cases
