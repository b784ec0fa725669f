/* csr.def as data: the debugger prints registers by these fields, so they must be whole and must not overlap. */
#include "csr_hart.h"

static size_t row_count(void)
{
	size_t count = 0;
	while (csr_info_at(count))
		count++;
	return count;
}

Test(csr_table, finds_rows_by_number_and_name)
{
	cr_assert_eq(csr_info(0x300), csr_info_by_name("mstatus"));
	cr_assert_str_eq(csr_info(0x680)->name, "hgatp");
	cr_assert_eq(csr_info_by_name("vstimecmp")->num, 0x24d);
	cr_assert_null(csr_info(0x7ff));
	cr_assert_null(csr_info_by_name("MSTATUS"));
	cr_assert_null(csr_info_at(row_count()));
}

Test(csr_table, numbers_and_names_are_unique)
{
	size_t count = row_count();
	cr_assert_gt(count, 220);
	for (size_t i = 0; i < count; i++) {
		const struct csr_info *info = csr_info_at(i);
		cr_expect_lt(info->num, 4096);
		cr_expect_eq(csr_info(info->num), info, "%s: number taken twice", info->name);
		cr_expect_eq(csr_info_by_name(info->name), info, "%s: name taken twice", info->name);
	}
}

Test(csr_table, fields_do_not_overlap)
{
	for (size_t i = 0; csr_info_at(i); i++) {
		const struct csr_info *info = csr_info_at(i);
		uint64_t taken = 0;
		for (unsigned k = 0; k < info->field_count; k++) {
			const struct csr_field *field = &info->fields[k];
			cr_assert(field->width >= 1 && field->low + field->width <= 64, "%s.%s", info->name, field->name);
			uint64_t mask = field->width == 64 ? ~UINT64_C(0) : ((UINT64_C(1) << field->width) - 1) << field->low;
			cr_expect_eq(taken & mask, 0, "%s.%s overlaps", info->name, field->name);
			cr_expect(field->meaning[0], "%s.%s has no meaning", info->name, field->name);
			taken |= mask;
		}
	}
}

Test(csr_table, fields_belong_to_their_csr)
{
	const struct csr_info *hstatus = csr_info_by_name("hstatus");
	cr_assert_eq(hstatus->field_count, 11);
	cr_expect_str_eq(hstatus->fields[0].name, "VSBE");
	cr_expect_str_eq(hstatus->fields[10].name, "HUPMM");
	cr_expect_eq(csr_info_by_name("sscratch")->field_count, 0);
	cr_expect_eq(csr_info_by_name("mhpmevent31")->field_count, 7);
	cr_expect_eq(csr_info_by_name("pmpcfg14")->field_count, 8);
}

/* Bits that a write of all ones sets have a field, where the register has fields at all. */
Test(csr_table, writable_bits_have_fields)
{
	struct world *world = new_world();
	for (size_t i = 0; csr_info_at(i); i++) {
		const struct csr_info *info = csr_info_at(i);
		uint64_t value, fields = 0;
		for (unsigned k = 0; k < info->field_count; k++)
			fields |= ((info->fields[k].width == 64 ? 0 : UINT64_C(1) << info->fields[k].width) - 1) << info->fields[k].low;
		if (!fields || !csr_poke(&world->hart, info->num, ~UINT64_C(0)) || !csr_peek(&world->hart, info->num, &value))
			continue;
		cr_expect_eq(value & ~fields, 0, "%s: %#" PRIx64, info->name, value & ~fields);
	}
	free(world);
}
