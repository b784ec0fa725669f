/* What accesses of each size find where devices are, at their ends, and where there is nothing: their values, faults. */
#include "board.h"

/* What they say depends on the time: only whether they fault is shown. */
static bool changes(u64 address) { return address == RTC || address == RTC + 4 || address == MTIME; }

/* Stores there would be heard of. */
static bool is_quiet(u64 address) { return address != FINISHER && address != UART; }

static void probe(u64 address)
{
	print_hex(address);
	for (unsigned size = 1; size <= 8; size *= 2) {
		u64 value = 0, fault = address % size ? 0 : load(address, size, &value);
		print(address % size ? " -" : fault ? " fault " : changes(address) ? " time" : " ");
		if (!(address % size) && (fault || !changes(address)))
			print_hex(fault ? fault - 1 : value);
	}
	for (unsigned size = 1; is_quiet(address) && size <= 8; size *= 2) {
		u64 fault = address % size ? 0 : store(address, size, 0);
		print(address % size ? " -" : fault ? " fault " : " ok");
		if (fault)
			print_hex(fault - 1);
	}
	put('\n');
}

static const u64 places[] = {
	0x0, 0x100, 0xff8, 0x1000, 0x1004, 0x1058, 0x2000, 0xfff8, 0x10000, 0x80000,
	/* finisher, RTC, and behind them */
	0x100000, 0x100002, 0x100004, 0x100008, 0x100ff8, 0x101000, 0x101004, 0x101008, 0x101010, 0x101018, 0x101020, 0x101024,
	0x101028, 0x101ff8, 0x102000, 0x103000, 0x110000, 0x200000, 0x1000000, 0x1fffff8,
	/* CLINT */
	0x2000000, 0x2000004, 0x2000008, 0x2000100, 0x2003ff8, 0x2003ffc, 0x2004000, 0x2004008, 0x2004100, 0x200bff0, 0x200bff8,
	0x200bffc, 0x200c000, 0x200fff8, 0x2010000, 0x2f00000,
	/* PLIC */
	0x4000000, 0x6000000, 0xbfffff8, 0xc000000, 0xc000004, 0xc000008, 0xc000180, 0xc000184, 0xc000188, 0xc000ff8, 0xc001000,
	0xc001008, 0xc00100c, 0xc001010, 0xc001018, 0xc002000, 0xc002008, 0xc00200c, 0xc002010, 0xc002018, 0xc002080, 0xc002100,
	0xc1f0000, 0xc200000, 0xc200004, 0xc200008, 0xc201000, 0xc202000, 0xc210000, 0xc5ffff8, 0xc600000, 0xe000000, 0xfffff8,
	/* UART, and behind the last device of its kind */
	0x10000000, 0x10000008, 0x100000f8, 0x10000100, 0x10000ff8, 0x10009000, 0x10200000, 0x1ffffff8, 0x24000000, 0x28000000,
	0x2ffffff8,
	/* PCI: I/O, the host bridge's configuration and others', memory below 4 GiB and high */
	0x3000000, 0x3000008, 0x300fff8, 0x3010000, 0x30000000, 0x30000002, 0x30000004, 0x30000008, 0x3000000c, 0x30000010,
	0x3000002c, 0x30000034, 0x3000003c, 0x30000040, 0x300000f8, 0x30000100, 0x30000ff8, 0x30001000, 0x30008000, 0x30100000,
	0x3ffffff8, 0x40000000, 0x40000008, 0x60000000, 0x7ffffff8, 0x400000000, 0x400001000, 0x7fffffff8, 0x800000000,
	/* DRAM's end, with 512 MiB */
	0x9ffffff8, 0xa0000000, 0x100000000, 0x3fffffff8, 0x1000000000, 0xfffffffffff8, 0xfffffffffffff8,
};

/* Which bits of the host bridge's configuration can be written. */
static void write_bridge(void)
{
	const u64 bridge = 0x30000000;
	for (u64 offset = 0; offset < 0x108; offset += 4) {
		u64 before, ones, zeros;
		load(bridge + offset, 4, &before);
		store(bridge + offset, 4, ~UINT64_C(0));
		load(bridge + offset, 4, &ones);
		store(bridge + offset, 4, 0);
		load(bridge + offset, 4, &zeros);
		store(bridge + offset, 4, before);
		if (before == ones && ones == zeros)
			continue;
		print_hex(bridge + offset);
		show(" ones", ones);
	}
}

int main(u64 hart)
{
	if (hart)
		return 0;
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		probe(places[i]);
	write_bridge();
	return 0;
}
