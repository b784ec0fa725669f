/* Registers by the numbers that target.xml gives them. */
#include <string.h>
#include "csr/csr.h"
#include "debug/gdb/gdb_stub.h"
#include "hart/trap.h"

enum { CSRS = 4096, GENERAL_BYTES = 33 * 8, ALL_BYTES = 65 * 8 };

static bool read_number(const struct hart *hart, uint64_t number, uint64_t *value)
{
	if (number < GDB_REG_PC)
		*value = number ? hart->x[number] : 0;
	else if (number == GDB_REG_PC)
		*value = hart->pc;
	else if (number < GDB_REG_F + 32)
		*value = hart->f[number - GDB_REG_F];
	else if (number >= GDB_REG_CSR && number < GDB_REG_CSR + CSRS)
		return csr_peek(hart, (unsigned)(number - GDB_REG_CSR), value);
	else if (number == GDB_REG_PRIV)
		*value = mode_priv(hart->mode);
	else if (number == GDB_REG_VIRT)
		*value = mode_virt(hart->mode);
	else
		return false;
	return true;
}

size_t gdb_register_bytes(const struct hart *hart, uint64_t number, uint8_t bytes[8])
{
	uint64_t value;
	if (!read_number(hart, number, &value))
		return 0;
	memcpy(bytes, &value, sizeof value);
	return sizeof value;
}

/* The mode, as if by a return from a trap. */
static bool poke_mode(struct hart *hart, uint64_t priv, uint64_t virt)
{
	static const enum mode modes[2][4] = {{MODE_U, MODE_HS, MODE_COUNT, MODE_M},
	                                      {MODE_VU, MODE_VS, MODE_COUNT, MODE_COUNT}};
	if (priv > 3 || virt > 1 || modes[virt][priv] == MODE_COUNT || (virt && !isa_has(&hart->isa, EXT_H)) ||
	    (priv == 0 && !isa_has(&hart->isa, EXT_U)) || (priv == 1 && !isa_has(&hart->isa, EXT_S)))
		return false;
	if (hart->counters.filtered)
		csr_counters_mode(hart, modes[virt][priv], false);
	hart->mode = modes[virt][priv];
	hart->effects |= EFFECT_MODE | EFFECT_IRQ | EFFECT_TRANSLATE;
	return true;
}

/* A hart that waits for an interrupt and is sent elsewhere does not wait there. */
static bool poke_pc(struct hart *hart, uint64_t pc)
{
	if (pc & (isa_has(&hart->isa, EXT_Zca) ? 1 : 3))
		return false;
	hart->waiting &= hart->pc == pc;
	hart->pc = pc;
	return true;
}

static bool poke_csr(struct hart *hart, unsigned num, uint64_t value)
{
	enum { READ_ONLY_LOW = 0xc00 };
	return num < READ_ONLY_LOW && csr_poke(hart, num, value);
}

/* False: there is none, it cannot be written, or not so. */
static bool write_number(struct hart *hart, uint64_t number, uint64_t value)
{
	if (number < GDB_REG_PC) {
		hart->x[number] = number ? value : 0;
		return true;
	}
	if (number == GDB_REG_PC)
		return poke_pc(hart, value);
	if (number < GDB_REG_F + 32) {
		hart->f[number - GDB_REG_F] = value;
		return true;
	}
	if (number >= GDB_REG_CSR && number < GDB_REG_CSR + CSRS)
		return poke_csr(hart, (unsigned)(number - GDB_REG_CSR), value);
	if (number == GDB_REG_PRIV)
		return poke_mode(hart, value, mode_virt(hart->mode) && value != 3);
	return number == GDB_REG_VIRT && poke_mode(hart, mode_priv(hart->mode), value);
}

static struct hart *spoken_of(const struct gdb *gdb) { return &gdb->machine->harts[gdb->general]; }

/* p NUMBER */
void gdb_read_register(struct gdb *gdb, struct gdb_args args)
{
	uint64_t number;
	uint8_t bytes[8];
	size_t size = gdb_take_hex(&args, &number) ? gdb_register_bytes(spoken_of(gdb), number, bytes) : 0;
	if (size)
		gdb_put_hex(gdb, bytes, size);
	else
		gdb_put(gdb, "E14");
}

/* P NUMBER=BYTES */
void gdb_write_register(struct gdb *gdb, struct gdb_args args)
{
	uint64_t number, value = 0;
	uint8_t bytes[8] = {0};
	size_t size;
	bool good = gdb_take_hex(&args, &number) && gdb_take(&args, '=') &&
	            gdb_take_bytes(&args, bytes, sizeof bytes, &size) && size > 0;
	memcpy(&value, bytes, sizeof bytes);
	if (good && !gdb_may_change(gdb))
		return;
	if (good && write_number(spoken_of(gdb), number, value))
		gdb_put(gdb, "OK");
	else
		gdb_put_error(gdb, 0x14, "this register cannot be written so");
}

/* g: those that every client knows of; one that has read target.xml, the f registers too. */
void gdb_read_registers(struct gdb *gdb, struct gdb_args args)
{
	uint8_t bytes[8];
	bool all = gdb->described && isa_has(&spoken_of(gdb)->isa, EXT_F);
	uint64_t count = (all ? ALL_BYTES : GENERAL_BYTES) / 8;
	(void)args;
	for (uint64_t i = 0; i < count; i++)
		gdb_put_hex(gdb, bytes, gdb_register_bytes(spoken_of(gdb), i, bytes));
}

/* G BYTES */
void gdb_write_registers(struct gdb *gdb, struct gdb_args args)
{
	uint64_t values[ALL_BYTES / 8];
	size_t size;
	if (!gdb_take_bytes(&args, (uint8_t *)values, sizeof values, &size) || size % 8 != 0 || size == 0) {
		gdb_put_error(gdb, 0x14, "that is not what g answers");
		return;
	}
	if (!gdb_may_change(gdb))
		return;
	bool good = true;
	for (size_t i = 0; i < size / 8; i++)
		good &= write_number(spoken_of(gdb), i, values[i]);
	if (good)
		gdb_put(gdb, "OK");
	else
		gdb_put_error(gdb, 0x14, "pc cannot be that");
}
