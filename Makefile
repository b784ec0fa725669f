# rvsim: `make run` shows it, `make test` proves it, `make help` lists the rest.

CC_SIM ?= clang-19
CC_PLAIN ?= gcc
BUILD := build

WARNINGS := -Wall -Wextra -Werror
CFLAGS_COMMON := -std=gnu17 -g $(WARNINGS) -Isim -I$(BUILD)/include -MMD -MP -D_GNU_SOURCE
CFLAGS_SIM := $(CFLAGS_COMMON) -O2 -fno-strict-aliasing
LIBS := -ldw -lelf -lfdt -lzstd -lz -lxxhash -lreadline -lslirp -lm

PACKAGES_BUILD := make gcc libc6-dev clang-19 libelf-dev libdw-dev libfdt-dev libzstd-dev libxxhash-dev zlib1g-dev libreadline-dev libslirp-dev libsdl2-dev libsqlite3-dev gcc-riscv64-unknown-elf python3
PACKAGES_TEST := $(PACKAGES_BUILD) libclang-rt-19-dev libcriterion-dev qemu-system-misc qemu-user opensbi u-boot-qemu u-boot-tools lld \
                 device-tree-compiler gdb-multiarch rustc binutils-riscv64-unknown-elf gcc-riscv64-linux-gnu libc6-dev-riscv64-cross debian-archive-keyring sqlite3 babeltrace2 gtkwave protobuf-compiler valgrind man-db zsh xvfb xdotool libsdl2-ttf-2.0-0 fonts-dejavu-core xz-utils

