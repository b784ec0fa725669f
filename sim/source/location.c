#include "source/location.h"

#include <dwarf.h>
#include <string.h>

enum { STACK_MAX = 64, STEPS_MAX = 10000 };

struct computing {
	const struct source_view *view;
	const struct location_ops *ops;
	struct location *place;
	uint64_t stack[STACK_MAX];
	unsigned depth, steps;
	unsigned nesting; /* of frame bases */
	bool is_value; /* the top of the stack is no address: DW_OP_stack_value */
	bool failed;
};

static void lose(struct computing *computing, const char *reason)
{
	computing->place->kind = PLACE_LOST;
	computing->place->reason = reason;
	computing->failed = true;
}

static void push(struct computing *computing, uint64_t value)
{
	if (computing->depth == STACK_MAX)
		lose(computing, "its location is too deep");
	else
		computing->stack[computing->depth++] = value;
}

static uint64_t pop(struct computing *computing)
{
	if (computing->depth == 0) {
		lose(computing, "its location is damaged");
		return 0;
	}
	return computing->stack[--computing->depth];
}

bool location_column(const struct source_view *view, unsigned column, uint64_t *value)
{
	if (column < 32) {
		if (!view->frame || !(view->frame->known >> column & 1))
			return false;
		*value = column ? view->frame->x[column] : 0;
		return true;
	}
	return view->column && view->column(view->context, column, value);
}

static void push_column(struct computing *computing, uint64_t column, int64_t offset)
{
	uint64_t value = 0;
	if (column > UINT32_MAX || !location_column(computing->view, (unsigned)column, &value))
		lose(computing, "optimized out");
	else
		push(computing, value + (uint64_t)offset);
}

static void read_memory(struct computing *computing, unsigned size)
{
	uint64_t value = 0, address = pop(computing);
	if (computing->failed)
		return;
	if (size < 1 || size > 8 || !computing->view->read(computing->view->context, address, &value, size))
		lose(computing, "its location cannot be read");
	else
		push(computing, value);
}

static void push_frame_base(struct computing *computing, int64_t offset);

static void arithmetic(struct computing *computing, const Dwarf_Op *op)
{
	uint64_t b = pop(computing), a = pop(computing), shift = b < 64 ? b : 63;
	switch (op->atom) {
	case DW_OP_and: a &= b; break;
	case DW_OP_div:
		if (b == 0 || (b == UINT64_MAX && a == (uint64_t)INT64_MIN)) {
			lose(computing, "its location divides by zero");
			return;
		}
		a = (uint64_t)((int64_t)a / (int64_t)b);
		break;
	case DW_OP_minus: a -= b; break;
	case DW_OP_mod:
		if (b == 0) {
			lose(computing, "its location divides by zero");
			return;
		}
		a %= b;
		break;
	case DW_OP_mul: a *= b; break;
	case DW_OP_or: a |= b; break;
	case DW_OP_plus: a += b; break;
	case DW_OP_shl: a = b < 64 ? a << b : 0; break;
	case DW_OP_shr: a = b < 64 ? a >> b : 0; break;
	case DW_OP_shra: a = (uint64_t)((int64_t)a >> shift); break;
	case DW_OP_xor: a ^= b; break;
	case DW_OP_eq: a = a == b; break;
	case DW_OP_ge: a = (int64_t)a >= (int64_t)b; break;
	case DW_OP_gt: a = (int64_t)a > (int64_t)b; break;
	case DW_OP_le: a = (int64_t)a <= (int64_t)b; break;
	case DW_OP_lt: a = (int64_t)a < (int64_t)b; break;
	case DW_OP_ne: a = a != b; break;
	default: lose(computing, "its location has an operation that is not known here"); return;
	}
	push(computing, a);
}

