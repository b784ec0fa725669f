/* Names of addresses, and back; a module's symbols are not another's. */
#include <criterion/criterion.h>
#include "base/symbols.h"

static struct symbols *table(void)
{
	static const struct symbol list[] = {
		{ .address = 0x1000, .size = 0x20, .name = "main", .module = 0, .is_function = true, .is_global = true },
		{ .address = 0x1000, .size = 0, .name = "alias", .module = 0 },
		{ .address = 0x1040, .size = 0, .name = "label", .module = 0 },
		{ .address = 0x2000, .size = 8, .name = "counter", .module = 0, .is_global = true },
		{ .address = 0x1000, .size = 0x100, .name = "guest_main", .module = 1, .is_function = true },
		{ .address = 0x3000, .size = 4, .name = "counter", .module = 1 },
		{ .address = 0x500, .size = 0x10, .name = "other", .module = 2, .is_function = true },
	};
	struct symbols *symbols = symbols_new();
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		cr_assert_eq(symbols_add(symbols, &list[i]), 0);
	symbols_seal(symbols);
	return symbols;
}

Test(symbols, find)
{
	struct symbols *symbols = table();
	uint64_t offset = 99;
	cr_expect_str_eq(symbols_find(symbols, 0x101f, &offset), "main", "the function, not its alias");
	cr_expect_eq(offset, 0x1f);
	cr_expect_null(symbols_find(symbols, 0x1020, &offset), "beyond its size");
	cr_expect_str_eq(symbols_find(symbols, 0x1100, &offset), "label", "an unknown size reaches to the next");
	cr_expect_eq(offset, 0xc0);
	cr_expect_null(symbols_find(symbols, 0xfff, &offset));
	cr_expect_null(symbols_find(symbols, 0x2008, NULL));
	cr_expect_str_eq(symbols_find(symbols, 0x2007, NULL), "counter");
	symbols_free(symbols);
}

Test(symbols, modules_are_apart)
{
	struct symbols *symbols = table();
	uint64_t offset;
	unsigned module = 0;
	cr_expect_str_eq(symbols_find_in(symbols, 1, 0x1020, &offset), "guest_main");
	cr_expect_null(symbols_find_in(symbols, 2, 0x1020, &offset));
	cr_expect_null(symbols_find_in(symbols, 7, 0x1020, &offset));
	cr_expect_str_eq(symbols_find_guest(symbols, 0x508, &offset, &module), "other");
	cr_expect_eq(module, 2);
	cr_expect_eq(offset, 8);
	cr_expect_null(symbols_find_guest(symbols, 0x2000, &offset, &module));
	cr_expect_eq(symbols_modules(symbols), 3);
	symbols_free(symbols);
}

Test(symbols, lookup)
{
	struct symbols *symbols = table();
	uint64_t address, size;
	bool function;
	cr_expect(symbols_lookup(symbols, "main", &address, &size, &function));
	cr_expect_eq(address, 0x1000);
	cr_expect_eq(size, 0x20);
	cr_expect(function);
	cr_expect(symbols_lookup(symbols, "counter", &address, NULL, &function));
	cr_expect_eq(address, 0x2000, "the firmware comes first");
	cr_expect_not(function);
	cr_expect(symbols_lookup_in(symbols, 1, "counter", &address));
	cr_expect_eq(address, 0x3000);
	cr_expect_not(symbols_lookup_in(symbols, 1, "main", &address));
	cr_expect_not(symbols_lookup(symbols, "mai", &address, NULL, NULL));
	cr_expect_not(symbols_lookup(symbols, "zzz", &address, NULL, NULL));
	symbols_free(symbols);
}

Test(symbols, an_empty_table_and_none)
{
	struct symbols *symbols = symbols_new();
	symbols_seal(symbols);
	cr_expect_null(symbols_find(symbols, 0, NULL));
	cr_expect_not(symbols_lookup(symbols, "x", NULL, NULL, NULL));
	cr_expect_eq(symbols_modules(symbols), 0);
	symbols_free(symbols);
	cr_expect_null(symbols_find(NULL, 0, NULL));
	cr_expect_null(symbols_find_guest(NULL, 0, NULL, NULL));
	cr_expect_not(symbols_lookup(NULL, "x", NULL, NULL, NULL));
	cr_expect_null(symbols_at(NULL, 0));
}

Test(symbols, names_of_one_line)
{
	struct symbols *symbols = symbols_new();
	struct symbol symbol = { .address = 0x1000, .name = "a\nb\x1b[31m\x7f" };
	cr_assert_eq(symbols_add(symbols, &symbol), 0);
	symbols_seal(symbols);
	cr_expect_str_eq(symbols_find(symbols, 0x1000, NULL), "a?b?[31m?");
	symbols_free(symbols);
}
