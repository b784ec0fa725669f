/* Save and restore of a hart: its architectural state, where it is in time, and what its wires say. */
#include "base/bus.h"
#include "base/state.h"
#include "csr/csr.h"
#include "hart/hart.h"
#include "hart/reservation.h"

enum { VERSION = 4, CAUSE_MAX = 63 };

static bool read_flag(struct state_reader *reader) { return state_read_limited(reader, 1); }

/* ---- parts ---- */

static void save_trap(const struct trap *trap, struct state_writer *writer)
{
	const uint64_t values[] = {trap->pending, trap->interrupt, trap->rnmi,  trap->gva,
	                           trap->cause,   trap->tval,      trap->tval2, trap->tinst};
	state_write(writer, values, sizeof values);
}

static void restore_trap(struct trap *trap, struct state_reader *reader)
{
	trap->pending = read_flag(reader);
	trap->interrupt = read_flag(reader);
	trap->rnmi = read_flag(reader);
	trap->gva = read_flag(reader);
	trap->cause = (uint8_t)state_read_limited(reader, CAUSE_MAX);
	trap->tval = state_read_u64(reader);
	trap->tval2 = state_read_u64(reader);
	trap->tinst = state_read_u64(reader);
}

static void save_tp(const struct tp_file *tp, struct state_writer *writer)
{
	STATE_WRITE(writer, tp->value);
	STATE_WRITE(writer, tp->pc);
	STATE_WRITE(writer, tp->cycle);
	for (unsigned mode = 0; mode < MODE_COUNT; mode++)
		state_write_u64(writer, tp->written[mode]);
	state_write_u64(writer, tp->last_writer);
	state_write_u64(writer, tp->hypervisor);
	state_write_u64(writer, tp->before);
	state_write_u64(writer, tp->guest);
}

static void restore_tp(struct tp_file *tp, struct state_reader *reader)
{
	STATE_READ(reader, tp->value);
	STATE_READ(reader, tp->pc);
	STATE_READ(reader, tp->cycle);
	for (unsigned mode = 0; mode < MODE_COUNT; mode++)
		tp->written[mode] = read_flag(reader);
	tp->last_writer = (enum mode)state_read_limited(reader, MODE_COUNT - 1);
	tp->hypervisor = state_read_u64(reader);
	tp->before = state_read_u64(reader);
	tp->guest = state_read_u64(reader);
}

static void save_reservation(const struct hart *hart, struct state_writer *writer)
{
	state_write_u64(writer, hart->reservation.valid);
	state_write_u64(writer, hart->reservation.watched);
	state_write_u64(writer, hart->reservation.valid ? hart->reservation.pa : 0);
}

/* The page gets its flag anew. */
static bool restore_reservation(struct hart *hart, struct state_reader *reader)
{
	bool valid = read_flag(reader), watched = read_flag(reader);
	uint64_t pa = state_read_u64(reader);
	reservation_end(hart);
	if (reader->failed || !valid)
		return !reader->failed;
	if (!bus_is_dram(hart->bus, pa, RESERVATION_BYTES))
		return state_refuse(reader, "hart: a reservation outside DRAM");
	reservation_make(hart, pa);
	if (watched)
		reservation_guard(hart);
	return true;
}

/* ---- all ---- */

void hart_save(const struct hart *hart, struct state_writer *writer)
{
	state_write_begin(writer, "hart", VERSION);
	state_write_u64(writer, hart->id);
	STATE_WRITE(writer, hart->isa.bits);
	state_write(writer, hart->x + 1, 31 * sizeof hart->x[0]);
	state_write(writer, hart->f, 32 * sizeof hart->f[0]);
	const uint64_t numbers[] = {hart->pc,      hart->cycle,      hart->now,       hart->insns,
	                            hart->retired, hart->wake_cycle, hart->irq_lines, hart->hgei,
	                            hart->rnmi,    hart->effects,    hart->mode};
	state_write(writer, numbers, sizeof numbers);
	STATE_WRITE(writer, hart->trapped);
	state_write_u64(writer, hart->interrupted);
	state_write_u64(writer, hart->waiting);
	state_write_u64(writer, hart->halted);
	state_write_u64(writer, hart->elp);
	save_trap(&hart->trap, writer);
	save_tp(&hart->tp, writer);
	STATE_WRITE(writer, hart->interrupts);
	save_reservation(hart, writer);
	state_write_end(writer);
	csr_save(hart, writer);
}

/* Is it this hart's? */
static bool is_of_this_hart(const struct hart *hart, struct state_reader *reader)
{
	struct isa isa;
	uint64_t id = state_read_u64(reader);
	STATE_READ(reader, isa.bits);
	if (reader->failed)
		return false;
	if (id != hart->id)
		return state_refuse(reader, "hart: another hart's");
	for (unsigned i = 0; i < sizeof isa.bits / sizeof isa.bits[0]; i++)
		if (isa.bits[i] != hart->isa.bits[i])
			return state_refuse(reader, "hart: of one with other extensions");
	return true;
}

static void restore_numbers(struct hart *hart, struct state_reader *reader)
{
	state_read(reader, hart->x + 1, 31 * sizeof hart->x[0]);
	state_read(reader, hart->f, 32 * sizeof hart->f[0]);
	hart->pc = state_read_u64(reader);
	hart->cycle = state_read_u64(reader);
	hart->now = state_read_u64(reader);
	hart->insns = state_read_u64(reader);
	hart->retired = state_read_u64(reader);
	hart->wake_cycle = state_read_u64(reader);
	hart->irq_lines = state_read_limited(reader, (UINT64_C(1) << RNMI_FIRST) - 1);
	hart->hgei = state_read_u64(reader);
	hart->rnmi = state_read_limited(reader, (1 << RNMI_LINES) - 1);
	hart->effects = (uint32_t)state_read_limited(reader, UINT32_MAX);
	hart->mode = (enum mode)state_read_limited(reader, MODE_COUNT - 1);
	STATE_READ(reader, hart->trapped);
	hart->interrupted = state_read_u64(reader);
	hart->waiting = read_flag(reader);
	hart->halted = read_flag(reader);
	hart->elp = read_flag(reader);
}

static bool has_mode(const struct hart *hart)
{
	static const enum ext needs[MODE_COUNT] = {
	    [MODE_M] = EXT_I, [MODE_HS] = EXT_S, [MODE_U] = EXT_U, [MODE_VS] = EXT_H, [MODE_VU] = EXT_H,
	};
	return isa_has(&hart->isa, needs[hart->mode]);
}

bool hart_restore(struct hart *hart, struct state_reader *reader)
{
	if (!state_read_begin(reader, "hart", VERSION) || !is_of_this_hart(hart, reader))
		return false;
	restore_numbers(hart, reader);
	restore_trap(&hart->trap, reader);
	restore_tp(&hart->tp, reader);
	STATE_READ(reader, hart->interrupts);
	if (!restore_reservation(hart, reader) || !state_read_end(reader))
		return false;
	if (!has_mode(hart) || hart->pc & 1)
		return state_refuse(reader, "hart: in a mode that it has not, or at an odd address");
	if (!csr_restore(hart, reader))
		return false;
	/* Whatever the engine keeps was made for another state. */
	hart->effects |= EFFECT_IRQ | EFFECT_MODE | EFFECT_TRANSLATE;
	return true;
}
