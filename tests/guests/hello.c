/* The smallest guest: it prints by SBI and asks the base extension what every SBI answers alike. */
#include "rt/rt.h"

const char guest_name[] = "hello";

static void check_base(void)
{
	struct sbi_ret version = sbi(SBI_BASE, SBI_BASE_SPEC_VERSION);

	CHECK(version.error == SBI_SUCCESS, "get_spec_version says %ld", version.error);
	CHECK(version.value >= 2 && version.value >> 31 == 0, "spec version %lx", (uint64_t)version.value);
	for (uint64_t function = SBI_BASE_IMPL_ID; function <= SBI_BASE_MIMPID; function++)
		CHECK(sbi(SBI_BASE, function, SBI_BASE).error == SBI_SUCCESS, "base function %lu refused", function);
	CHECK(sbi(SBI_BASE, SBI_NO_SUCH_FUNCTION).error == SBI_ERR_NOT_SUPPORTED, "base knows a function too many");
	print("hello: SBI base: version 0.2 or later, functions 0 to 6 answer\n");
}

static void check_extensions(void)
{
	static const struct {
		const char *name;
		uint64_t extension;
	} needed[] = {
		{ "BASE", SBI_BASE }, { "TIME", SBI_TIME }, { "IPI", SBI_IPI },
		{ "RFNC", SBI_RFENCE }, { "HSM", SBI_HSM }, { "SRST", SBI_SRST },
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		CHECK(sbi_has(needed[i].extension), "no SBI extension %s", needed[i].name);
		print("hello: SBI %s: present\n", needed[i].name);
	}
	CHECK(!sbi_has(SBI_NO_SUCH_EXTENSION), "probe finds an extension that does not exist");
	CHECK(sbi(SBI_NO_SUCH_EXTENSION, 0).error == SBI_ERR_NOT_SUPPORTED, "unknown extension answers");
	print("hello: SBI unknown extension: not supported\n");
}

void guest_main(void)
{
	print("hello: greetings from supervisor mode\n");
	CHECK(platform.memory_base == 0x80000000, "memory begins at %lx", platform.memory_base);
	print("hello: memory begins at 80000000\n");
	check_base();
	check_extensions();
}