static void stack_operation(struct computing *computing, const Dwarf_Op *op)
{
	uint64_t *stack = computing->stack;
	unsigned depth = computing->depth;
	uint64_t at = op->atom == DW_OP_over ? 1 : op->atom == DW_OP_pick ? op->number : 0, top;
	switch (op->atom) {
	case DW_OP_dup:
	case DW_OP_over:
	case DW_OP_pick:
		if (at >= depth)
			lose(computing, "its location is damaged");
		else
			push(computing, stack[depth - 1 - at]);
		break;
	case DW_OP_drop: pop(computing); break;
	default: /* swap, rot */
		at = op->atom == DW_OP_swap ? 2 : 3;
		if (depth < at) {
			lose(computing, "its location is damaged");
			return;
		}
		top = stack[depth - 1];
		memmove(&stack[depth - at + 1], &stack[depth - at], (at - 1) * sizeof *stack);
		stack[depth - at] = top;
	}
}

static void unary_operation(struct computing *computing, const Dwarf_Op *op)
{
	uint64_t a = pop(computing);
	switch (op->atom) {
	case DW_OP_abs: a = (int64_t)a < 0 ? -a : a; break;
	case DW_OP_neg: a = -a; break;
	case DW_OP_not: a = ~a; break;
	default: a += op->number; /* plus_uconst */
	}
	push(computing, a);
}

/* Where a jump leads: operations are told by their offsets. */
static size_t jump(struct computing *computing, const Dwarf_Op *op, size_t at)
{
	if (op->atom == DW_OP_bra && pop(computing) == 0)
		return at + 1;
	uint64_t target = op->offset + 3 + op->number;
	for (size_t i = 0; i < computing->ops->count; i++)
		if (computing->ops->ops[i].offset == target)
			return i;
	return computing->ops->count;
}

/* An address that stands in a table: DW_OP_addrx. */
static void push_indexed(struct computing *computing, const Dwarf_Op *op)
{
	Dwarf_Attribute attribute;
	Dwarf_Addr address;
	if (!computing->ops->attribute || dwarf_getlocation_attr(computing->ops->attribute, op, &attribute) != 0) {
		lose(computing, "its location is in another file");
		return;
	}
	uint64_t value;
	if (dwarf_formaddr(&attribute, &address) == 0)
		push(computing, address + (op->atom == DW_OP_addrx || op->atom == DW_OP_GNU_addr_index
		                               ? computing->view->program->bias
		                               : 0));
	else if (dwarf_formudata(&attribute, &value) == 0)
		push(computing, value);
	else
		lose(computing, "its location is in another file");
}

/* DW_OP_convert between integers cuts and extends. */
static void convert(struct computing *computing, const Dwarf_Op *op)
{
	Dwarf_Die type;
	Dwarf_Attribute attribute;
	uint64_t encoding = 0;
	if (op->number == 0)
		return;
	if (!computing->ops->attribute || dwarf_getlocation_attr(computing->ops->attribute, op, &attribute) != 0 ||
	    !dwarf_formref_die(&attribute, &type)) {
		if (!computing->ops->attribute || dwarf_getlocation_die(computing->ops->attribute, op, &type) != 0) {
			lose(computing, "its location has a type that is not known here");
			return;
		}
	}
	int size = dwarf_bytesize(&type);
	die_unsigned(&type, DW_AT_encoding, &encoding);
	if (size < 1 || size > 8 || encoding == DW_ATE_float) {
		lose(computing, "its location computes with floating point");
		return;
	}
	unsigned shift = 64 - 8 * (unsigned)size;
	uint64_t value = pop(computing) << shift;
	bool is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
	push(computing, is_signed ? (uint64_t)((int64_t)value >> shift) : value >> shift);
}

/* A register as it was when the function was entered. */
static void push_at_entry(struct computing *computing, const Dwarf_Op *op)
{
	const struct source_view *view = computing->view;
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count = 0;
	uint64_t value;
	bool plain = computing->ops->attribute &&
	             dwarf_getlocation_attr(computing->ops->attribute, op, &attribute) == 0 &&
	             dwarf_getlocation(&attribute, &ops, &count) == 0 && count == 1 && ops->atom >= DW_OP_reg0 &&
	             ops->atom <= DW_OP_reg31;
	if (!plain || !view->at_entry || !view->at_entry(view->context, (unsigned)(ops->atom - DW_OP_reg0), &value))
		lose(computing, "optimized out");
	else
		push(computing, value);
}

