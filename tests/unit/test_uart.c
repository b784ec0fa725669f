/* ns16550a: what a driver sees register by register, and the interrupts it gets. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "dev/console.h"
#include "dev/devices.h"
#include "hart/hart.h"
#include "revival.h"
#include "temporary.h"

enum { RBR = 0, IER = 1, IIR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCR = 7, FCR = 2, TICK = 10, CHAR = 868 * TICK };
enum { NONE = 1, THRE = 2, RECEIVED = 4, TIMEOUT = 12, MODEM = 0, FIFOS = 0xc0 };

struct world {
	struct platform platform;
	struct event_queue events;
	struct console *console;
	struct device *uart;
	bool irq;
	unsigned raises; /* of the wire, high already or not */
	uint64_t now;
};

static void set_level(void *receiver, unsigned line, bool level, uint64_t now)
{
	(void)line;
	(void)now;
	((struct world *)receiver)->irq = level;
	((struct world *)receiver)->raises += level;
}

static void make_uart(struct world *world)
{
	struct board board = { .platform = &world->platform, .events = &world->events, .console = world->console };
	struct device_site site = { .name = "uart", .wire = { .set = set_level, .receiver = world } };
	world->uart = uart_kind.make(&board, &site);
	cr_assert_not_null(world->uart);
}

/* A UART whose input is `input` on standard input, and whose output goes nowhere. */
static void start(struct world *world, const char *input)
{
	*world = (struct world){ .platform = { .cycles_per_tick = TICK, .hart_count = 1 } };
	int ends[2];
	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], input, strlen(input)), (ssize_t)strlen(input));
	close(ends[1]);
	cr_assert_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	event_queue_init(&world->events);
	struct console_config config = { .serial = "stdio" };
	world->console = console_open(&config);
	cr_assert_not_null(world->console);
	make_uart(world);
}

static void end(struct world *world)
{
	world->uart->destroy(world->uart);
	console_close(world->console);
	event_queue_free(&world->events);
}

static uint8_t get(struct world *world, unsigned reg)
{
	uint64_t value = 0;
	uint32_t effects = 0;
	cr_assert(world->uart->read(world->uart, reg, 1, world->now, &value, &effects));
	return (uint8_t)value;
}

static void put(struct world *world, unsigned reg, uint8_t value)
{
	uint32_t effects = 0;
	cr_assert(world->uart->write(world->uart, reg, 1, world->now, value, &effects));
}

/* Let time pass, with every event on the way. */
static void pass(struct world *world, uint64_t cycles)
{
	world->now += cycles;
	event_run(&world->events, world->now);
}

Test(uart, at_reset)
{
	struct world world;
	start(&world, "");
	cr_expect_eq(get(&world, LSR), 0x60);
	cr_expect_eq(get(&world, IIR), NONE);
	cr_expect_eq(get(&world, IER), 0);
	cr_expect_eq(get(&world, MSR), 0xb0);
	cr_expect_not(world.irq);
	uint64_t value;
	uint32_t effects = 0;
	cr_expect_not(world.uart->read(world.uart, 8, 1, 0, &value, &effects), "there are eight registers");
	end(&world);
}

Test(uart, scratch_and_divisor_registers)
{
	struct world world;
	start(&world, "");
	put(&world, SCR, 0x5a);
	cr_expect_eq(get(&world, SCR), 0x5a);
	put(&world, IER, 0xff);
	cr_expect_eq(get(&world, IER), 0x0f);
	put(&world, IER, 0);
	put(&world, LCR, 0x83);
	put(&world, 0, 0x12);
	put(&world, 1, 0x34);
	cr_expect_eq(get(&world, 0), 0x12);
	cr_expect_eq(get(&world, 1), 0x34);
	put(&world, LCR, 0x03);
	cr_expect_eq(get(&world, IER), 0, "the divisor is another register");
	cr_expect_eq(get(&world, LCR), 3);
	end(&world);
}

