# Linux on a network: the kernel of tests/linux, with a user space of its own that is an HTTP client and server.
.PHONY: net net-programs
net: ## Linux on a network: a server reached by hostfwd, a client of the host's, recorded and replayed (builds a kernel first, once)
	@tools/install-packages.sh $(LINUX_PACKAGES) gcc-riscv64-linux-gnu curl
	@$(MAKE) --no-print-directory -j$$(nproc) all $(BUILD)/plain/rvsim net-programs
	@tests/run.py net

net-programs: $(LINUX)/12/Image $(BUILD)/net/initrd

$(BUILD)/net/initrd: tests/net/http.c tests/linux/initrd.py
	@mkdir -p $(@D)
	@riscv64-linux-gnu-gcc -std=gnu17 -D_GNU_SOURCE -O2 $(WARNINGS) -static -s -Wl,--build-id=none $< -o $(@D)/init
	@tests/linux/initrd.py $(@D)/init $@
