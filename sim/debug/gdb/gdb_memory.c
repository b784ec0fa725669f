/* Memory as the client sees it: by the hart's translation, by physical address, or as a zone's. Nothing here has side
 * effects but what is written. */
#include <inttypes.h>
#include <string.h>
#include "debug/gdb/gdb_stub.h"
#include "hart/mmu.h"
#include "machine/machine.h"

static uint64_t left_in_page(uint64_t address) { return PAGE_SIZE - (address & (PAGE_SIZE - 1)); }

/* The walk of a debugger, whom neither U pages nor pages that can only be executed are closed to. */
static bool walk_as(struct hart *hart, struct mmu_context context, enum access access, uint64_t address, uint64_t *pa)
{
	struct translation translation;
	struct trap trap;
	context.sum = context.mxr = context.vmxr = true;
	if (!mmu_walk(hart, address, 1, access, &context, false, NULL, NULL, &translation, &trap))
		return false;
	*pa = translation.pa;
	return true;
}

static bool walk_hart(struct hart *hart, uint64_t address, uint64_t *pa)
{
	return walk_as(hart, mmu_context_data(hart), ACCESS_LOAD, address, pa) ||
	       walk_as(hart, mmu_context_fetch(hart), ACCESS_FETCH, address, pa);
}

/* A guest-physical address of the zone: what a hart of it would find without a page table of the guest's own. */
static bool walk_zone(const struct gdb *gdb, uint64_t address, uint64_t *pa)
{
	struct hart guest = gdb->machine->harts[gdb->general];
	guest.mode = MODE_VS;
	guest.csr.vsatp = 0;
	guest.csr.hgatp = gdb->zone;
	return walk_as(&guest, mmu_context_in(&guest, MODE_VS, false), ACCESS_LOAD, address, pa);
}

uint64_t gdb_locate(struct gdb *gdb, uint64_t address, uint64_t *pa)
{
	bool found = true;
	*pa = address;
	if (gdb->space == GDB_SPACE_HART)
		found = walk_hart(&gdb->machine->harts[gdb->general], address, pa);
	else if (gdb->space == GDB_SPACE_ZONE)
		found = walk_zone(gdb, address, pa);
	return found ? left_in_page(address) : 0;
}

/* As many of `size` bytes as can be read, from the first on. */
static size_t read_range(struct gdb *gdb, uint64_t address, uint8_t *bytes, size_t size)
{
	size_t done = 0;
	while (done < size) {
		uint64_t pa, room = gdb_locate(gdb, address + done, &pa);
		size_t part = size - done < room ? size - done : (size_t)room;
		if (!room || !bus_peek(&gdb->machine->bus, pa, bytes + done, part))
			break;
		done += part;
	}
	return done;
}

/* All of them, or (false) none. */
static bool write_range(struct gdb *gdb, uint64_t address, const uint8_t *bytes, size_t size)
{
	struct bus *bus = &gdb->machine->bus;
	for (unsigned write = 0; write < 2; write++)
		for (size_t done = 0, part; done < size; done += part) {
			uint64_t pa, room = gdb_locate(gdb, address + done, &pa);
			part = size - done < room ? size - done : (size_t)room;
			if (!room || !bus_is_dram(bus, pa, part) ||
			    (write && !bus_dma_write(bus, pa, bytes + done, part)))
				return false;
		}
	return true;
}

/* ADDRESS,LENGTH, what is asked for in one packet. */
static bool take_range(struct gdb_args *args, uint64_t *address, uint64_t *length)
{
	return gdb_take_hex(args, address) && gdb_take(args, ',') && gdb_take_hex(args, length);
}

/* Fewer bytes than asked for say where memory ends. */
static size_t read_asked(struct gdb *gdb, struct gdb_args args, uint8_t *bytes, size_t most, bool *good)
{
	uint64_t address, length;
	*good = take_range(&args, &address, &length) && args.at == args.end;
	if (!*good)
		return 0;
	size_t size = read_range(gdb, address, bytes, length < most ? (size_t)length : most);
	*good = size != 0 || length == 0;
	return size;
}

enum { CHUNK = GDB_PACKET_MAX / 2 - 16 };

/* m ADDRESS,LENGTH */
void gdb_read_memory(struct gdb *gdb, struct gdb_args args)
{
	uint8_t bytes[CHUNK];
	bool good;
	size_t size = read_asked(gdb, args, bytes, sizeof bytes, &good);
	if (good)
		gdb_put_hex(gdb, bytes, size);
	else
		gdb_put(gdb, "E14"); /* a text would be taken for bytes by some */
}