Test(uart, transmitter_interrupt)
{
	struct world world;
	start(&world, "");
	put(&world, IER, 2);
	cr_expect(world.irq, "empty when it is enabled");
	cr_expect_eq(get(&world, IIR), THRE);
	cr_expect_not(world.irq, "reading IIR takes it away");
	cr_expect_eq(get(&world, IIR), NONE);
	put(&world, LCR, 0);
	cr_expect_not(world.irq);
	put(&world, MCR, 0x10); /* loopback: nothing on stdout */
	put(&world, 0, 'x');
	cr_expect(world.irq, "sent, and empty again");
	put(&world, IER, 0);
	cr_expect_not(world.irq);
	end(&world);
}

static unsigned raises(struct world *world)
{
	unsigned count = world->raises;
	world->raises = 0;
	return count;
}

/* What changes nothing about its causes does not raise a wire that is high; what does raises it again. */
Test(uart, raises_its_wire_anew)
{
	struct world world;
	start(&world, "");
	put(&world, MCR, 0x10);
	(void)get(&world, MSR);
	(void)raises(&world);
	put(&world, IER, 3);
	cr_expect_eq(raises(&world), 1);
	put(&world, IER, 3);
	put(&world, SCR, 1);
	put(&world, LCR, 3);
	for (unsigned offset = IER; offset <= SCR; offset++)
		if (offset != IIR)
			(void)get(&world, offset);
	cr_expect_eq(raises(&world), 0);
	cr_expect(world.irq);
	put(&world, 0, 'x');
	cr_expect_geq(raises(&world), 1, "received, sent");
	cr_expect_eq(get(&world, IIR), RECEIVED);
	cr_expect_eq(raises(&world), 0, "no read of IIR takes that");
	cr_expect_eq(get(&world, RBR), 'x');
	cr_expect_eq(raises(&world), 1, "the transmitter's is left");
	put(&world, 2, 4);
	cr_expect_eq(raises(&world), 1);
	cr_expect_eq(get(&world, IIR), THRE);
	cr_expect_not(world.irq);
	put(&world, 2, 4);
	cr_expect(world.irq, "the transmitter is emptied, and that told");
	put(&world, IER, 1);
	cr_expect_not(world.irq);
	put(&world, IER, 3);
	cr_expect(world.irq, "empty when it is enabled");
	end(&world);
}

Test(uart, polled_input_arrives_at_line_rate)
{
	struct world world;
	start(&world, "ab");
	cr_expect_eq(get(&world, LSR) & 1, 0, "whoever looks once may want to write");
	cr_expect_eq(get(&world, LSR) & 1, 1);
	cr_expect_eq(get(&world, RBR), 'a');
	cr_expect_eq(get(&world, LSR) & 1, 0, "the next one takes its time");
	cr_expect_eq(event_next(&world.events), UINT64_MAX, "polling costs no event");
	pass(&world, CHAR - 1);
	cr_expect_eq(get(&world, LSR) & 1, 0);
	pass(&world, 1);
	cr_expect_eq(get(&world, LSR) & 1, 1);
	cr_expect_eq(get(&world, RBR), 'b');
	pass(&world, 1000 * CHAR);
	cr_expect_eq(get(&world, LSR) & 1, 0);
	cr_expect_eq(get(&world, RBR), 0);
	end(&world);
}

Test(uart, receive_interrupt_without_fifo)
{
	struct world world;
	start(&world, "ab");
	put(&world, IER, 1);
	cr_expect_not(world.irq);
	pass(&world, CHAR);
	cr_expect(world.irq);
	cr_expect_eq(get(&world, IIR), RECEIVED);
	cr_expect_eq(get(&world, IIR), RECEIVED, "only reading the byte takes it away");
	pass(&world, 10 * CHAR);
	cr_expect_eq(get(&world, LSR), 0x61, "held back: no overrun");
	cr_expect_eq(get(&world, RBR), 'a');
	cr_expect_not(world.irq);
	pass(&world, CHAR);
	cr_expect(world.irq);
	cr_expect_eq(get(&world, RBR), 'b');
	pass(&world, CHAR);
	cr_expect_not(world.irq);
	cr_expect_eq(event_next(&world.events), UINT64_MAX, "the end of input ends the events");
	end(&world);
}

