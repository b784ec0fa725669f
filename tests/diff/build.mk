# Random programs against other implementations.

SEEDS ?= 1000
SEED ?= 1
DIFF_BUILD := $(BUILD)/tests/diff
DIFF_RUNTIME_FLAGS := -march=rv64imafdc_zicsr_zifencei -mabi=lp64 -mcmodel=medany -std=gnu17 -O2 -Wall -Wextra -Werror \
	-ffreestanding -nostdlib -static -fno-pic -Wl,--no-warn-rwx-segments,--build-id=none,-T,tests/diff/runtime.lds

.PHONY: diff diff-tools

diff: diff-tools $(BUILD)/rvsim $(BUILD)/plain/rvsim ## random programs against QEMU: make diff SEEDS=N [SEED=first] [SPIKE=path]
	python3 tests/diff/compare.py --build $(BUILD) --seeds $(SEEDS) --first $(SEED) $(if $(SPIKE),--spike $(SPIKE))

diff-tools: $(DIFF_BUILD)/generate $(DIFF_BUILD)/listing $(DIFF_BUILD)/runtime.elf

$(DIFF_BUILD)/generate: $(wildcard tests/diff/*.c tests/diff/*.h sim/isa/*.h sim/isa/*.def) tests/diff/build.mk
	@mkdir -p $(@D)
	@echo '  CC    $@'
	@$(CC_SIM) -std=gnu17 -O2 -g -Wall -Wextra -Werror -Isim tests/diff/generate.c tests/diff/slots*.c tests/diff/world.c -o $@

$(DIFF_BUILD)/runtime.elf: $(wildcard tests/diff/*.S) tests/diff/runtime.c tests/diff/layout.h tests/diff/record.def tests/diff/runtime.lds
	@mkdir -p $(@D)
	@echo '  CC    $@'
	@riscv64-unknown-elf-gcc $(DIFF_RUNTIME_FLAGS) tests/diff/entry.S tests/diff/runtime.c -o $@

$(DIFF_BUILD)/listing: tests/diff/layout.h tests/diff/listing.c $(SIM_LIBRARY:%.c=$(BUILD)/obj/tail/%.o)
	@mkdir -p $(@D)
	@echo '  CC    $@'
	@$(CC_SIM) -std=gnu17 -O2 -g -Wall -Wextra -Werror -Isim $(filter %.c %.o,$^) $(LIBS) -o $@