static void push_operand(struct computing *computing, const Dwarf_Op *op)
{
	switch (op->atom) {
	case DW_OP_addr: push(computing, op->number + computing->view->program->bias); break;
	case DW_OP_addrx:
	case DW_OP_constx:
	case DW_OP_GNU_addr_index:
	case DW_OP_GNU_const_index: push_indexed(computing, op); break;
	case DW_OP_breg0 ... DW_OP_breg31:
		push_column(computing, (uint64_t)(op->atom - DW_OP_breg0), (int64_t)op->number);
		break;
	case DW_OP_bregx: push_column(computing, op->number, (int64_t)op->number2); break;
	case DW_OP_regval_type:
	case DW_OP_GNU_regval_type: push_column(computing, op->number, 0); break;
	case DW_OP_fbreg: push_frame_base(computing, (int64_t)op->number); break;
	case DW_OP_call_frame_cfa:
		if (computing->view->frame && computing->view->frame->has_cfa)
			push(computing, computing->view->frame->cfa);
		else
			lose(computing, "its frame is not known");
		break;
	case DW_OP_entry_value:
	case DW_OP_GNU_entry_value: push_at_entry(computing, op); break;
	case DW_OP_implicit_pointer:
	case DW_OP_GNU_implicit_pointer: lose(computing, "optimized out"); break;
	case DW_OP_form_tls_address:
	case DW_OP_GNU_push_tls_address: lose(computing, "thread-local"); break;
	default: lose(computing, "its location has an operation that is not known here");
	}
}

static void operate(struct computing *computing, const Dwarf_Op *op)
{
	switch (op->atom) {
	case DW_OP_nop: break;
	case DW_OP_lit0 ... DW_OP_lit31: push(computing, (uint64_t)(op->atom - DW_OP_lit0)); break;
	case DW_OP_const1u ... DW_OP_consts: push(computing, op->number); break;
	case DW_OP_dup ... DW_OP_pick:
	case DW_OP_swap:
	case DW_OP_rot: stack_operation(computing, op); break;
	case DW_OP_deref: read_memory(computing, 8); break;
	case DW_OP_deref_size:
	case DW_OP_deref_type:
	case DW_OP_GNU_deref_type: read_memory(computing, op->number > 8 ? 0 : (unsigned)op->number); break;
	case DW_OP_abs:
	case DW_OP_neg:
	case DW_OP_not:
	case DW_OP_plus_uconst: unary_operation(computing, op); break;
	case DW_OP_convert:
	case DW_OP_GNU_convert:
	case DW_OP_reinterpret:
	case DW_OP_GNU_reinterpret: convert(computing, op); break;
	case DW_OP_and ... DW_OP_minus:
	case DW_OP_mod:
	case DW_OP_mul:
	case DW_OP_or:
	case DW_OP_plus:
	case DW_OP_shl ... DW_OP_xor:
	case DW_OP_eq ... DW_OP_ne: arithmetic(computing, op); break;
	default: push_operand(computing, op);
	}
}

/* The bytes of a place that has been computed, or none. */
static uint64_t place_bytes(const struct computing *computing, unsigned size, uint8_t *bytes)
{
	const struct location *place = computing->place;
	uint64_t all = size >= 64 ? UINT64_MAX : (UINT64_C(1) << size) - 1, value;
	switch (place->kind) {
	case PLACE_MEMORY:
		return computing->view->read(computing->view->context, place->address, bytes, size) ? all : 0;
	case PLACE_REGISTER:
		if (size > 8 || !location_column(computing->view, (unsigned)place->address, &value))
			return 0;
		memcpy(bytes, &value, size);
		return all;
	case PLACE_VALUE: memcpy(bytes, &place->value, size < 8 ? size : 8); return size <= 8 ? all : 0xff;
	case PLACE_BYTES: memcpy(bytes, place->bytes, size); return place->valid & all;
	default: return 0;
	}
}

