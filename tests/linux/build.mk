# Kernels and firmware of Debian 12 and 13, and the initial ramdisk that they are booted to. What is fetched and built stays in
# build/linux.
LINUX := $(BUILD)/linux
LINUX_PACKAGES := $(PACKAGES_TEST) u-boot-qemu linux-source-6.1 flex bison bc rsync xz-utils e2fsprogs mtools

# Each of its suites has a target: linux-boots, linux-checks and so on.
LINUX_TARGETS := linux-boots linux-checks linux-disk linux-same linux-share linux-travel

.PHONY: linux kvm $(LINUX_TARGETS) linux-speed linux-ready linux-programs
linux: linux-ready ## Debian 12's and 13's kernels, each way there is (builds a kernel first, once: 10 minutes)
	@tests/run.py linux linux_checks linux_disk linux_same linux_share linux_travel

linux-boots: linux-ready ## part of it: who starts them, and with which extensions
	@tests/run.py linux
linux-checks: linux-ready ## part of it: what their user space checks, and what they say, line by line as on QEMU
	@tests/run.py linux_checks
linux-disk: linux-ready ## part of it: an ext4 root, written, rebooted from and checked; U-Boot and EDK2 load from it
	@tests/run.py linux_disk
linux-share: linux-ready ## part of it: a folder of the host's by 9P, virtio consoles and ports; as on QEMU
	@tests/run.py linux_share
linux-same: linux-ready ## part of it: one boot, looked at in every way, is one run
	@tests/run.py linux_same

linux-travel: linux-ready ## part of it: the debugger goes back in a boot, to any moment
	@tests/run.py linux_travel

kvm: linux-ready $(LINUX)/initrd-kvm ## Linux with KVM: a virtual machine in it, and its kernel's own selftests; as on QEMU
	@tests/run.py linux_kvm

linux-speed: linux-ready ## what a boot costs in CPU seconds and memory, beside QEMU
	@tests/linux/speed.py

linux-ready:
	@tools/install-packages.sh $(LINUX_PACKAGES)
	@$(MAKE) --no-print-directory -j$$(nproc) all $(BUILD)/plain/rvsim linux-programs

linux-programs: $(LINUX)/12/Image $(LINUX)/13/Image $(LINUX)/initrd

INIT_SOURCES := $(wildcard tests/linux/init/*.c)
$(LINUX)/init: $(INIT_SOURCES) tests/linux/init/init.h
	@mkdir -p $(@D)
	@riscv64-linux-gnu-gcc -std=gnu17 -D_GNU_SOURCE -O2 $(WARNINGS) -Wno-unused-parameter -frounding-math -ffp-contract=off -static -s \
		-pthread -Wl,--build-id=none $(INIT_SOURCES) -lm -o $@

$(LINUX)/initrd: $(LINUX)/init tests/linux/initrd.py
	@tests/linux/initrd.py $< $@

# KVM's selftests, from the same source. dirty_log_test of 6.1.192 calls ASSERT_EQ by its later name.
KVM_TESTS := demand_paging_test dirty_log_test kvm_create_max_vcpus kvm_page_table_test set_memory_region_test kvm_binary_stats_test
KVM_PROGRAMS := $(KVM_TESTS:%=$(LINUX)/kvm/%)

$(LINUX)/kvm/usr/include: $(LINUX)/12/Image
	$(LINUX_MAKE) INSTALL_HDR_PATH=$(abspath $(LINUX)/kvm/usr) headers_install
	@touch $@

$(KVM_PROGRAMS) &: $(LINUX)/kvm/usr/include
	+@$(MAKE) --no-print-directory -C $(LINUX)/src/tools/testing/selftests/kvm ARCH=riscv CROSS_COMPILE=riscv64-linux-gnu- \
		OUTPUT=$(abspath $(LINUX)/kvm) LDFLAGS="-static -pthread -Wl,-s" EXTRA_CFLAGS=-DTEST_ASSERT_EQ=ASSERT_EQ \
		KHDR_INCLUDES="-isystem $(abspath $(LINUX)/kvm/usr/include)" >$(LINUX)/kvm/log
	@touch $(KVM_PROGRAMS)

$(LINUX)/initrd-kvm: $(LINUX)/init $(KVM_PROGRAMS) tests/linux/initrd.py
	@tests/linux/initrd.py $(LINUX)/init $@ $(KVM_PROGRAMS)

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
