# Fuzzing with libFuzzer, under AddressSanitizer and UndefinedBehaviorSanitizer. One program a target,
# build/fuzz/bin/TARGET; corpora and findings stay under build/fuzz.

SECONDS ?= 7200
FUZZ_READERS := elf unpack devtree decode trace options preset recording restore devices debugger gdb
FUZZ_BIN := $(BUILD)/fuzz/bin
FUZZ_SANITIZE := address,undefined
# Use after return is not looked for: its frames do not go with preserve_none.
FUZZ_CFLAGS := $(CFLAGS_SIM) -fno-omit-frame-pointer -fsanitize=$(FUZZ_SANITIZE) -fno-sanitize-recover=all \
	-fsanitize-address-use-after-return=never
FUZZ_LINK := -fsanitize=fuzzer,$(FUZZ_SANITIZE)
FUZZ_LINK_debugger := -Wl,--wrap=fopen
FUZZ_LINK_gdb := -Wl,--wrap=fopen,--wrap=accept4,--wrap=recv,--wrap=send

.PHONY: fuzz fuzz-programs

# Readers of input, with comparisons recorded: they contain what the input has to hold. Machines without, which is twice
# as fast, in the engine that ships and in the plain loop that judges it.
FUZZ_COUNT := -fsanitize-coverage=inline-8bit-counters,pc-table
$(eval $(call variant,fuzz,$(CC_SIM),$(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -DPLAIN_LOOP,$(FUZZ_LINK)))
$(eval $(call variant,fuzz-tail,$(CC_SIM),$(FUZZ_CFLAGS) $(FUZZ_COUNT),$(FUZZ_LINK)))
$(eval $(call variant,fuzz-plain,$(CC_SIM),$(FUZZ_CFLAGS) $(FUZZ_COUNT) -DPLAIN_LOOP,$(FUZZ_LINK)))

# The program's main is part of the fuzzer; its sub-commands are linked to it.
FUZZ_OBJECTS_trace := $(patsubst %.c,$(BUILD)/obj/fuzz/%.o,$(filter-out tools/rvtrace/main.c,$(wildcard tools/rvtrace/*.c)))

# $(1) program, $(2) variant, $(3) source, $(4) link flags, $(5) more objects
define fuzz_program
$(FUZZ_BIN)/$(1): $(BUILD)/obj/$(2)/tests/fuzz/$(3).o $(SIM_LIBRARY:%.c=$(BUILD)/obj/$(2)/%.o) $(5)
	@mkdir -p $$(@D)
	@echo '  LINK  $$@'; $(CC_SIM) $(FUZZ_LINK) $(4) $$^ $(LIBS) -lsqlite3 -o $$@
endef

$(foreach target,$(FUZZ_READERS),$(eval $(call fuzz_program,$(target),fuzz,$(target),$(FUZZ_LINK_$(target)),$(FUZZ_OBJECTS_$(target)))))
$(eval $(call fuzz_program,machine,fuzz-tail,machine,))
$(eval $(call fuzz_program,machine-plain,fuzz-plain,machine,))

fuzz-programs: $(addprefix $(FUZZ_BIN)/,$(FUZZ_READERS) machine machine-plain)

fuzz: ## random input to every reader and to whole machines: make fuzz [SECONDS=7200]
	@tools/install-packages.sh $(PACKAGES_TEST)
	@$(MAKE) --no-print-directory -j$$(nproc) fuzz-programs
	@python3 tests/fuzz/fuzz.py --build $(BUILD) --seconds $(SECONDS)
