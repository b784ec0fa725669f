/* Files into memory: ELF segments where they belong, and every kind of lie refused. tests/hostile does the same from
 * outside. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/bus.h"
#include "machine/elf_symbols.h"
#include "machine/loader.h"
#include "temporary.h"

enum { SIZE = 64 * PAGE_SIZE };
#define BASE UINT64_C(0x80000000)

/* A program of two segments, with two symbols: what each test damages. */
struct program {
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	uint8_t bytes[2][16];
	Elf64_Sym symbols[3];
	char strings[16];
	Elf64_Shdr sections[3];
};

static struct program whole(void)
{
	struct program program = {
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = EM_RISCV, .e_version = EV_CURRENT, .e_entry = BASE + 4,
			.e_phoff = offsetof(struct program, segments), .e_shoff = offsetof(struct program, sections),
			.e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
			.e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 3, .e_shstrndx = 2,
		},
		.bytes = { "first segment..", "second segment." },
		.symbols = {
			{ 0 },
			{ .st_name = 1, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), .st_shndx = 1, .st_value = BASE + 4, .st_size = 8 },
			{ .st_name = 6, .st_info = ELF64_ST_INFO(STB_LOCAL, STT_OBJECT), .st_shndx = 1, .st_value = BASE + 0x2000 },
		},
		.strings = "\0main\0data",
		.sections = {
			{ 0 },
			{ .sh_type = SHT_SYMTAB, .sh_offset = offsetof(struct program, symbols), .sh_size = 3 * sizeof(Elf64_Sym),
			  .sh_link = 2, .sh_entsize = sizeof(Elf64_Sym) },
			{ .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct program, strings), .sh_size = 16 },
		},
	};
	for (unsigned i = 0; i < 2; i++)
		program.segments[i] = (Elf64_Phdr){
			.p_type = PT_LOAD, .p_offset = offsetof(struct program, bytes[i]), .p_vaddr = BASE + 0x2000 * i,
			.p_paddr = BASE + 0x2000 * i, .p_filesz = 16, .p_memsz = 16 + 16 * i,
		};
	return program;
}

struct world {
	struct bus bus;
	struct layout layout;
	struct image image;
};

static void start(struct world *world)
{
	cr_assert_eq(bus_init(&world->bus, SIZE), 0);
	layout_init(&world->layout, BASE, SIZE);
}

static void end(struct world *world)
{
	layout_free(&world->layout);
	bus_free(&world->bus);
}

static int load(struct world *world, struct program *program, size_t size)
{
	struct file file = { .path = "test.elf", .data = (uint8_t *)program, .size = size };
	return elf_load(&file, &world->bus, &world->layout, "firmware", &world->image);
}

Test(loader, segments_go_to_physical_addresses)
{
	struct world world;
	start(&world);
	struct program program = whole();
	program.segments[1].p_vaddr = 0xffffffff80002000;
	cr_assert_eq(load(&world, &program, sizeof(program)), 0);
	cr_expect_eq(world.image.entry, BASE + 4);
	cr_expect_eq(world.image.low, BASE);
	cr_expect_eq(world.image.high, BASE + 0x2000 + 32);
	cr_expect_arr_eq(world.bus.dram, "first segment..", 16);
	cr_expect_arr_eq(world.bus.dram + 0x2000, "second segment.", 16);
	cr_expect_eq(world.bus.dram[0x2010], 0, "beyond the file's part: zero");
	end(&world);
}

Test(loader, a_virtual_entry_moves_with_its_segment)
{
	struct world world;
	start(&world);
	struct program program = whole();
	program.segments[1].p_vaddr = 0xffffffff80002000;
	program.header.e_entry = 0xffffffff80002008;
	cr_assert_eq(load(&world, &program, sizeof(program)), 0);
	cr_expect_eq(world.image.entry, BASE + 0x2008);
	end(&world);
}