SIM_SOURCES := $(sort $(wildcard sim/*/*.c sim/*/*/*.c))
SIM_LIBRARY := $(filter-out sim/cli/main.c,$(SIM_SOURCES))
# A trace is read without a machine: what does so needs no more of sim/ than this.
RVTRACE_WINDOW := window/sdl.c window/view_window.c dev/screen.c dev/screen_file.c
RVTRACE_SOURCES := $(sort $(wildcard tools/rvtrace/*.c)) $(filter sim/base/% sim/isa/% sim/trace/% sim/view/% $(RVTRACE_WINDOW:%=sim/%),$(SIM_LIBRARY))
FORMATTED = $(shell git ls-files 'sim/*.[ch]' 'firmware/*.[ch]' 'tools/*.[ch]')
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))

.DEFAULT_GOAL := all
.PHONY: all ready run debug-inputs slurm ci-tools package-test format test test-programs asan hostile lint packages clean help expand

all: $(BUILD)/rvsim $(BUILD)/rvtrace firmware guests ## build everything under build/

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' Makefile */*.mk */*/*.mk 2>/dev/null | sed -E 's/:[^#]*## /\t/' | sort -u | expand -t 16

packages: ## install what building needs
	@tools/install-packages.sh $(PACKAGES_BUILD)

# One rule a variant: the same sources, another compiler or other flags.
# $(1) variant, $(2) compiler, $(3) flags, $(4) link flags
define variant
$(BUILD)/obj/$(1)/%.o: %.c Makefile
	@mkdir -p $$(@D)
	@echo '  CC    $$@'; $(2) $(3) -c $$< -o $$@
$(BUILD)/$(1)/rvsim: $$(SIM_SOURCES:%.c=$(BUILD)/obj/$(1)/%.o)
	@mkdir -p $$(@D)
	@echo '  LINK  $$@'; $(2) $(4) $$^ $$(LIBS) -o $$@
$(BUILD)/$(1)/rvtrace: $$(RVTRACE_SOURCES:%.c=$(BUILD)/obj/$(1)/%.o)
	@mkdir -p $$(@D)
	@echo '  LINK  $$@'; $(2) $(4) $$^ $$(LIBS) -lsqlite3 -o $$@
$(BUILD)/$(1)/unit: $$(SIM_LIBRARY:%.c=$(BUILD)/obj/$(1)/%.o) $$(UNIT_SOURCES:%.c=$(BUILD)/obj/$(1)/%.o)
	@mkdir -p $$(@D)
	@echo '  LINK  $$@'; $(2) $(4) $$^ $$(LIBS) -lcriterion -o $$@
$(BUILD)/obj/$(1)/sim/timing/preset.o: $$(wildcard sim/timing/presets/*.cpu)
-include $$(wildcard $(BUILD)/obj/$(1)/*/*.d $(BUILD)/obj/$(1)/*/*/*.d $(BUILD)/obj/$(1)/*/*/*/*.d)
endef

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
# The engine that ships, the plain loop that judges it, and both under sanitizers.
$(eval $(call variant,tail,$(CC_SIM),$(CFLAGS_SIM),))
$(eval $(call variant,plain,$(CC_PLAIN),$(CFLAGS_SIM),))
$(eval $(call variant,asan,$(CC_SIM),$(CFLAGS_COMMON) -O1 -fno-omit-frame-pointer -DPLAIN_LOOP $(SANITIZE),$(SANITIZE)))

$(BUILD)/rvsim $(BUILD)/rvtrace: $(BUILD)/%: $(BUILD)/tail/%
	@install $< $@

include firmware/build.mk
include $(wildcard tests/*/build.mk)
include $(wildcard tools/*/*.mk)

ready: ## install what building needs, and build, on all processors: what a line of CI begins with
	@tools/install-packages.sh $(PACKAGES_BUILD)
	@test -x $(BUILD)/rvsim || echo 'building rvsim, its hypervisor and guests: about a minute on 4 processors' >&2
	@$(MAKE) --no-print-directory -j$$(nproc) all

run: ready ## the main job: two zones on four harts, with a trace of every world switch
	$(BUILD)/rvsim -smp 4 --check percpu,worldswitch --trace $(BUILD)/run.trace --stats $(BUILD)/run.json \
		$(BUILD)/firmware.elf $(BUILD)/guests/smp.elf,name=smp $(BUILD)/guests/paging.elf,name=paging </dev/null
	@echo; echo 'The first switches to and from guests in $(BUILD)/run.trace (rvtrace dump --type=world):'
	@$(BUILD)/rvtrace dump --type=world $(BUILD)/run.trace | grep -w VS | head -n 8
	@echo; echo 'What they cost, in cycles (rvtrace stat):'
	@$(BUILD)/rvtrace stat $(BUILD)/run.trace
	@$(BUILD)/rvtrace report $(BUILD)/run.trace -o $(BUILD)/report.html
	@echo; echo 'The same as a page, to be opened in a browser: $(BUILD)/report.html'

# Everything the suites run, built first so that they measure nothing but what they test.
test-programs: all $(BUILD)/tail/unit $(BUILD)/plain/unit $(BUILD)/plain/rvsim $(BUILD)/asan/rvsim golden-programs switch-programs isa-programs fp-programs fuzz-programs accuracy-programs input-programs machine-programs unaware-programs board-programs diff-tools semihosting-programs bench-programs bench-short-programs view-programs $(BUILD)/linux/initrd

test: ## everything that proves it, within 15 minutes: prints N passed, N failed
	@tools/install-packages.sh $(PACKAGES_TEST)
	@$(MAKE) --no-print-directory -j$$(nproc) test-programs
	@$(MAKE) --no-print-directory $(BUILD)/linux/13/Image || true # tests/suites/linux_boot.py says what follows
	@tests/run.py

asan: ## unit tests, guests and bad input under AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/install-packages.sh $(PACKAGES_TEST)
	@$(MAKE) --no-print-directory -j$$(nproc) test-programs $(BUILD)/asan/unit
	@tests/run.py asan

hostile: ## bad ELFs and options; guests under one-op blocks, one-entry TLBs and flushes at every block
	@tools/install-packages.sh $(PACKAGES_TEST)
	@$(MAKE) --no-print-directory -j$$(nproc) test-programs
	@tests/run.py hostile hostile_engines

debug-inputs: ## 10,000 random lines for the debugger and 10,000 packets for its GDB stub, under sanitizers
	@tools/install-packages.sh $(PACKAGES_TEST)
	@$(MAKE) --no-print-directory -j$$(nproc) test-programs
	@tests/run.py debug_inputs

slurm: ## rvsim-sweep on a Slurm of this machine, started for it: 200 points, to the table that this machine alone makes
	@tools/install-packages.sh $(PACKAGES_TEST) slurm-wlm python3-matplotlib
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@tests/run.py slurm

ci-tools: ## rvsim-ci in projects outside; npm's JUnit readers; 1,000 runs that are killed; a slower trap.S
	@tools/install-packages.sh $(PACKAGES_TEST) git nodejs
	@command -v npm >/dev/null || tools/install-packages.sh npm
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@tests/run.py ci_outside

package-test: ## the Debian package: lintian; in a fresh Debian 12 it does the main job, CI's templates, and leaves nothing
	@tools/install-packages.sh $(PACKAGES_TEST) git lintian debootstrap python3-yaml
	@$(MAKE) --no-print-directory -j$$(nproc) all deb
	@tests/run.py package

format: ## make the sources look as .clang-format says
	@tools/install-packages.sh clang-format-19
	@clang-format-19 -i $(FORMATTED)

lint: ## layering, formatting, and clang-tidy's bugprone checks
	@tools/install-packages.sh clang-format-19 clang-tidy-19
	@$(MAKE) --no-print-directory all
	@clang-format-19 --dry-run --Werror $(FORMATTED)
	@printf '%s\n' $(SIM_SOURCES) $(wildcard tools/*/*.c) | xargs -P$$(nproc) -n8 sh -c \
		'clang-tidy-19 --quiet "$$@" -- -std=gnu17 -Isim -I$(BUILD)/include -Itools -D_GNU_SOURCE 2>/dev/null' lint
	@tools/check_layers sim=$(BUILD)/obj/tail/sim firmware=$(BUILD)/fw

expand: ## show what an X-macro file becomes: make expand FILE=sim/engine/op_int.c
	$(CC_SIM) $(CFLAGS_SIM) -E -P $(FILE) | clang-format 2>/dev/null || $(CC_SIM) $(CFLAGS_SIM) -E -P $(FILE)

clean: ## remove build/
	rm -rf $(BUILD)
