# Benchmark programs and `make bench`: rvsim's speed as ratios to QEMU's (and Spike's, with SPIKE=path) on the same
# ELFs.
RISCV_CC ?= riscv64-unknown-elf-gcc
BENCH_CFLAGS := -march=rv64imafdc_zicsr -mabi=lp64d -mcmodel=medany -O2 -std=gnu17 -Wall -Wextra -ffreestanding -nostdlib -static \
	-fno-tree-loop-distribute-patterns -Wl,--build-id=none,--no-warn-rwx-segments -T tests/bench/bench.ld
BENCH_PROGRAMS := $(foreach mode,M S VS,$(foreach name,mix walk records kernels,build/bench/$(name)-$(mode).elf)) build/bench/shared-M.elf
BENCH_ROUNDS_mix := 48000000
BENCH_ROUNDS_walk := 60
BENCH_ROUNDS_records := 3600000
BENCH_ROUNDS_kernels := 18000
BENCH_ROUNDS_shared := 360000

.PHONY: bench bench-programs
bench-programs: $(BENCH_PROGRAMS)

# $(1) program, $(2) mode, $(3) further flags
define bench_rule
build/bench/$(1)-$(2).elf: tests/bench/$(1).c tests/bench/runtime.S tests/bench/tables.c tests/bench/bench.ld tests/bench/build.mk
	@mkdir -p $$(@D)
	@$(RISCV_CC) $(BENCH_CFLAGS) -DMODE_$(2) -DROUNDS=$(BENCH_ROUNDS_$(1)) $(3) tests/bench/runtime.S tests/bench/tables.c $$< -o $$@
endef
$(foreach mode,M S VS,$(foreach name,mix walk records kernels,$(eval $(call bench_rule,$(name),$(mode)))))
$(eval $(call bench_rule,shared,M,-DHARTS))

bench: ## speed, as ratios to QEMU in the same run (SPIKE=path adds Spike)
	@tools/install-packages.sh $(PACKAGES_TEST)
	@$(MAKE) --no-print-directory all bench-programs
	@tests/bench/bench.py
