/* Constructors of the machine's devices. Each returns NULL when there is no memory; device->destroy frees it. */
#ifndef DEVICES_H
#define DEVICES_H

#include "base/device.h"
#include "hart/platform.h"

struct console;

/* Read-only bytes that harts can fetch from; `size` bytes, of which the first `used` come from `bytes`. */
struct device *rom_new(const void *bytes, uint64_t used, uint64_t size);

/* msip[hart] drives machine software interrupts, mtip[hart] machine timer interrupts. platform->time_offset follows
 * writes to mtime, and time_changed is called after one. */
struct device *clint_new(struct platform *platform, struct event_queue *events, const struct irq_wire *msip,
                         const struct irq_wire *mtip, void (*time_changed)(void *context, uint64_t now), void *context);

/* Contexts 2h (M) and 2h+1 (S) of each hart h; outputs[context] is its wire. Sources 1..source_count arrive by
 * plic_set. */
struct device *plic_new(unsigned hart_count, unsigned source_count, const struct irq_wire *outputs);
void plic_set(void *plic, unsigned source, bool level, uint64_t now);

/* Non-maskable interrupts: wires[hart] with line 0..RNMI_LINES-1 of hart/hart.h are driven. */
struct device *nmi_new(const struct platform *platform, struct event_queue *events, const struct irq_wire *wires);

/* ns16550a, one byte a register. Input arrives at 115,200 baud of simulated time. */
struct device *uart_new(const struct platform *platform, struct event_queue *events, struct console *console,
                        struct irq_wire irq);

/* SiFive test finisher. `finish` gets the guest's request. */
enum finish { FINISH_PASS, FINISH_FAIL, FINISH_RESET };
struct device *finisher_new(void (*finish)(void *context, enum finish what, unsigned code), void *context);

/* Goldfish RTC: nanoseconds since 1970, `epoch` seconds at cycle 0. */
struct device *rtc_new(const struct platform *platform, struct event_queue *events, uint64_t epoch,
                       struct irq_wire irq);

#endif
