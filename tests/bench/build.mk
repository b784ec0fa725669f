# Benchmark programs and `make bench`: rvsim's speed as ratios to QEMU's (and Spike's, with SPIKE=path) on the same
# ELFs. kinds.txt is their table; those in build/bench/short end after two rounds, for tests/suites/bench.py.
RISCV_CC ?= riscv64-unknown-elf-gcc
BENCH_CFLAGS := -march=rv64imafdc_zicsr -mabi=lp64d -mcmodel=medany -O2 -std=gnu17 -Wall -Wextra -ffreestanding -nostdlib -static \
	-ffunction-sections -fdata-sections -Wl,--gc-sections -fno-math-errno -fno-tree-loop-distribute-patterns -Wl,--build-id=none,--no-warn-rwx-segments
BENCH_COMMON := tests/bench/runtime.S tests/bench/tables.c
# A word a program: its name and the columns of its kind.
BENCH_ROWS := $(shell sed 's/\#.*//' tests/bench/kinds.txt | while read name source function modes rounds definition; do \
	for mode in $$(echo $$modes | tr , ' '); do echo "$$name-$$mode:$$source:$$function:$$mode:$$rounds:$${definition:-NONE}"; done; done)
BENCH_NAMES := $(foreach row,$(BENCH_ROWS),$(word 1,$(subst :, ,$(row)))) exits
BENCH_PROGRAMS := $(BENCH_NAMES:%=build/bench/%.elf)
BENCH_SHORT := $(BENCH_NAMES:%=build/bench/short/%.elf)

.PHONY: bench bench-programs bench-short-programs
bench-programs: $(BENCH_PROGRAMS)
bench-short-programs: $(BENCH_SHORT)

# $(1) output, $(2) source, $(3) function, $(4) mode, $(5) rounds, $(6) definition
define bench_rule
$(1): tests/bench/$(2) $(BENCH_COMMON) tests/bench/bench.h tests/bench/bench.ld tests/bench/build.mk tests/bench/kinds.txt
	@mkdir -p $$(@D)
	@$(RISCV_CC) $(BENCH_CFLAGS) -T tests/bench/bench.ld -Wl,--defsym=bench_main=$(3) -DMODE_$(4:M4=M) $(if $(filter M4,$(4)),-DHARTS) \
		-DROUNDS=$(5) '-D$(6)' $(BENCH_COMMON) $$< -o $$@
endef
bench_rules = $(eval $(call bench_rule,build/bench/$(1).elf,$(2),$(3),$(4),$(5),$(6))) \
	$(eval $(call bench_rule,build/bench/short/$(1).elf,$(2),$(3),$(4),2,$(6)))
bench_columns = $(call bench_rules,$(word 1,$(1)),$(word 2,$(1)),$(word 3,$(1)),$(word 4,$(1)),$(word 5,$(1)),$(word 6,$(1)))
$(foreach row,$(BENCH_ROWS),$(call bench_columns,$(subst :, ,$(row))))

# The guest that only exits.
build/bench/exits.elf: BENCH_EXITS := 200000
build/bench/short/exits.elf: BENCH_EXITS := 200
build/bench/exits.elf build/bench/short/exits.elf: tests/bench/exits.S tests/bench/bench.ld tests/bench/build.mk
	@mkdir -p $(@D)
	@$(RISCV_CC) $(BENCH_CFLAGS) -T tests/bench/bench.ld -DROUNDS=$(BENCH_EXITS) $< -o $@

bench: ## speed, as ratios to QEMU in the same run (SPIKE=path adds Spike, COREMARK=path and EMBENCH=path their ELFs)
	@tools/install-packages.sh $(PACKAGES_TEST)
	@$(MAKE) --no-print-directory -j$$(nproc) all bench-programs
	@tests/bench/bench.py
