# Programs whose exits are known, for exports.
.PHONY: export-programs
export-programs: $(BUILD)/export/thousand.elf
test-programs: export-programs

$(BUILD)/export/%.elf: tests/export/%.S tests/export/build.mk
	@mkdir -p $(@D)
	@riscv64-unknown-elf-gcc -march=rv64imac -mabi=lp64 -nostdlib -static -Wl,--build-id=none,--no-warn-rwx-segments,-N,-Ttext=0x80200000 $< -o $@

# Readers that are too heavy for make test. npm's, of the versions that docs/exports.md names, go below build/.
READERS := $(BUILD)/readers
PACKAGES_READERS := chromium nodejs npm libdevel-nytprof-perl python3-pil kcachegrind valgrind xvfb xauth dbus-daemon

$(READERS)/installed: tests/export/build.mk
	@mkdir -p $(READERS)
	@npm install --silent --no-fund --no-audit --prefix $(READERS) speedscope@1.25.0 @paulirish/trace_engine@0.0.65
	@touch $@

.PHONY: readers
readers: ## exports and the report in speedscope, DevTools' engine, flamegraph.pl, KCachegrind and Chromium
	@tools/install-packages.sh $(PACKAGES_TEST) $(PACKAGES_READERS)
	@$(MAKE) --no-print-directory all export-programs $(READERS)/installed
	@tests/run.py readers

.PHONY: pictures
pictures: ## draw the pictures of docs/ anew: look at them before they are committed
	@tools/install-packages.sh $(PACKAGES_TEST) $(PACKAGES_READERS)
	@$(MAKE) --no-print-directory all $(READERS)/installed
	@python3 tests/export/pictures.py
