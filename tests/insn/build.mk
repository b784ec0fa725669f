# Instructions against other implementations: register instructions against qemu-riscv64, all rows against objdump.

INSN_SEED ?= 1
INSN_ROUNDS ?= 10000

INSN_BUILD := build/tests/insn
INSN_HANDLERS := sim/engine/op_int.c sim/engine/op_bit.c sim/engine/op_crypto.c
INSN_HEADERS := tests/insn/operations.def tests/insn/operands.h tests/insn/build.mk $(wildcard sim/isa/*.h sim/isa/*.def)

.PHONY: insn-programs insn-test insn-table

# What the suites run is built before them.
insn-programs: $(INSN_BUILD)/guest $(INSN_BUILD)/check build/disasm_words
test-programs: insn-programs

insn-test: $(INSN_BUILD)/guest $(INSN_BUILD)/check ## register instructions against qemu-riscv64
	tests/insn/run.sh $(INSN_BUILD) $(INSN_SEED) $(INSN_ROUNDS)

insn-table: build/disasm_words ## every row of insn.def against objdump
	tools/check_insn build/disasm_words

$(INSN_BUILD)/guest: tests/insn/guest.c $(INSN_HEADERS)
	@mkdir -p $(@D)
	riscv64-unknown-elf-gcc -march=rv64imac -mabi=lp64 -mcmodel=medany -std=gnu17 -O2 -Wall -Wextra -Werror \
		-ffreestanding -nostdlib -static -Wl,--no-warn-rwx-segments,--no-relax -Itests/insn $< -o $@

$(INSN_BUILD)/check: tests/insn/check.c $(INSN_HEADERS) $(SIM_LIBRARY:%.c=build/obj/tail/%.o)
	@mkdir -p $(@D)
	@$(CC_SIM) -std=gnu17 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -Isim -Itests/insn $< $(filter %.o,$^) $(LIBS) -o $@

# The disassembler names CSRs, so it needs the whole library.
build/disasm_words: build/obj/tail/tools/disasm_words.o $(SIM_LIBRARY:%.c=build/obj/tail/%.o)
	$(CC_SIM) $^ $(LIBS) -o $@
