/* What virtio-gpu and virtio-input devices say of themselves, and to requests that are good, and that are not: as on QEMU. */
#include "gpu.h"

enum { INPUT = 18 };

static struct queue queues[2];
static u8 picture[64 * 64 * 4];

static void show_bytes(const char *name, const u8 *bytes, u32 size)
{
	print(name);
	for (u32 i = 0; i < size; i++) {
		if (i % 32 == 0)
			print("\n ");
		put(' ');
		put("0123456789abcdef"[bytes[i] >> 4]);
		put("0123456789abcdef"[bytes[i] & 15]);
	}
	put('\n');
}

static void show_registers(const struct slot *slot)
{
	static const u64 reset_feature = UINT64_C(1) << 40; /* QEMU offers what its registers do not have */
	show("features", slot_features(slot) & ~reset_feature);
	for (u32 i = 0; i < 3; i++) {
		slot_set(slot, SELECT, i);
		show("queue", slot_get(slot, SIZE_MOST));
	}
	show("config before", slot_get(slot, CONFIG));
	show("behind", slot_get(slot, CONFIG + 0xf0));
	show("behind, a byte", REG8(slot->base + CONFIG + 0xf8));
}

static void show_input(const struct slot *slot)
{
	u8 bytes[128];
	show_registers(slot);
	slot_begin(slot, 0);
	for (u32 select = 0; select < 0x30; select++)
		for (u32 sub = 0; sub < 0x20; sub++) {
			REG8(slot->base + CONFIG) = (u8)select;
			REG8(slot->base + CONFIG + 1) = (u8)sub;
			u8 size = REG8(slot->base + CONFIG + 2);
			for (u32 i = 0; i < size; i++)
				bytes[i] = REG8(slot->base + CONFIG + 8 + i);
			if (!size)
				continue;
			print_hex(select), put(' '), print_hex(sub);
			show_bytes(":", bytes, size);
		}
	show("size of what is not", REG8(slot->base + CONFIG + 2));
	show("isr, configuration", slot_get(slot, ISR) & 2); /* QEMU sets both bits */
	slot_set(slot, ACK, 3);
	slot_set(slot, STATUS, 0);
}

static void show_gpu_config(const struct slot *slot)
{
	for (u32 i = 0; i < 24; i += 4)
		show("config", slot_get(slot, CONFIG + i));
	static struct gpu_answer answer;
	struct gpu_request request = {{.type = GET_DISPLAY_INFO, .flags = FENCE, .fence = 0x1234567812345678, .context = 3}, {0}};
	show("info", gpu_ask(slot, &request, 0, &answer));
	show("flags", answer.header.flags);
	show("fence", answer.header.fence);
	show("context", answer.header.context);
	show_bytes("modes", answer.bytes, 384);
	show_bytes("edid", (request = (struct gpu_request){{.type = GET_EDID}, {0}}, gpu_ask(slot, &request, 2, &answer), answer.bytes), 8 + 384);
	request.words[0] = 1;
	show("edid of no scanout", gpu_ask(slot, &request, 2, &answer));
}

