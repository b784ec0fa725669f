/* Names of addresses, and back; a module's symbols are not another's. */
#include <criterion/criterion.h>
#include "base/symbols.h"

static struct symbols *table(void)
{
	static const struct symbol list[] = {
		{ .address = 0x1000, .size = 0x20, .name = "main", .module = 0, .is_function = true, .is_global = true },
		{ .address = 0x1000, .size = 0, .name = "alias", .module = 0 },
		{ .address = 0x1040, .size = 0, .limit = 0x1080, .name = "label", .module = 0 },
		{ .address = 0x1080, .size = 0, .limit = 0x1080, .name = "end_of_text", .module = 0, .is_global = true },
		{ .address = 0x1080, .size = 0, .limit = 0x1100, .name = "next_section", .module = 0 },
		{ .address = 0x1200, .size = 0x100, .name = "outer", .module = 0, .is_function = true },
		{ .address = 0x1210, .size = 0, .limit = 0x2000, .name = "inner", .module = 0 },
		{ .address = 0x1220, .size = 4, .name = "word", .module = 0 },
		{ .address = 0x12f0, .size = 0, .limit = 0x2000, .name = "tail", .module = 0 },
		{ .address = 0x1400, .size = 0, .name = "some_number", .module = 0, .is_global = true },
		{ .address = 0x2000, .size = 8, .name = "counter", .module = 0, .is_global = true },
		{ .address = 0x1000, .size = 0x100, .name = "guest_main", .module = 1, .is_function = true },
		{ .address = 0x3000, .size = 4, .name = "counter", .module = 1 },
		{ .address = 0x500, .size = 0x10, .name = "other", .module = 2, .is_function = true },
		{ .address = 0x600, .size = 0x10, .name = "same", .module = 1, .is_function = true },
		{ .address = 0x600, .size = 0x10, .name = "same", .module = 2, .is_function = true },
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
	cr_expect_str_eq(symbols_find(symbols, 0x107f, &offset), "label", "an unknown size reaches to the section's end");
	cr_expect_eq(offset, 0x3f);
	cr_expect_str_eq(symbols_find(symbols, 0x1080, &offset), "next_section", "a mark of an end holds nothing");
	cr_expect_str_eq(symbols_find(symbols, 0x10ff, &offset), "next_section");
	cr_expect_null(symbols_find(symbols, 0x1100, &offset));
	cr_expect_null(symbols_find(symbols, 0x1180, &offset));
	cr_expect_str_eq(symbols_find(symbols, 0x121f, &offset), "inner", "up to the next symbol");
	cr_expect_str_eq(symbols_find(symbols, 0x1223, &offset), "word");
	cr_expect_str_eq(symbols_find(symbols, 0x1224, &offset), "outer", "behind a symbol inside another");
	cr_expect_eq(offset, 0x24);
	cr_expect_str_eq(symbols_find(symbols, 0x12ff, &offset), "tail");
	cr_expect_null(symbols_find(symbols, 0x1300, &offset), "a label ends with the function around it");
	cr_expect_null(symbols_find(symbols, 0x1400, &offset), "a number is no place");
	cr_expect_null(symbols_find(symbols, 0xfff, &offset));
	cr_expect_null(symbols_find(symbols, 0x2008, NULL));
	cr_expect_str_eq(symbols_find(symbols, 0x2007, NULL), "counter");
	symbols_free(symbols);
}

Test(symbols, modules_are_apart)
{
	struct symbols *symbols = table();
	uint64_t offset;
	cr_expect_str_eq(symbols_find_in(symbols, 1, 0x1020, &offset), "guest_main");
	cr_expect_null(symbols_find_in(symbols, 2, 0x1020, &offset));
	cr_expect_null(symbols_find_in(symbols, 7, 0x1020, &offset));
	cr_expect_null(symbols_find_in(symbols, SPACE_UNKNOWN, 0x508, &offset), "which guest runs is not known");
	cr_expect_null(symbols_find_in(symbols, SPACE_UNKNOWN, 0x1020, &offset));
	cr_expect_null(symbols_find_in(symbols, SPACE_UNKNOWN, 0x2000, &offset));
	cr_expect_str_eq(symbols_find_in(symbols, SPACE_UNKNOWN, 0x608, &offset), "same");
	cr_expect_eq(offset, 8);
	cr_expect_eq(symbols_modules(symbols), 3);
	symbols_free(symbols);
}

/* A flat image names nothing and may be anywhere. */
Test(symbols, a_guest_without_symbols_takes_the_others_names)
{
	struct symbols *symbols = symbols_new();
	struct symbol symbol = { .address = 0x1000, .size = 4, .name = "start", .module = 1 };
	cr_assert_eq(symbols_add(symbols, &symbol), 0);
	symbols_seal(symbols);
	cr_expect_str_eq(symbols_find_in(symbols, SPACE_UNKNOWN, 0x1000, NULL), "start");
	symbols_add_guest(symbols, 2);
	cr_expect_null(symbols_find_in(symbols, SPACE_UNKNOWN, 0x1000, NULL));
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
	cr_expect_null(symbols_find_in(NULL, SPACE_UNKNOWN, 0, NULL));
	cr_expect_not(symbols_lookup(NULL, "x", NULL, NULL, NULL));
	cr_expect_null(symbols_at(NULL, 0));
}

Test(symbols, names_of_one_line)
{
	struct symbols *symbols = symbols_new();
	struct symbol symbol = { .address = 0x1000, .size = 1, .name = "a\nb\x1b[31m\x7f" };
	cr_assert_eq(symbols_add(symbols, &symbol), 0);
	symbols_seal(symbols);
	cr_expect_str_eq(symbols_find(symbols, 0x1000, NULL), "a?b?[31m?");
	symbols_free(symbols);
}

static int add_to(struct symbols *symbols, unsigned space, uint32_t asid, const char *module, const char *name, uint64_t address)
{
	int number = symbols_new_module(symbols, &(struct symbol_module){ .name = module, .space = space, .asid = asid });
	cr_assert_geq(number, 0);
	cr_assert_eq(symbols_add(symbols, &(struct symbol){ .address = address, .size = 0x10, .name = name, .module = (unsigned)number }), 0);
	return number;
}

Test(symbols, a_user_program_is_one_of_its_asid)
{
	struct symbols *symbols = symbols_new();
	add_to(symbols, SPACE_HOST, ASID_ANY, "kernel", "kernel_main", 0x1000);
	add_to(symbols, SPACE_HOST, 5, "shell", "shell_main", 0x1000);
	symbols_seal(symbols);
	cr_expect_str_eq(symbols_find_at(symbols, SPACE_HOST, 5, 0x1004, NULL), "shell_main");
	cr_expect_str_eq(symbols_find_at(symbols, SPACE_HOST, 6, 0x1004, NULL), "kernel_main");
	cr_expect_str_eq(symbols_find_at(symbols, SPACE_HOST, ASID_ANY, 0x1004, NULL), "kernel_main");
	cr_expect_null(symbols_find_at(symbols, SPACE_HOST, 5, 0x1010, NULL));
	symbols_free(symbols);
}

Test(symbols, spaces_by_hgatp_and_by_vmid)
{
	struct symbols *symbols = symbols_new();
	const uint64_t one = UINT64_C(0x8000100000080204), two = UINT64_C(0x8000200000080204), three = UINT64_C(0x8000300000080300);
	cr_assert_eq(symbols_add_guest(symbols, 1) | symbols_add_guest(symbols, 2), 0);
	cr_expect_eq(symbols_space_of(symbols, one), SPACE_UNKNOWN);
	cr_assert_eq(symbols_bind(symbols, one, 2) | symbols_bind(symbols, two, 1), 0);
	cr_expect_eq(symbols_space_of(symbols, one), 2);
	cr_expect_eq(symbols_space_of(symbols, two), 1);
	cr_assert_eq(symbols_bind(symbols, two, 2), 0);
	cr_expect_eq(symbols_space_of(symbols, two), 2);
	cr_expect_eq(symbols_space_of_vmid(symbols, 1), 2, "whose VMID that is, is known");
	unsigned user = symbols_space_of_vmid(symbols, 3);
	cr_expect_eq(user, 3);
	cr_expect_eq(symbols_space_of_vmid(symbols, 3), user);
	cr_expect_eq(symbols_space_of(symbols, three), user);
	cr_expect_not(symbols_is_guest(symbols, user));
	cr_expect_str_eq(symbols_space_name(symbols, user), "vmid3");
	symbols_unbind(symbols);
	cr_expect_eq(symbols_space_of(symbols, one), SPACE_UNKNOWN);
	cr_expect_eq(symbols_space_of(symbols, three), user, "what a user has said stays");
	symbols_free(symbols);
}

Test(symbols, names_that_several_have)
{
	struct symbols *symbols = symbols_new();
	struct symbol_found found[4];
	add_to(symbols, SPACE_HOST, ASID_ANY, "firmware", "_start", 0x1000);
	cr_assert_eq(symbols_name_space(symbols, 1, "linux"), 0);
	cr_assert_eq(symbols_name_space(symbols, 2, "linux"), 0);
	cr_expect_str_eq(symbols_space_name(symbols, 2), "linux_2");
	add_to(symbols, 1, ASID_ANY, NULL, "_start", 0x2000);
	int module = add_to(symbols, 1, 7, "linux", "_start", 0x3000);
	cr_expect_str_eq(symbols_module(symbols, (size_t)module).name, "linux_3");
	symbols_seal(symbols);
	cr_expect_eq(symbols_resolve(symbols, "", 0, "_start", found, 4), 3);
	cr_expect(found[0].space == SPACE_HOST && found[1].symbol->address == 0x2000 && found[2].asid == 7);
	cr_expect_eq(symbols_resolve(symbols, "", 0, "_start", found, 2), 2);
	cr_expect_eq(symbols_resolve(symbols, "linux:", 5, "_start", found, 4), 2);
	cr_expect_eq(symbols_resolve(symbols, "linux_3", 7, "_start", found, 4), 1);
	cr_expect_eq(symbols_resolve(symbols, "firmware", 8, "_star", found, 4), 0);
	cr_expect(symbols_is_qualifier(symbols, "firmware", 8) && !symbols_is_qualifier(symbols, "firmware", 7));
	symbols_empty(symbols, (size_t)module);
	cr_expect_eq(symbols_resolve(symbols, "", 0, "_start", found, 4), 2);
	symbols_free(symbols);
}