/* e_entry is an address for the program, as its segments' p_vaddr: what lies at the same physical address is another place. */
Test(loader, an_entry_is_virtual_first)
{
	struct world world;
	start(&world);
	struct program program = whole();
	program.segments[0].p_flags = program.segments[1].p_flags = PF_R | PF_X;
	program.segments[0].p_vaddr = BASE + 0x2000;
	program.segments[1].p_vaddr = BASE;
	cr_assert_eq(load(&world, &program, sizeof(program)), 0);
	cr_expect_eq(world.image.entry, BASE + 0x2004);
	end(&world);
}

/* The first segment begins with the file's headers: `below` bytes of it come before DRAM. */
static struct program with_headers(uint64_t below, uint64_t size)
{
	struct program program = whole();
	program.segments[0].p_offset = 0;
	program.segments[0].p_paddr = program.segments[0].p_vaddr = BASE - below;
	program.segments[0].p_filesz = program.segments[0].p_memsz = size;
	program.segments[0].p_flags = PF_R | PF_X;
	return program;
}

Test(loader, headers_below_memory_are_left_out)
{
	struct world world;
	cr_redirect_stderr();
	start(&world);
	uint64_t below = offsetof(struct program, bytes);
	struct program program = with_headers(below, below + 16);
	cr_assert_eq(load(&world, &program, sizeof(program)), 0);
	cr_expect_eq(world.image.low, BASE);
	cr_expect_arr_eq(world.bus.dram, "first segment..", 16);
	cr_expect_eq(world.image.entry, BASE + 4);
	end(&world);
	/* headers alone, far below; the text is a segment of its own */
	start(&world);
	program = with_headers(0x7fff0000, sizeof(Elf64_Ehdr));
	program.segments[1].p_paddr = program.segments[1].p_vaddr = BASE;
	cr_assert_eq(load(&world, &program, sizeof(program)), 0);
	cr_expect_eq(world.image.low, BASE);
	cr_expect_arr_eq(world.bus.dram, "second segment.", 16);
	end(&world);
	fflush(stderr);
	cr_assert_stderr_eq_str("");
}

Test(loader, more_than_headers_below_memory_is_told)
{
	struct world world;
	cr_redirect_stderr();
	start(&world);
	uint64_t below = offsetof(struct program, bytes) + 16;
	struct program program = with_headers(below, below + 16);
	cr_assert_eq(load(&world, &program, sizeof(program)), 0);
	end(&world);
	fflush(stderr);
	cr_assert_stderr_eq_str("rvsim: test.elf: what is behind its ELF headers, and below DRAM, is left out\n");
}

