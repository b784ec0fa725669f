# Bare-metal programs that look at the board: what is where, and what a reset does. They print the same on QEMU.
BOARD_PROGRAMS := $(patsubst tests/board/%.c,build/board/%.elf,$(wildcard tests/board/*.c))
BOARD_CFLAGS := -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -std=gnu17 -O2 -Wall -Wextra -Werror -ffreestanding \
	-nostdlib -static -Wl,--build-id=none,--no-warn-rwx-segments,-Ttests/board/rt/link.ld

.PHONY: board-programs
board-programs: $(BOARD_PROGRAMS)

$(BOARD_PROGRAMS): build/board/%.elf: tests/board/%.c $(wildcard tests/board/rt/*) tests/board/build.mk
	@mkdir -p $(@D)
	@riscv64-unknown-elf-gcc $(BOARD_CFLAGS) -Itests/board/rt $< tests/board/rt/start.S -o $@
