# rvsim: `make run` shows it, `make test` proves it, `make help` lists the rest.

CC_SIM ?= clang-19
CC_PLAIN ?= gcc
BUILD := build

CFLAGS_COMMON := -std=gnu17 -g -Wall -Wextra -Werror -Isim -MMD -MP -D_GNU_SOURCE
CFLAGS_SIM := $(CFLAGS_COMMON) -O2 -fno-strict-aliasing
LIBS := -lelf -lfdt -lzstd -lreadline -lm

PACKAGES_BUILD := make gcc libc6-dev clang-19 libelf-dev libfdt-dev libzstd-dev libreadline-dev gcc-riscv64-unknown-elf
PACKAGES_TEST := $(PACKAGES_BUILD) libclang-rt-19-dev libcriterion-dev qemu-system-misc qemu-user opensbi python3 \
                 device-tree-compiler binutils-riscv64-unknown-elf

SIM_SOURCES := $(sort $(wildcard sim/*.c sim/*/*.c))
SIM_LIBRARY := $(filter-out sim/main.c,$(SIM_SOURCES))
RVTRACE_SOURCES := tools/rvtrace.c $(SIM_LIBRARY)
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))

.DEFAULT_GOAL := all
.PHONY: all run test unit packages packages-test clean help expand

all: $(BUILD)/rvsim $(BUILD)/rvtrace firmware guests ## build everything under build/

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' Makefile */*.mk */*/*.mk 2>/dev/null | sed -E 's/:[^#]*## /\t/' | sort -u | expand -t 16

packages: ## install what building needs
	@tools/install-packages.sh $(PACKAGES_BUILD)
packages-test:
	@tools/install-packages.sh $(PACKAGES_TEST)

# One rule a variant: the same sources, another compiler or other flags.
# $(1) variant, $(2) compiler, $(3) flags, $(4) link flags
define variant
$(BUILD)/obj/$(1)/%.o: %.c Makefile
	@mkdir -p $$(@D)
	$(2) $(3) -c $$< -o $$@
$(BUILD)/$(1)/rvsim: $$(SIM_SOURCES:%.c=$(BUILD)/obj/$(1)/%.o)
	@mkdir -p $$(@D)
	$(2) $(4) $$^ $$(LIBS) -o $$@
$(BUILD)/$(1)/rvtrace: $$(RVTRACE_SOURCES:%.c=$(BUILD)/obj/$(1)/%.o)
	@mkdir -p $$(@D)
	$(2) $(4) $$^ $$(LIBS) -o $$@
$(BUILD)/$(1)/unit: $$(SIM_LIBRARY:%.c=$(BUILD)/obj/$(1)/%.o) $$(UNIT_SOURCES:%.c=$(BUILD)/obj/$(1)/%.o)
	@mkdir -p $$(@D)
	$(2) $(4) $$^ $$(LIBS) -lcriterion -o $$@
-include $$(wildcard $(BUILD)/obj/$(1)/*/*.d $(BUILD)/obj/$(1)/*/*/*.d)
endef

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
# The engine that ships, the plain loop that judges it, and both under sanitizers.
$(eval $(call variant,tail,$(CC_SIM),$(CFLAGS_SIM),))
$(eval $(call variant,plain,$(CC_PLAIN),$(CFLAGS_SIM),))
$(eval $(call variant,asan,$(CC_SIM),$(CFLAGS_COMMON) -O1 -fno-omit-frame-pointer -DPLAIN_LOOP $(SANITIZE),$(SANITIZE)))

$(BUILD)/rvsim $(BUILD)/rvtrace: $(BUILD)/%: $(BUILD)/tail/%
	@cp $< $@

include firmware/build.mk
include $(wildcard tests/*/build.mk)

expand: ## show what an X-macro file becomes: make expand FILE=sim/hart/op_int.c
	$(CC_SIM) $(CFLAGS_SIM) -E -P $(FILE) | clang-format 2>/dev/null || $(CC_SIM) $(CFLAGS_SIM) -E -P $(FILE)

clean: ## remove build/
	rm -rf $(BUILD)