#define REFUSED(name, damage)                                                                                          \
	Test(loader, refuses_##name)                                                                                       \
	{                                                                                                                  \
		struct world world;                                                                                            \
		cr_redirect_stderr();                                                                                          \
		start(&world);                                                                                                 \
		struct program program = whole();                                                                              \
		size_t size = sizeof(program);                                                                                 \
		damage;                                                                                                        \
		cr_expect_eq(load(&world, &program, size), -1);                                                                \
		end(&world);                                                                                                   \
	}

REFUSED(other_magic, program.header.e_ident[3] = 'G')
REFUSED(elf32, program.header.e_ident[EI_CLASS] = ELFCLASS32)
REFUSED(big_endian, program.header.e_ident[EI_DATA] = ELFDATA2MSB)
REFUSED(x86, program.header.e_machine = EM_X86_64)
REFUSED(relocatable, program.header.e_type = ET_REL)
REFUSED(core_dump, program.header.e_type = ET_CORE)
REFUSED(unknown_version, program.header.e_version = 2)
REFUSED(no_program_headers, program.header.e_phnum = 0)
REFUSED(many_program_headers, program.header.e_phnum = 0xffff)
REFUSED(small_program_headers, program.header.e_phentsize = 32)
REFUSED(program_headers_outside, program.header.e_phoff = sizeof(program) - 8)
REFUSED(program_headers_far_outside, program.header.e_phoff = UINT64_MAX - 8)
REFUSED(section_headers_outside, program.header.e_shoff = sizeof(program) - 8)
REFUSED(nothing_loadable, program.segments[0].p_type = program.segments[1].p_type = PT_NOTE)
REFUSED(segment_outside_file, program.segments[1].p_offset = sizeof(program) - 8)
REFUSED(segment_far_outside_file, program.segments[1].p_offset = UINT64_MAX)
REFUSED(more_file_than_memory, program.segments[0].p_memsz = 8)
REFUSED(huge_segment, program.segments[1].p_memsz = UINT64_C(1) << 40)
REFUSED(segment_that_wraps, program.segments[1].p_memsz = UINT64_MAX - 100)
REFUSED(segment_below_dram, program.segments[0].p_paddr = 0x1000)
REFUSED(segment_beyond_dram, program.segments[1].p_paddr = BASE + SIZE)
REFUSED(overlapping_segments, program.segments[1].p_paddr = BASE + 8)
REFUSED(data_below_dram, program = with_headers(0x1000, 0x1010); program.segments[0].p_flags = PF_R | PF_W)
REFUSED(entry_among_headers, program = with_headers(0x40, 0x50); program.header.e_entry = BASE - 0x20)
REFUSED(nothing_but_headers_below, program = with_headers(0x1000, 0x40); program.segments[1].p_type = PT_NOTE;
        program.header.e_entry = BASE - 0x1000 + 0x20)
REFUSED(headers_in_the_rom, program = with_headers(BASE - 0x8000, 0x1000))
REFUSED(segment_over_the_uart, program.segments[1].p_paddr = 0x10000000)
REFUSED(headers_over_the_clint, program = with_headers(BASE - 0x1fff000, 0x2000))
REFUSED(entry_outside, program.header.e_entry = BASE + 0x1000)
REFUSED(odd_entry, program.header.e_entry = BASE + 5)
REFUSED(truncated_segments, size = offsetof(struct program, bytes[1]))
REFUSED(truncated_header, size = 40)
REFUSED(only_a_magic, size = 4)

Test(loader, every_truncation_is_refused)
{
	cr_redirect_stderr();
	struct world world;
	start(&world);
	struct program program = whole();
	for (size_t size = 1; size < sizeof(program); size++) {
		/* a copy of just that size, so that a sanitizer sees a read beyond it */
		uint8_t *copy = malloc(size);
		memcpy(copy, &program, size);
		struct file file = { .path = "test.elf", .data = copy, .size = size };
		cr_assert_eq(elf_check(&file), -1, "%zu bytes", size);
		free(copy);
	}
	end(&world);
}

Test(loader, symbols)
{
	struct program program = whole();
	struct file file = { .path = "test.elf", .data = (uint8_t *)&program, .size = sizeof(program) };
	struct symbols *symbols = symbols_new();
	cr_assert_eq(elf_symbols(&file, symbols, 3), 0);
	symbols_seal(symbols);
	uint64_t offset = 0, address = 0;
	const char *name = symbols_find_in(symbols, 3, BASE + 6, &offset);
	cr_assert_not_null(name);
	cr_expect_str_eq(name, "main");
	cr_expect_eq(offset, 2);
	cr_expect(symbols_lookup_in(symbols, 3, "data", &address));
	cr_expect_eq(address, BASE + 0x2000);
	cr_expect_null(symbols_at(symbols, 2));
	symbols_free(symbols);
}

static int symbols_of(struct program *program)
{
	struct file file = { .path = "test.elf", .data = (uint8_t *)program, .size = sizeof(*program) };
	struct symbols *symbols = symbols_new();
	int result = elf_symbols(&file, symbols, 0);
	symbols_free(symbols);
	return result;
}

Test(loader, bad_symbol_tables)
{
	cr_redirect_stderr();
	struct program program = whole();
	program.symbols[1].st_name = 1000;
	cr_expect_eq(symbols_of(&program), -1);
	program = whole();
	program.sections[1].sh_offset = UINT64_MAX - 4;
	cr_expect_eq(symbols_of(&program), -1);
	program = whole();
	program.sections[1].sh_link = 77;
	cr_expect_eq(symbols_of(&program), -1);
	program = whole();
	program.header.e_shnum = 0;
	program.header.e_shoff = 0;
	cr_expect_eq(symbols_of(&program), 0, "a stripped file just has none");
}

Test(loader, layout)
{
	cr_redirect_stderr();
	struct layout layout;
	layout_init(&layout, BASE, 0x10000);
	cr_expect_eq(layout_claim(&layout, BASE + 0x4000, 0x1000, "a", NULL), 0);
	cr_expect_eq(layout_claim(&layout, BASE + 0x5000, 0x1000, "b", NULL), 0, "touching is no overlap");
	cr_expect_eq(layout_claim(&layout, BASE + 0x4fff, 1, "c", "file"), -1);
	cr_expect_eq(layout_claim(&layout, BASE + 0x3000, 0x1001, "c", NULL), -1);
	cr_expect_eq(layout_claim(&layout, BASE, 0x10000, "c", NULL), -1);
	cr_expect_eq(layout_claim(&layout, BASE - 1, 1, "c", NULL), -1);
	cr_expect_eq(layout_claim(&layout, BASE + 0xffff, 2, "c", NULL), -1);
	cr_expect_eq(layout_claim(&layout, BASE, UINT64_MAX, "c", NULL), -1);
	cr_expect_eq(layout_find_below(&layout, BASE + 0x10000, 0x800, 0x1000), BASE + 0xf000);
	cr_expect_eq(layout_find_below(&layout, BASE + 0x5800, 0x800, 0x1000), BASE + 0x3000);
	cr_expect_eq(layout_find_below(&layout, BASE + 0x6000, 0x4001, 0x1000), UINT64_MAX);
	cr_expect_eq(layout_find_below(&layout, BASE + 0x10000, UINT64_MAX, 0x1000), UINT64_MAX);
	cr_expect_eq(layout_find_below(&layout, 0, 1, 1), UINT64_MAX);
	layout_free(&layout);
}

Test(loader, raw_files)
{
	cr_redirect_stderr();
	struct world world;
	start(&world);
	uint8_t image[64] = { 0 };
	struct file file = { .path = "image", .data = image, .size = sizeof(image) };
	cr_expect_not(file_is_elf(&file));
	cr_expect_not(file_is_linux_image(&file));
	memcpy(image + 56, "RSC\x05", 4);
	cr_expect(file_is_linux_image(&file));
	file.size = 63;
	cr_expect_not(file_is_linux_image(&file), "a header is 64 bytes");
	image[0] = 0x5a;
	cr_expect_eq(raw_load(&file, &world.bus, &world.layout, BASE + 0x100, "kernel"), 0);
	cr_expect_eq(world.bus.dram[0x100], 0x5a);
	cr_expect_eq(raw_load(&file, &world.bus, &world.layout, BASE + SIZE - 10, "kernel"), -1);
	end(&world);
}

Test(loader, files_that_cannot_be_read)
{
	cr_redirect_stderr();
	struct file file;
	cr_expect_eq(file_open(&file, "/nonexistent"), -1);
	cr_expect_eq(file_open(&file, "/tmp"), -1);
	cr_expect_eq(file_open(&file, "/dev/null"), -1);
	char path[TEMPORARY_PATH];
	int fd = temporary(path);
	cr_expect_eq(file_open(&file, path), -1, "empty");
	cr_assert_eq(write(fd, "x", 1), 1);
	cr_expect_eq(file_open(&file, path), 0);
	cr_expect_eq(file.size, 1);
	file_close(&file);
	close(fd);
}