Test(uart, fifo_trigger_and_timeout)
{
	struct world world;
	start(&world, "0123456789");
	put(&world, 2, 0x81); /* FIFOs on, trigger at 8 */
	put(&world, IER, 1);
	cr_expect_eq(get(&world, IIR), FIFOS | NONE);
	for (unsigned i = 0; i < 6; i++) /* the first one came with that look */
		pass(&world, CHAR);
	cr_expect_not(world.irq);
	cr_expect_eq(get(&world, LSR) & 1, 1);
	pass(&world, CHAR);
	cr_expect(world.irq);
	cr_expect_eq(get(&world, IIR), FIFOS | RECEIVED);
	for (unsigned i = 0; i < 8; i++)
		cr_expect_eq(get(&world, RBR), '0' + i);
	cr_expect_not(world.irq);
	pass(&world, CHAR);
	pass(&world, CHAR);
	cr_expect_not(world.irq, "two bytes are below the trigger");
	pass(&world, 4 * CHAR);
	cr_expect(world.irq);
	cr_expect_eq(get(&world, IIR), FIFOS | TIMEOUT);
	cr_expect_eq(get(&world, RBR), '8');
	cr_expect_not(world.irq, "reading restarts the timeout");
	pass(&world, 4 * CHAR);
	cr_expect(world.irq);
	cr_expect_eq(get(&world, RBR), '9');
	cr_expect_not(world.irq);
	end(&world);
}

Test(uart, fifo_holds_sixteen_and_can_be_cleared)
{
	struct world world;
	start(&world, "0123456789abcdefghij");
	put(&world, 2, 0x01);
	put(&world, IER, 1);
	for (unsigned i = 0; i < 40; i++)
		pass(&world, CHAR);
	for (unsigned i = 0; i < 3; i++)
		cr_expect_eq(get(&world, RBR), '0' + i);
	put(&world, 2, 0x03);
	cr_expect_eq(get(&world, LSR) & 1, 0);
	pass(&world, CHAR);
	cr_expect_eq(get(&world, RBR), 'h', "what was not received yet is not lost");
	end(&world);
}

Test(uart, loopback)
{
	struct world world;
	start(&world, "z");
	put(&world, MCR, 0x10);
	cr_expect_eq(get(&world, MSR) >> 4, 0);
	put(&world, MCR, 0x11);
	cr_expect_eq(get(&world, MSR) >> 4, 2, "DTR is DSR");
	put(&world, MCR, 0x12);
	cr_expect_eq(get(&world, MSR) >> 4, 1, "RTS is CTS");
	put(&world, MCR, 0x14);
	cr_expect_eq(get(&world, MSR) >> 4, 4, "OUT1 is RI");
	put(&world, MCR, 0x18);
	cr_expect_eq(get(&world, MSR) >> 4, 8, "OUT2 is DCD");
	put(&world, MCR, 0x1f);
	cr_expect_eq(get(&world, MSR) >> 4, 0xf);
	put(&world, 0, 'q');
	cr_expect_eq(get(&world, LSR) & 1, 1);
	cr_expect_eq(get(&world, RBR), 'q');
	cr_expect_eq(get(&world, LSR) & 1, 0, "no input from outside meanwhile");
	put(&world, 0, '1');
	put(&world, 0, '2');
	cr_expect_eq(get(&world, LSR) & 3, 3, "overrun");
	cr_expect_eq(get(&world, LSR) & 3, 1, "read once");
	cr_expect_eq(get(&world, RBR), '1');
	put(&world, MCR, 0x08);
	pass(&world, CHAR);
	cr_expect_eq(get(&world, RBR), 'z');
	end(&world);
}

Test(uart, modem_status_interrupt)
{
	struct world world;
	start(&world, "");
	put(&world, IER, 8);
	get(&world, MSR);
	cr_expect_not(world.irq);
	put(&world, MCR, 0x10);
	cr_expect(world.irq);
	cr_expect_eq(get(&world, IIR), MODEM);
	cr_expect_eq(get(&world, MSR), 0x0b, "CTS, DSR and DCD fell");
	cr_expect_not(world.irq);
	end(&world);
}

