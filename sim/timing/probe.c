/* Instructions whose cost depends on values: what it is, before they run. */
#include "timing/data.h"
#include "timing/hierarchy.h"

struct probed {
	enum insn_id id;
	unsigned rs1, rs2;
};

static unsigned magnitude_bits(uint64_t value) { return value ? 64 - (unsigned)__builtin_clzll(value) : 0; }

/* CVA6's serial divider, and others like it: as many steps as the quotient may have bits. */
static uint16_t divide_cycles(const struct timing *timing, const struct hart *hart, const struct probed *insn)
{
	uint64_t a = hart->x[insn->rs1], b = hart->x[insn->rs2];
	bool is_signed = insn_has(insn->id, FLAG_SIGNED);
	if (insn_has(insn->id, FLAG_WORD)) {
		a = is_signed ? (uint64_t)(int64_t)(int32_t)a : (uint32_t)a;
		b = is_signed ? (uint64_t)(int64_t)(int32_t)b : (uint32_t)b;
	}
	if (!timing->div_variable)
		return (uint16_t)(timing->div_base + 64 / timing->div_bit_steps);
	if (is_signed && (int64_t)a < 0)
		a = ~a << 1 | 1;
	bool ends_at_once = b == 0 || (is_signed && b == UINT64_MAX);
	if (is_signed && (int64_t)b < 0)
		b = ~b;
	unsigned bits_a = magnitude_bits(a), bits_b = b ? magnitude_bits(b) : 1;
	if (ends_at_once || bits_a < bits_b)
		return (uint16_t)timing->div_base;
	return (uint16_t)(timing->div_base + (bits_a - bits_b) / timing->div_bit_steps + 1);
}

static double as_double(uint64_t bits)
{
	double value;
	__builtin_memcpy(&value, &bits, sizeof value);
	return value;
}

static double as_single(uint64_t bits)
{
	float value;
	uint32_t low = (uint32_t)bits;
	__builtin_memcpy(&value, &low, sizeof value);
	return (double)value;
}

/* Significant bits of a quotient or root; all of them where it is not exact. */
static unsigned result_bits(double result, bool exact, unsigned all)
{
	uint64_t bits;
	if (!exact || !__builtin_isnormal(result))
		return exact ? 1 : all;
	__builtin_memcpy(&bits, &result, sizeof bits);
	uint64_t mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
	unsigned used = 53 - (unsigned)__builtin_ctzll(mantissa);
	return used < all ? used : all;
}

static uint16_t fdivide_cycles(const struct timing *timing, const struct hart *hart, const struct probed *insn)
{
	const struct insn_row *row = &insn_rows[insn->id];
	bool wide = (row->match >> 25 & 3) == 1;
	double a = wide ? as_double(hart->f[insn->rs1]) : as_single(hart->f[insn->rs1]);
	double b = wide ? as_double(hart->f[insn->rs2]) : as_single(hart->f[insn->rs2]);
	unsigned all = wide ? 53 : 24, bits;
	if (row->class == CLASS_FSQRT) {
		double root = a >= 0 ? __builtin_sqrt(a) : 0;
		bits = result_bits(root, root * root == a && __builtin_fma(root, root, -a) == 0, all);
	} else {
		double quotient = b != 0 ? a / b : 0;
		bits = result_bits(quotient, b == 0 || a == 0 || __builtin_fma(quotient, b, -a) == 0, all);
	}
	if (!timing->fdiv_variable)
		bits = all;
	return (uint16_t)(timing->fdiv_base + (bits + 3 + timing->fdiv_bits - 1) / timing->fdiv_bits);
}

static void probe_hypervisor(struct hart *hart, const struct probed *insn, bool store)
{
	bool hlvx = insn_has(insn->id, FLAG_HLVX);
	struct mmu_context context = mmu_context_hypervisor(hart, hlvx);
	uint64_t va = mmu_unmasked(hart, &context, hart->x[insn->rs1]);
	data_access(hart->model, va, store ? ACCESS_STORE : ACCESS_LOAD, &context, NULL);
	hart->model->outcome.trap_walked = true;
	if (store)
		model_log_store(hart->model, va);
}

static void probe_atomic(struct hart *hart, const struct probed *insn, const uint8_t *host)
{
	struct model *model = hart->model;
	struct mmu_context context = mmu_context_data(hart);
	uint64_t va = mmu_unmasked(hart, &context, hart->x[insn->rs1]);
	data_access(model, va, insn_rows[insn->id].class == CLASS_LR ? ACCESS_LOAD : ACCESS_STORE, &context, host);
	model->outcome.trap_walked = true;
	if (model->timing->amo_memory) {
		model->outcome.stall.memory = (uint16_t)model->timing->dram_latency;
		hierarchy_drop_set(model, va);
	}
}

static void note_fence(struct model *model, const struct probed *insn)
{
	bool guest = insn_has(insn->id, FLAG_FENCE_GVMA);
	bool first = insn_has(insn->id, FLAG_FENCE_VVMA) || mode_virt(model->hart->mode);
	model->outcome.fence = (struct pending_fence){
	    .pending = true,
	    .kind = guest   ? FENCE_GVMA
	            : first ? FENCE_VVMA
	                    : FENCE_VMA,
	    .fence =
		{
		    .address_valid = insn->rs1 != 0 && model->timing->fence_selects,
		    .id_valid = insn->rs2 != 0 && model->timing->fence_selects,
		    .address = model->hart->x[insn->rs1],
		    .id = model->hart->x[insn->rs2],
		},
	};
}

void model_probe(struct hart *hart, enum insn_id id, unsigned rs1, unsigned rs2, const uint8_t *host)
{
	struct model *model = hart->model;
	const struct probed insn = {id, rs1, rs2};
	switch (insn_rows[id].class) {
	case CLASS_DIV: model->outcome.stall.unit = divide_cycles(model->timing, hart, &insn); break;
	case CLASS_FDIV:
	case CLASS_FSQRT: model->outcome.stall.unit = fdivide_cycles(model->timing, hart, &insn); break;
	case CLASS_HLOAD:
	case CLASS_HSTORE: probe_hypervisor(hart, &insn, insn_rows[id].class == CLASS_HSTORE); break;
	case CLASS_AMO:
	case CLASS_LR:
	case CLASS_SC: probe_atomic(hart, &insn, host); break;
	case CLASS_CACHE: break;
	default: note_fence(model, &insn); break;
	}
}
