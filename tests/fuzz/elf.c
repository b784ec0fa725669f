/* The ELF loader: any bytes are loaded, or refused in one line, and nothing outside DRAM is touched. */
#include "base/bus.h"
#include "fuzz.h"
#include "machine/elf_symbols.h"
#include "machine/loader.h"

#define DRAM UINT64_C(0x80000000)
enum { DRAM_BYTES = 1 << 20 };

/* Run one step of the loader; it must say a line exactly when it fails, or, where it may, of what it leaves out. */
#define STEP(result, call) SAYING(result, call, false)
#define SAYING(result, call, may)                                                                                    \
	do {                                                                                                         \
		struct capture capture;                                                                              \
		capture_begin(&capture, &stderr);                                                                    \
		(result) = (call);                                                                                   \
		capture_end(&capture);                                                                               \
		require_one_line(&capture, (result) != 0 || ((may) && capture.size));                                  \
		free(capture.text);                                                                                  \
	} while (0)

static void look_up(const struct symbols *symbols, uint64_t entry)
{
	uint64_t offset, address;
	for (size_t i = 0; symbols_at(symbols, i); i++) {
		const struct symbol *symbol = symbols_at(symbols, i);
		REQUIRE(symbols_lookup(symbols, symbol->name, &address, NULL, NULL), "%s is not found", symbol->name);
		symbols_find(symbols, symbol->address + symbol->size, &offset);
		if (i == 64)
			break;
	}
	symbols_find(symbols, entry, &offset);
}

static void load(const struct file *file, bool well_formed)
{
	struct bus bus;
	struct layout layout;
	struct image image = { 0 };
	struct symbols *symbols = symbols_new();
	int result;
	REQUIRE(symbols && bus_init(&bus, DRAM_BYTES) == 0, "no memory");
	layout_init(&layout, DRAM, DRAM_BYTES);
	SAYING(result, elf_load(file, &bus, &layout, "program", &image), true);
	REQUIRE(well_formed || result != 0, "loaded what elf_check refuses");
	if (result == 0) {
		REQUIRE(image.low < image.high && image.low >= DRAM && image.high <= DRAM + DRAM_BYTES, "%lx..%lx",
		        (long)image.low, (long)image.high);
		REQUIRE(image.entry >= image.low && image.entry < image.high, "entry %lx", (long)image.entry);
		int again;
		STEP(again, elf_load(file, &bus, &layout, "twin", &image));
		REQUIRE(again != 0, "two programs lie in one place");
	}
	STEP(result, elf_symbols(file, symbols, 0));
	symbols_seal(symbols);
	look_up(symbols, image.entry);
	/* where a user says that it is */
	const struct section_place places[] = {{".text", 0x1000}, {".data", 0x5000}};
	struct symbol_place moved = {.offset = 0x100, .sections = places, .section_count = 2, .whole = true};
	STEP(result, elf_symbols_at(file, symbols, 1, &moved));
	struct symbol_place shifted = {.offset = 1};
	STEP(result, elf_symbols_at(file, symbols, 2, &shifted));
	symbols_seal(symbols);
	look_up(symbols, image.entry + 0x100);
	symbols_free(symbols);
	layout_free(&layout);
	bus_free(&bus);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a copy of just this size: a read behind it is seen; and libelf may write into it */
	uint8_t *copy = malloc(size ? size : 1);
	REQUIRE(copy, "no memory");
	memcpy(copy, data, size);
	struct file file = { .path = "input", .data = copy, .size = size };
	int result;
	STEP(result, elf_check(&file));
	file_is_linux_image(&file);
	load(&file, result == 0);
	free(copy);
	return 0;
}