/* Requests that are wrong, each in one thing. */
static void show_refusals(const struct slot *slot)
{
	u32 low = (u32)(u64)picture, high = (u32)((u64)picture >> 32);
	show("create", gpu_do(slot, CREATE_2D, 1, 2, 64, 64));
	show("create again", gpu_do(slot, CREATE_2D, 1, 2, 64, 64));
	show("create 0", gpu_do(slot, CREATE_2D, 0, 2, 64, 64));
	show("create of no format", gpu_do(slot, CREATE_2D, 2, 99, 64, 64));
	show("create huge", gpu_do(slot, CREATE_2D, 2, 2, 32000, 32000));
	show("create of no size", gpu_do(slot, CREATE_2D, 3, 2, 0, 0));
	show("transfer without backing", gpu_do(slot, TRANSFER, 0, 0, 64, 64, 0, 0, 1, 0));
	show("attach to none", gpu_do(slot, ATTACH, 9, 1, low, high, sizeof(picture), 0));
	show("attach too many", gpu_do(slot, ATTACH, 1, 20000, low, high, sizeof(picture), 0));
	show("attach short", gpu_do(slot, ATTACH, 1, 2, low, high, sizeof(picture), 0));
	show("attach", gpu_do(slot, ATTACH, 1, 1, low, high, sizeof(picture), 0));
	show("attach again", gpu_do(slot, ATTACH, 1, 1, low, high, sizeof(picture), 0));
	show("transfer", gpu_do(slot, TRANSFER, 0, 0, 64, 64, 0, 0, 1, 0));
	show("transfer over", gpu_do(slot, TRANSFER, 1, 0, 64, 64, 0, 0, 1, 0));
	show("transfer around", gpu_do(slot, TRANSFER, 0xffffffff, 0, 2, 64, 0, 0, 1, 0));
	show("transfer of none", gpu_do(slot, TRANSFER, 0, 0, 64, 64, 0, 0, 7, 0));
	show("flush", gpu_do(slot, FLUSH, 0, 0, 64, 64, 1, 0));
	show("flush over", gpu_do(slot, FLUSH, 0, 1, 64, 64, 1, 0));
	show("flush of none", gpu_do(slot, FLUSH, 0, 0, 64, 64, 7, 0));
	show("scanout", gpu_do(slot, SET_SCANOUT, 0, 0, 64, 64, 0, 1));
	show("scanout of none", gpu_do(slot, SET_SCANOUT, 0, 0, 64, 64, 0, 7));
	show("no scanout", gpu_do(slot, SET_SCANOUT, 0, 0, 64, 64, 1, 1));
	show("scanout 16", gpu_do(slot, SET_SCANOUT, 0, 0, 64, 64, 16, 1));
	show("scanout over", gpu_do(slot, SET_SCANOUT, 0, 0, 65, 64, 0, 1));
	show("scanout small", gpu_do(slot, SET_SCANOUT, 0, 0, 15, 64, 0, 1));
	show("scanout off", gpu_do(slot, SET_SCANOUT, 0, 0, 0, 0, 0, 0));
	show("no scanout off", gpu_do(slot, SET_SCANOUT, 0, 0, 0, 0, 1, 0));
	show("detach", gpu_do(slot, DETACH, 1, 0));
	show("detach again", gpu_do(slot, DETACH, 1, 0));
	show("unref", gpu_do(slot, UNREF, 1, 0));
	show("unref again", gpu_do(slot, UNREF, 1, 0));
	show("capset", gpu_do(slot, GET_CAPSET_INFO, 0, 0));
	show("nonsense", gpu_do(slot, 0x777, 0, 0));
	show("3d", gpu_do(slot, 0x200, 0, 0));
}

static void show_answers(const struct slot *slot)
{
	static struct gpu_answer answer;
	struct gpu_request request = {{.type = CREATE_2D}, {5, 2, 16, 16}};
	show("length of an answer", slot_ask(slot, 0, &request, 40, &answer, sizeof(answer)));
	request.header.type = GET_DISPLAY_INFO;
	show("of a long one", slot_ask(slot, 0, &request, 24, &answer, sizeof(answer)));
	show("of one that does not fit", slot_ask(slot, 0, &request, 24, &answer, 40));
	request.header.type = UPDATE_CURSOR;
	show("of a cursor's", slot_ask(slot, 1, &request, 56, &answer, 0));
	REG32(slot->base + CONFIG + 4) = 1;
	show("events", slot_get(slot, CONFIG));
}

int main(u64 hart)
{
	struct slot slot = {.queues = queues};
	if (hart)
		return 0;
	for (unsigned n = 0; slot_find(&slot, INPUT, n); n++)
		show_input(&slot);
	for (unsigned n = 0; slot_find(&slot, GPU, n); n++) {
		show_registers(&slot);
		slot_begin(&slot, 2);
		show_gpu_config(&slot);
		show_refusals(&slot);
		show_answers(&slot);
	}
	return 0;
}