Test(uart, output_goes_to_the_console)
{
	struct world world;
	start(&world, "");
	char out[5 + TEMPORARY_PATH] = "file:";
	temporary(out + 5);
	struct console_config config = { .serial = out };
	console_close(world.console);
	world.console = console_open(&config);
	world.uart->destroy(world.uart);
	make_uart(&world);
	for (const char *c = "hi\n"; *c; c++)
		put(&world, 0, (uint8_t)*c);
	char text[8] = "";
	FILE *file = fopen(out + 5, "r");
	cr_assert_not_null(file);
	cr_expect_eq(fread(text, 1, sizeof(text), file), 3);
	fclose(file);
	cr_expect_str_eq(text, "hi\n");
	end(&world);
}

static bool restore(struct world *world, struct state_reader *reader)
{
	return event_queue_restore(&world->events, reader) && console_restore(world->console, reader) &&
	       world->uart->restore(world->uart, reader);
}

static bool restores(struct state_reader *reader)
{
	struct world world;
	start(&world, "");
	bool good = restore(&world, reader);
	for (unsigned i = 0; i < 20 && good; i++)
		get(&world, i % 8);
	end(&world);
	return good;
}

/* Half of the input has arrived; the rest is the console's. */
Test(uart, comes_back)
{
	struct world worlds[2];
	start(&worlds[0], "the quick brown fox");
	put(&worlds[0], 2, 0xc1);
	put(&worlds[0], IER, 7);
	put(&worlds[0], SCR, 0x77);
	pass(&worlds[0], 10 * CHAR);
	cr_expect_eq(get(&worlds[0], RBR), 't');
	struct state_writer writer = { 0 };
	event_queue_save(&worlds[0].events, &writer);
	console_save(worlds[0].console, &writer);
	worlds[0].uart->save(worlds[0].uart, &writer);
	start(&worlds[1], "nobody asks for this");
	struct state_reader reader = reader_of(&writer);
	cr_assert(restore(&worlds[1], &reader), "%s", reader.reason);
	worlds[1].irq = worlds[0].irq;
	worlds[1].now = worlds[0].now;
	for (unsigned i = 0; i < 2; i++) {
		struct world *world = &worlds[i];
		cr_expect_eq(get(world, SCR), 0x77);
		cr_expect_eq(get(world, IIR), FIFOS | THRE);
		for (const char *c = "he quick "; *c; c++)
			cr_expect_eq(get(world, RBR), *c);
		cr_expect_not(world->irq);
		pass(world, 14 * CHAR);
		cr_expect(world->irq);
		for (const char *c = "brown fox"; *c; c++)
			cr_expect_eq(get(world, RBR), *c);
		cr_expect_eq(get(world, LSR) & 1, 0);
		pass(world, 14 * CHAR);
		cr_expect_eq(event_next(&world->events), UINT64_MAX);
	}
	expect_refusals(&writer, restores, true);
	state_writer_free(&writer);
	end(&worlds[0]);
	end(&worlds[1]);
}

