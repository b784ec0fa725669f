# Cycles against CVA6's RTL, row by row: rtl.tsv says what was measured there.
ACCURACY_ELFS := $(addprefix $(BUILD)/accuracy/,machine.elf guest.elf misses.elf harts.elf)
ACCURACY_FLAGS := -march=rv64gc -mabi=lp64d -mcmodel=medany -O2 -ffreestanding -nostdlib -nostartfiles -fno-pic -static -Wall -Wextra \
                  -Wl,--no-warn-rwx-segments

.PHONY: accuracy accuracy-programs
accuracy: $(BUILD)/rvsim $(ACCURACY_ELFS) ## cycles of --cpu cva6 against its RTL, row by row
	@tests/accuracy/run --rvsim $(BUILD)/rvsim --programs $(BUILD)/accuracy
	@tests/accuracy/presets --rvsim $(BUILD)/rvsim --programs $(BUILD)/accuracy
	@tests/accuracy/harts --rvsim $(BUILD)/rvsim --programs $(BUILD)/accuracy

accuracy-programs: $(ACCURACY_ELFS)

$(BUILD)/accuracy/%.elf: tests/accuracy/%.c tests/accuracy/%_code.S tests/accuracy/kernels_%.def tests/accuracy/start.S \
                         tests/accuracy/support.c tests/accuracy/accuracy.h tests/accuracy/link.ld tests/accuracy/build.mk
	@mkdir -p $(@D)
	riscv64-unknown-elf-gcc $(ACCURACY_FLAGS) -Itests/accuracy -T tests/accuracy/link.ld tests/accuracy/start.S tests/accuracy/support.c \
		$< -Wa,-Itests/accuracy -o $@

# guest.c with 100,000 loads in each chain
$(BUILD)/accuracy/misses.elf: $(BUILD)/accuracy/guest.elf
	riscv64-unknown-elf-gcc $(ACCURACY_FLAGS) -DHOPS=100000 -Itests/accuracy -T tests/accuracy/link.ld tests/accuracy/start.S \
		tests/accuracy/support.c tests/accuracy/guest.c -Wa,-Itests/accuracy -o $@

$(BUILD)/accuracy/harts.elf: $(addprefix tests/accuracy/,harts.c harts_code.S support.c accuracy.h link.ld build.mk)
	@mkdir -p $(@D)
	riscv64-unknown-elf-gcc $(ACCURACY_FLAGS) -Itests/accuracy -T tests/accuracy/link.ld tests/accuracy/harts_code.S \
		tests/accuracy/support.c $< -o $@
