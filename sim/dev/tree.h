/* Writing a device tree with libfdt, front to back: what the machine and its devices have in common. */
#ifndef TREE_H
#define TREE_H

#include <stddef.h>
#include <stdint.h>

/* libfdt's sequential writer keeps no error: the first one stays here and stops all that follows. */
struct tree_writer {
	void *tree;
	unsigned hart_count;
	int error; /* of libfdt; 0: none */
};

/* Nodes that others point at have the numbers that QEMU gives them. Each hart has two, itself and its interrupt
 * controller: the last hart has the first ones. Then come the machine's interrupt controller and the finisher. */
static inline uint32_t hart_phandle(const struct tree_writer *writer, unsigned hart)
{
	return 2 * (writer->hart_count - 1 - hart) + 1;
}
static inline uint32_t intc_phandle(const struct tree_writer *writer, unsigned hart)
{
	return hart_phandle(writer, hart) + 1;
}
static inline uint32_t interrupts_phandle(const struct tree_writer *writer) { return 2 * writer->hart_count + 1; }
static inline uint32_t finisher_phandle(const struct tree_writer *writer) { return 2 * writer->hart_count + 2; }

void tree_begin(struct tree_writer *writer, const char *name);
/* name@base, with that reg: two cells of address and two of size. */
void tree_begin_at(struct tree_writer *writer, const char *name, uint64_t base, uint64_t size);
/* Likewise of two places of one size. */
void tree_begin_pair(struct tree_writer *writer, const char *name, uint64_t base, uint64_t second, uint64_t size);
void tree_end(struct tree_writer *writer);

void tree_string(struct tree_writer *writer, const char *name, const char *value);
void tree_u32(struct tree_writer *writer, const char *name, uint32_t value);
void tree_bytes(struct tree_writer *writer, const char *name, const void *bytes, size_t size);
/* #address-cells, #size-cells */
void tree_cells(struct tree_writer *writer, uint32_t address_cells, uint32_t size_cells);
/* A list of strings, written as one literal with "\0" between them. */
#define tree_strings(writer, name, literal) tree_bytes(writer, name, literal, sizeof(literal))

/* An interrupt of the machine's interrupt controller. */
void tree_interrupt(struct tree_writer *writer, uint32_t source);
/* interrupts-extended: two interrupts of every hart. At most 64 harts. */
void tree_hart_interrupts(struct tree_writer *writer, uint32_t first, uint32_t second);

#endif
