# Programs for the debugger's view of source: one source by each compiler, version of DWARF and optimization.
# $(1) name, $(2) compiler and flags
SOURCE_FLAGS := -mcmodel=medany -ffreestanding -fno-stack-protector -nostdlib -static
SOURCE_GCC := riscv64-unknown-elf-gcc -march=rv64gc -mabi=lp64d $(SOURCE_FLAGS)
SOURCE_CLANG := clang-19 --target=riscv64-unknown-elf -march=rv64gc -mabi=lp64d $(SOURCE_FLAGS)
SOURCE_LINK := -Wl,--build-id=none,--no-warn-rwx-segments,-N,--section-start=.boot=0x80000000,-Ttext=0x80000080,-e,_start

.PHONY: source-programs
test-programs: source-programs
define source_program
source-programs: $(BUILD)/source/$(1).elf
$(BUILD)/source/$(1).elf: $(3) tests/source/start.S tests/source/build.mk
	@mkdir -p $$(@D)
	@$(2) -c $(3) -o $$(@:.elf=.o)
	@riscv64-unknown-elf-gcc -march=rv64gc_zicsr -mabi=lp64d -c tests/source/start.S -o $$(@:.elf=.start.o)
	@riscv64-unknown-elf-gcc -march=rv64gc -mabi=lp64d -nostdlib -static $(SOURCE_LINK) $$(@:.elf=.start.o) $$(@:.elf=.o) -lgcc -o $$@
endef
$(eval $(call source_program,gcc4,$(SOURCE_GCC) -gdwarf-4 -O0,tests/source/program.c))
$(eval $(call source_program,gcc5,$(SOURCE_GCC) -gdwarf-5 -O2,tests/source/program.c))
$(eval $(call source_program,gcc5_0,$(SOURCE_GCC) -gdwarf-5 -O0,tests/source/program.c))
$(eval $(call source_program,clang4,$(SOURCE_CLANG) -gdwarf-4 -O0,tests/source/program.c))
$(eval $(call source_program,clang4_2,$(SOURCE_CLANG) -gdwarf-4 -O2,tests/source/program.c))
$(eval $(call source_program,bare,$(SOURCE_GCC) -g0 -O2,tests/source/program.c))
$(eval $(call source_program,pointer,$(SOURCE_GCC) -g0 -O0 -fno-omit-frame-pointer,tests/source/program.c))
$(eval $(call source_program,unseen_gcc0,$(SOURCE_GCC) -gdwarf-4 -O0,tests/source/unseen.c))
$(eval $(call source_program,unseen_gcc2,$(SOURCE_GCC) -gdwarf-5 -O2,tests/source/unseen.c))
$(eval $(call source_program,unseen_gccs,$(SOURCE_GCC) -gdwarf-5 -Os,tests/source/unseen.c))
$(eval $(call source_program,unseen_clang0,$(SOURCE_CLANG) -gdwarf-4 -O0,tests/source/unseen.c))
$(eval $(call source_program,unseen_clang2,$(SOURCE_CLANG) -gdwarf-4 -O2,tests/source/unseen.c))
$(eval $(call source_program,unseen_clangs,$(SOURCE_CLANG) -gdwarf-4 -Os,tests/source/unseen.c))
$(eval $(call source_program,classes,riscv64-unknown-elf-g++ -march=rv64gc -mabi=lp64d $(SOURCE_FLAGS) -gdwarf-5 -O0 -fno-exceptions -fno-rtti -fno-threadsafe-statics,tests/source/classes.cc))
$(eval $(call source_program,classes_clang,clang++-19 --target=riscv64-unknown-elf -march=rv64gc -mabi=lp64d $(SOURCE_FLAGS) -gdwarf-4 -O0 -fno-exceptions -fno-rtti -fno-threadsafe-statics,tests/source/classes.cc))

# Debian's rustc: its LLVM knows RISC-V, but no library for it is packaged.
source-programs: $(BUILD)/source/crate.elf
$(BUILD)/source/crate.elf: tests/source/crate.rs tests/source/start.S tests/source/build.mk
	@mkdir -p $(@D)
	@RUSTC_BOOTSTRAP=1 /usr/bin/rustc --edition 2021 --target riscv64gc-unknown-none-elf --crate-type lib --emit obj \
		-C debuginfo=2 -C opt-level=0 -C panic=abort -C relocation-model=static -o $(@:.elf=.o) $<
	@riscv64-unknown-elf-gcc -march=rv64gc_zicsr -mabi=lp64d -c tests/source/start.S -o $(@:.elf=.start.o)
	@riscv64-unknown-elf-gcc -march=rv64gc -mabi=lp64d -nostdlib -static $(SOURCE_LINK) $(@:.elf=.start.o) $(@:.elf=.o) -o $@