/* What a driver does, a step a row: it reads a register, writes one, or lets time go by. */
static const struct step {
	enum { GET, PUT, PASS } what;
	unsigned reg, value; /* PASS: characters' times */
} steps[] = {
	{ GET, LSR, 0 },    { GET, LSR, 0 },    { PASS, 0, 1 },   { GET, LSR, 0 },     { GET, RBR, 0 },     { GET, LSR, 0 },
	{ PUT, FCR, 0xc1 }, { PUT, IER, 1 },    { PASS, 0, 3 },   { GET, IIR, 0 },     { PASS, 0, 2 },      { GET, RBR, 0 },
	{ PASS, 0, 14 },    { GET, IIR, 0 },    { PASS, 0, 6 },   { GET, IIR, 0 },     { GET, RBR, 0 },     { PASS, 0, 2 },
	{ PUT, IER, 0 },    { PUT, FCR, 0 },    { PUT, MCR, 16 }, { PUT, RBR, 'x' },   { PUT, RBR, 'y' },   { PUT, IER, 4 },
	{ GET, IIR, 0 },    { GET, LSR, 0 },    { GET, RBR, 0 },  { PUT, LCR, 0x83 },  { PUT, RBR, 3 },     { PUT, IER, 1 },
	{ GET, RBR, 0 },    { PUT, LCR, 3 },    { PUT, MCR, 8 },  { PUT, FCR, 0x41 },  { PUT, IER, 1 },     { PASS, 0, 2 },
	{ GET, IIR, 0 },    { PASS, 0, 5 },     { GET, RBR, 0 },  { GET, RBR, 0 },     { PASS, 0, 9 },      { GET, IIR, 0 },
	{ GET, RBR, 0 },    { GET, RBR, 0 },    { GET, RBR, 0 },  { PASS, 0, 3 },      { GET, RBR, 0 },     { GET, LSR, 0 },
	{ PASS, 0, 20 },    { GET, RBR, 0 },    { GET, RBR, 0 },  { GET, RBR, 0 },     { GET, RBR, 0 },     { GET, RBR, 0 },
	{ GET, RBR, 0 },    { GET, RBR, 0 },    { GET, RBR, 0 },  { PASS, 0, 20 },     { GET, LSR, 0 },     { GET, IIR, 0 },
	{ GET, MSR, 0 },    { PUT, MCR, 16 },   { GET, MSR, 0 },  { PUT, IER, 2 },     { GET, IIR, 0 },     { GET, IIR, 0 },
};
enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

/* What is seen of it: the value, the wire, how often it was raised, and when something will happen. */
struct sight {
	uint64_t value, raises, next;
	bool irq;
};

static struct sight take_step(struct world *world, const struct step *step)
{
	struct sight sight = { 0 };
	world->raises = 0;
	if (step->what == GET)
		sight.value = get(world, step->reg);
	else if (step->what == PUT)
		put(world, step->reg, (uint8_t)step->value);
	else
		pass(world, step->value * CHAR);
	sight.raises = world->raises;
	sight.next = event_next(&world->events);
	sight.irq = world->irq;
	return sight;
}

Test(uart, comes_back_after_any_step)
{
	static const char input[] = "the quick brown fox jumps";
	struct sight wanted[STEPS];
	struct world world, other;
	start(&world, input);
	for (unsigned i = 0; i < STEPS; i++)
		wanted[i] = take_step(&world, &steps[i]);
	end(&world);
	for (unsigned cut = 0; cut <= STEPS; cut++) {
		struct state_writer writer = { 0 };
		start(&world, input);
		for (unsigned i = 0; i < cut; i++)
			take_step(&world, &steps[i]);
		event_queue_save(&world.events, &writer);
		console_save(world.console, &writer);
		world.uart->save(world.uart, &writer);
		start(&other, cut < 2 ? input : "nobody asks for this"); /* before the first question nothing of it is saved */
		struct state_reader reader = reader_of(&writer);
		cr_assert(restore(&other, &reader), "%s", reader.reason);
		other.irq = world.irq;
		other.now = world.now;
		for (unsigned i = cut; i < STEPS; i++) {
			struct sight got = take_step(&other, &steps[i]);
			cr_expect(got.value == wanted[i].value && got.raises == wanted[i].raises && got.next == wanted[i].next &&
			              got.irq == wanted[i].irq,
			          "cut at %u, step %u: 0x%lx, not 0x%lx", cut, i, got.value, wanted[i].value);
		}
		state_writer_free(&writer);
		end(&world);
		end(&other);
	}
}

/* One look at the line status before each character is how a program prints; it asks nobody for input. */
Test(uart, printing_does_not_ask_for_input)
{
	struct world world;
	start(&world, "x");
	for (unsigned i = 0; i < 5; i++) {
		cr_expect_eq(get(&world, LSR), 0x60);
		put(&world, RBR, 'p');
		pass(&world, CHAR);
	}
	cr_expect_eq(get(&world, LSR), 0x60);
	cr_expect_eq(get(&world, LSR), 0x61, "a second look does");
	end(&world);
}
