#!/bin/sh
# Register instructions against qemu-riscv64: tests/insn/run.sh FOLDER [SEED [ROUNDS]], FOLDER holding guest and check.
set -e
reference=${INSN_REFERENCE-qemu-riscv64 -cpu rv64,zba=true,zbb=true,zbc=true,zbs=true,zbkb=true,zbkc=true,zbkx=true,zknd=true,zkne=true,zknh=true}
results=$(mktemp)
trap 'rm -f "$results"' EXIT
$reference "$1/guest" "${2:-1}" "${3:-10000}" > "$results"
"$1/check" "${2:-1}" "${3:-10000}" < "$results"
