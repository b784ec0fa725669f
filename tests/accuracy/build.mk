# Cycles against CVA6's RTL, row by row: rtl.tsv says what was measured there.
ACCURACY_ELFS := $(BUILD)/accuracy/machine.elf $(BUILD)/accuracy/guest.elf
ACCURACY_FLAGS := -march=rv64gc -mabi=lp64d -mcmodel=medany -O2 -ffreestanding -nostdlib -nostartfiles -fno-pic -static -Wall -Wextra \
                  -Wl,--no-warn-rwx-segments

.PHONY: accuracy accuracy-programs
accuracy: $(BUILD)/rvsim $(ACCURACY_ELFS) ## cycles of --cpu cva6 against its RTL, row by row
	@tests/accuracy/run --rvsim $(BUILD)/rvsim --programs $(BUILD)/accuracy

accuracy-programs: $(ACCURACY_ELFS)

$(BUILD)/accuracy/%.elf: tests/accuracy/%.c tests/accuracy/%_code.S tests/accuracy/kernels_%.def tests/accuracy/start.S \
                         tests/accuracy/support.c tests/accuracy/accuracy.h tests/accuracy/link.ld tests/accuracy/build.mk
	@mkdir -p $(@D)
	riscv64-unknown-elf-gcc $(ACCURACY_FLAGS) -Itests/accuracy -T tests/accuracy/link.ld tests/accuracy/start.S tests/accuracy/support.c \
		$< -Wa,-Itests/accuracy -o $@
