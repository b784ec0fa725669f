# Kernels and firmware of Debian 12 and 13, and the initial ramdisk that they are booted to. What is fetched and built stays in
# build/linux.
LINUX := $(BUILD)/linux
LINUX_PACKAGES := $(PACKAGES_TEST) u-boot-qemu linux-source-6.1 gcc-riscv64-linux-gnu flex bison bc xz-utils debian-archive-keyring

.PHONY: linux linux-programs
linux: ## boot Debian 12's and 13's kernels, each way there is (builds a kernel first, once: half an hour)
	@tools/install-packages.sh $(LINUX_PACKAGES)
	@$(MAKE) --no-print-directory -j$$(nproc) all linux-programs
	@tests/run.py linux

linux-programs: $(LINUX)/12/Image $(LINUX)/13/Image $(LINUX)/initrd

INIT_SOURCES := $(wildcard tests/linux/init/*.c)
$(LINUX)/init: $(INIT_SOURCES) tests/linux/init/init.h
	@mkdir -p $(@D)
	@riscv64-linux-gnu-gcc -std=gnu17 -D_GNU_SOURCE -O2 $(WARNINGS) -Wno-unused-parameter -frounding-math -ffp-contract=off -static -s \
		-pthread -Wl,--build-id=none $(INIT_SOURCES) -lm -o $@

$(LINUX)/initrd: $(LINUX)/init tests/linux/initrd.py
	@tests/linux/initrd.py $< $@

$(LINUX)/13/Image: tests/linux/fetch_13.sh
	@tests/linux/fetch_13.sh $(@D)

# Debian 12 has no riscv64: its kernel's source, then, with its compiler.
LINUX_MAKE = +@$(MAKE) --no-print-directory -C $(LINUX)/src O=$(abspath $(LINUX)/12) ARCH=riscv \
	CROSS_COMPILE="$(LINUX_CCACHE) riscv64-linux-gnu-" KBUILD_BUILD_TIMESTAMP=1970-01-01 KBUILD_BUILD_USER=rvsim KBUILD_BUILD_HOST=rvsim

$(LINUX)/src/Makefile:
	@rm -rf $(@D) && mkdir -p $(@D)
	@tar -xJf /usr/src/linux-source-6.1.tar.xz -C $(@D) --strip-components=1
	@touch $@

$(LINUX)/12/Image: tests/linux/kernel.config $(LINUX)/src/Makefile
	@mkdir -p $(@D)
	$(LINUX_MAKE) KCONFIG_ALLCONFIG=$(abspath $<) allnoconfig
	@! grep '^CONFIG' $< | grep -vxFf $(@D)/.config # what it has not taken
	$(LINUX_MAKE) Image
	@cp $(@D)/arch/riscv/boot/Image $@