/* What the stack holds now is the place. */
static void settle(struct computing *computing)
{
	struct location *place = computing->place;
	if (computing->failed || place->kind == PLACE_REGISTER || place->kind == PLACE_BYTES)
		return;
	if (computing->depth == 0) {
		lose(computing, "optimized out");
		return;
	}
	place->kind = computing->is_value ? PLACE_VALUE : PLACE_MEMORY;
	place->address = place->value = pop(computing);
}

/* A piece of something that lies in several places. One that is lost leaves its bytes invalid. */
static void add_piece(struct computing *computing, struct location *whole, uint64_t size)
{
	struct location *place = computing->place;
	uint8_t bytes[sizeof whole->bytes] = {0};
	if (size > sizeof whole->bytes - whole->size) {
		lose(computing, "it lies in too many places");
		return;
	}
	settle(computing);
	if (size != 0) {
		uint64_t valid = computing->failed ? 0 : place_bytes(computing, (unsigned)size, bytes);
		memcpy(whole->bytes + whole->size, bytes, size);
		whole->valid |= valid << whole->size;
		whole->size += (unsigned)size;
	}
	*place = (struct location){.kind = PLACE_MEMORY};
	computing->depth = 0;
	computing->failed = computing->is_value = false;
}

/* Does this operation name a place and not compute with the stack? */
static bool name_place(struct computing *computing, const Dwarf_Op *op)
{
	struct location *place = computing->place;
	Dwarf_Block block;
	switch (op->atom) {
	case DW_OP_reg0 ... DW_OP_reg31:
	case DW_OP_regx:
		place->kind = PLACE_REGISTER;
		place->address = op->atom == DW_OP_regx ? op->number : (uint64_t)(op->atom - DW_OP_reg0);
		return true;
	case DW_OP_stack_value: computing->is_value = true; return true;
	case DW_OP_implicit_value:
		if (!computing->ops->attribute ||
		    dwarf_getlocation_implicit_value(computing->ops->attribute, op, &block) != 0 ||
		    block.length > sizeof place->bytes) {
			lose(computing, "its value is too long");
			return true;
		}
		place->kind = PLACE_BYTES;
		place->size = (unsigned)block.length;
		memcpy(place->bytes, block.data, block.length);
		place->valid = block.length == 64 ? UINT64_MAX : (UINT64_C(1) << block.length) - 1;
		return true;
	default: return false;
	}
}

static void run(struct computing *computing)
{
	struct location whole = {.kind = PLACE_BYTES};
	bool in_pieces = false;
	for (size_t at = 0; at < computing->ops->count;) {
		const Dwarf_Op *op = &computing->ops->ops[at];
		if (++computing->steps > STEPS_MAX) {
			lose(computing, "its location does not end");
			return;
		}
		bool piece = op->atom == DW_OP_piece || op->atom == DW_OP_bit_piece;
		uint64_t size = op->atom == DW_OP_bit_piece ? op->number / 8 : op->number;
		if (op->atom == DW_OP_bit_piece && (op->number % 8 || op->number2)) {
			lose(computing, "it lies in pieces of bits");
			return;
		}
		if (piece) {
			in_pieces = true;
			add_piece(computing, &whole, size);
		} else if (computing->failed) { /* the rest of a lost piece */
		} else if (op->atom == DW_OP_bra || op->atom == DW_OP_skip) {
			at = jump(computing, op, at);
			continue;
		} else if (!name_place(computing, op)) {
			operate(computing, op);
		}
		at++;
	}
	if (in_pieces && !computing->failed)
		*computing->place = whole;
	else
		settle(computing);
}

static void compute(const struct source_view *view, const struct location_ops *ops, struct location *place,
                    unsigned nesting)
{
	struct computing computing = {.view = view, .ops = ops, .place = place, .nesting = nesting};
	*place = (struct location){.kind = PLACE_MEMORY};
	if (ops->initial)
		push(&computing, *ops->initial);
	run(&computing);
}

void location_compute(const struct source_view *view, const struct location_ops *ops, struct location *place)
{
	compute(view, ops, place, 0);
}

static uint64_t linked_pc(const struct source_view *view)
{
	if (!view->frame)
		return 0;
	return view->frame->pc - !view->frame->exact - view->program->bias;
}