/* x ADDRESS,LENGTH: b and bytes */
void gdb_read_binary(struct gdb *gdb, struct gdb_args args)
{
	uint8_t bytes[CHUNK];
	bool good;
	size_t size = read_asked(gdb, args, bytes, sizeof bytes, &good);
	gdb_put(gdb, good ? "b" : "E14");
	gdb_put_binary(gdb, bytes, good ? size : 0);
}

static void write_and_answer(struct gdb *gdb, bool good, uint64_t address, const uint8_t *bytes, size_t size)
{
	if (good && !gdb_may_change(gdb))
		return;
	if (good && write_range(gdb, address, bytes, size))
		gdb_put(gdb, "OK");
	else
		gdb_put_error(gdb, 0x14, "not all of that is RAM (or the packet is wrong)");
}

/* M ADDRESS,LENGTH:BYTES */
void gdb_write_memory(struct gdb *gdb, struct gdb_args args)
{
	uint8_t bytes[GDB_PACKET_MAX / 2];
	uint64_t address, length;
	size_t size = 0;
	bool good = take_range(&args, &address, &length) && gdb_take(&args, ':') &&
	            gdb_take_bytes(&args, bytes, sizeof bytes, &size) && size == length;
	write_and_answer(gdb, good, address, bytes, size);
}

/* X ADDRESS,LENGTH:binary */
void gdb_write_binary(struct gdb *gdb, struct gdb_args args)
{
	uint64_t address, length;
	bool good = take_range(&args, &address, &length) && gdb_take(&args, ':') &&
	            length == (uint64_t)(args.end - args.at);
	write_and_answer(gdb, good, address, (const uint8_t *)args.at, (size_t)length);
}

/* ---- whole ranges ---- */

/* The host looks in between, for what is asked may be long. False: the run is called off. */
static bool may_look_on(struct gdb *gdb, uint64_t done)
{
	enum { LOOK = 1 << 22 };
	return done % LOOK != 0 || !debug_interrupted(gdb->debugger);
}

/* qSearch:memory:ADDRESS;LENGTH;PATTERN */
void gdb_search(struct gdb *gdb, struct gdb_args args)
{
	enum { WINDOW = 1 << 16 };
	uint8_t window[2 * WINDOW];
	uint64_t address, length, done = 0;
	bool good = gdb_take_hex(&args, &address) && gdb_take(&args, ';') && gdb_take_hex(&args, &length) &&
	            gdb_take(&args, ';') && args.at < args.end;
	size_t pattern = (size_t)(args.end - args.at), kept = 0;
	while (good && done < length && may_look_on(gdb, done)) {
		size_t part = length - done < WINDOW ? (size_t)(length - done) : WINDOW;
		size_t got = read_range(gdb, address + done, window + kept, part);
		const uint8_t *found = memmem(window, kept + got, args.at, pattern);
		if (found) {
			gdb_put(gdb, "1,%" PRIx64, address + done - kept + (uint64_t)(found - window));
			return;
		}
		if (got < part) {
			good = false;
			break;
		}
		done += got;
		size_t keep = kept + got < pattern - 1 ? kept + got : pattern - 1;
		memmove(window, window + kept + got - keep, keep);
		kept = keep;
	}
	if (good && done >= length)
		gdb_put(gdb, "0");
	else
		gdb_put_error(gdb, 0x14, "not all of that is memory");
}

/* CRC-32 as the protocol has it: the highest bit first, neither turned round nor inverted. */
static uint32_t crc_of(uint32_t crc, const uint8_t *bytes, size_t size)
{
	const uint32_t polynomial = 0x04c11db7;
	for (size_t i = 0; i < size; i++) {
		crc ^= (uint32_t)bytes[i] << 24;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc >> 31 ? polynomial : 0);
	}
	return crc;
}

/* qCRC:ADDRESS,LENGTH */
void gdb_crc(struct gdb *gdb, struct gdb_args args)
{
	uint8_t bytes[PAGE_SIZE];
	uint64_t address, length, done = 0;
	uint32_t crc = UINT32_MAX;
	bool good = take_range(&args, &address, &length) && args.at == args.end;
	while (good && done < length && may_look_on(gdb, done)) {
		size_t part = length - done < sizeof bytes ? (size_t)(length - done) : sizeof bytes;
		good = read_range(gdb, address + done, bytes, part) == part;
		crc = crc_of(crc, bytes, part);
		done += part;
	}
	if (good && done >= length)
		gdb_put(gdb, "C%x", crc);
	else
		gdb_put_error(gdb, 0x14, "not all of that is memory");
}
