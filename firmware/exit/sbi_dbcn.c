/* DBCN: the debug console. */
#include "exit/sbi.h"
#include "lib/bits.h"
#include "vm/vcpu.h"
#include "vm/zone.h"
#include "vm/zone_device.h"

/* A guest may print as much as it likes, but in calls that leave the hart to others in between. */
#define CONSOLE_PIECE 256
#define CONSOLE_CALL_MAX 65536

static void write_from_guest(struct zone *zone, uint64_t gpa, uint64_t size)
{
	char piece[CONSOLE_PIECE];

	while (size) {
		uint64_t length = min_u64(size, sizeof piece);
		zone_read(zone, gpa, piece, length);
		console_zone_write(&zone->line, zone->name, piece, length);
		gpa += length;
		size -= length;
	}
}

static uint64_t read_into_guest(struct zone *zone, uint64_t gpa, uint64_t size)
{
	uint64_t done = 0;
	int character;

	for (; done < size && (character = zone_take_input(zone)) >= 0; done++) {
		char byte = (char)character;
		zone_write(zone, gpa + done, &byte, 1);
	}
	return done;
}

struct sbi_result exit_sbi_dbcn(const struct sbi_call *call)
{
	struct zone *zone = sbi_caller(call)->zone;
	const uint64_t *arguments = call->arguments;
	uint64_t size = min_u64(arguments[0], CONSOLE_CALL_MAX), gpa = arguments[1];
	char byte = (char)arguments[0];

	if (call->function == SBI_DBCN_WRITE_BYTE) {
		console_zone_write(&zone->line, zone->name, &byte, 1);
		return sbi_success();
	}
	if (call->function > SBI_DBCN_WRITE_BYTE)
		return sbi_error(SBI_ERR_NOT_SUPPORTED);
	if (arguments[2] || !zone_has_memory(zone, gpa, arguments[0]))
		return sbi_error(SBI_ERR_INVALID_PARAM);
	if (call->function == SBI_DBCN_READ)
		return sbi_value(read_into_guest(zone, gpa, size));
	write_from_guest(zone, gpa, size);
	return sbi_value(size);
}