/* The operations of an attribute for where the frame is. 0: none. */
static size_t ops_of(const struct source_view *view, Dwarf_Attribute *attribute, Dwarf_Op **ops)
{
	size_t count = 0;
	if (dwarf_getlocation(attribute, ops, &count) == 0)
		return count;
	return view->frame && dwarf_getlocation_addr(attribute, linked_pc(view), ops, &count, 1) == 1 ? count : 0;
}

static void push_frame_base(struct computing *computing, int64_t offset)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;
	Dwarf_Die *function = computing->ops->function;
	bool known = function && !computing->nesting && dwarf_attr(function, DW_AT_frame_base, &attribute);
	count = known ? ops_of(computing->view, &attribute, &ops) : 0;
	if (count == 0) {
		lose(computing, "its frame is not known");
		return;
	}
	struct location base;
	const struct location_ops of_base = {ops, count, NULL, &attribute, NULL};
	compute(computing->view, &of_base, &base, computing->nesting + 1);
	uint64_t value = base.address;
	if (base.kind == PLACE_LOST || base.kind == PLACE_BYTES ||
	    (base.kind == PLACE_REGISTER && !location_column(computing->view, (unsigned)base.address, &value)))
		lose(computing, "its frame is not known");
	else
		push(computing, value + (uint64_t)offset);
}

/* A form of a fixed size has no sign of its own: what it lacks are zeros. */
static bool constant_number(Dwarf_Attribute *attribute, uint64_t *value)
{
	static const unsigned bits[] = {[DW_FORM_data1] = 8, [DW_FORM_data2] = 16, [DW_FORM_data4] = 32};
	unsigned form = dwarf_whatform(attribute);
	int64_t extended;
	if (dwarf_formsdata(attribute, &extended) != 0)
		return false;
	*value = (uint64_t)extended;
	if (form < sizeof bits / sizeof *bits && bits[form])
		*value &= (UINT64_C(1) << bits[form]) - 1;
	return true;
}

/* DW_AT_const_value: a number, a text or a block. */
static bool constant_of(Dwarf_Die *variable, struct location *place)
{
	Dwarf_Attribute attribute;
	Dwarf_Block block;
	const char *text;
	uint64_t value;
	Dwarf_Die at = *variable, origin;
	if (!dwarf_attr(&at, DW_AT_const_value, &attribute)) {
		if (!die_reference(&at, DW_AT_abstract_origin, &origin) ||
		    !dwarf_attr(&origin, DW_AT_const_value, &attribute))
			return false;
	}
	if (dwarf_formblock(&attribute, &block) == 0 && block.length <= sizeof place->bytes) {
		*place = (struct location){.kind = PLACE_BYTES, .size = (unsigned)block.length};
		memcpy(place->bytes, block.data, block.length);
		place->valid = block.length == 64 ? UINT64_MAX : (UINT64_C(1) << block.length) - 1;
		return true;
	}
	if (constant_number(&attribute, &value)) {
		*place = (struct location){.kind = PLACE_VALUE, .value = value};
		return true;
	}
	text = dwarf_formstring(&attribute);
	if (!text)
		return false;
	*place = (struct location){.kind = PLACE_BYTES};
	place->size = (unsigned)strnlen(text, sizeof place->bytes - 1);
	memcpy(place->bytes, text, place->size++);
	place->valid = place->size == 64 ? UINT64_MAX : (UINT64_C(1) << place->size) - 1;
	return true;
}

void location_of(const struct source_view *view, Dwarf_Die *variable, Dwarf_Die *function, struct location *place)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	*place = (struct location){.kind = PLACE_LOST, .reason = "optimized out"};
	if (constant_of(variable, place) || !dwarf_attr(variable, DW_AT_location, &attribute) ||
	    ops_of(view, &attribute, &ops) == 0)
		return;
	size_t count = ops_of(view, &attribute, &ops);
	const struct location_ops of_variable = {ops, count, NULL, &attribute, function};
	compute(view, &of_variable, place, 0);
}
