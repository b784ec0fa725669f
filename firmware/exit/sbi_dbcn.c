/* DBCN: the debug console. */
#include "exit/sbi.h"
#include "lib/bits.h"
#include "vm/vcpu.h"
#include "vm/zone.h"
#include "vm/zone_device.h"

/* Bytes of a call. It may read or write fewer than it is asked for, and the hart is the guest's alone no longer than
 * that takes. */
#define CONSOLE_CALL_MAX 48

static struct sbi_result write_from_guest(const struct sbi_call *call, uint64_t gpa, uint64_t size)
{
	struct zone *zone = sbi_caller(call)->zone;
	uint64_t length;

	if (!size)
		return sbi_value(0);
	const char *text = zone_ram(zone, gpa, size, &length);
	uint64_t taken = zone_print(zone, text, length);
	return taken ? sbi_value(taken) : sbi_ask_again(call);
}

static struct sbi_result read_into_guest(struct zone *zone, uint64_t gpa, uint64_t size)
{
	char text[CONSOLE_CALL_MAX];
	uint32_t taken = zone_take_input(zone, text, (uint32_t)size);

	zone_write(zone, gpa, text, taken);
	return sbi_value(taken);
}

struct sbi_result exit_sbi_print_byte(const struct sbi_call *call)
{
	char byte = (char)call->arguments[0];

	return zone_print(sbi_caller(call)->zone, &byte, 1) ? sbi_success() : sbi_ask_again(call);
}

struct sbi_result exit_sbi_dbcn(const struct sbi_call *call)
{
	struct zone *zone = sbi_caller(call)->zone;
	const uint64_t *arguments = call->arguments;
	uint64_t size = min_u64(arguments[0], CONSOLE_CALL_MAX), gpa = arguments[1];

	if (call->function == SBI_DBCN_WRITE_BYTE)
		return exit_sbi_print_byte(call);
	if (call->function > SBI_DBCN_WRITE_BYTE)
		return sbi_error(SBI_ERR_NOT_SUPPORTED);
	if (arguments[2] || !zone_has_memory(zone, gpa, arguments[0]))
		return sbi_error(SBI_ERR_INVALID_PARAM);
	if (call->function == SBI_DBCN_READ)
		return read_into_guest(zone, gpa, size);
	return write_from_guest(call, gpa, size);
}
