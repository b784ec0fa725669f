/*
 * Reading a flattened device tree (devicetree.org specification, version 17) in place.
 *
 * A node is the offset of its FDT_BEGIN_NODE token in the structure block; negative means "none". All
 * walks are bounded by the blob's own size, so a damaged tree ends a walk early and never leaves the blob.
 * No state: both privilege layers use it.
 */
#ifndef FIRMWARE_LIB_FDT_READ_H
#define FIRMWARE_LIB_FDT_READ_H

#include <stdbool.h>
#include <stdint.h>

typedef int32_t fdt_node;

struct fdt {
	const uint8_t *blob;
	uint32_t total_size;
	uint32_t structure, structure_size; /* offset from blob, bytes */
	uint32_t strings, strings_size;
};

struct fdt_property {
	const uint8_t *data; /* big-endian cells or strings; 4-byte aligned */
	uint32_t size;       /* bytes */
};

/* False if there is no valid tree at blob. */
bool fdt_open(struct fdt *fdt, const void *blob);

/* The root, the first child, the next sibling; -1 if there is none. */
fdt_node fdt_root(const struct fdt *fdt);
fdt_node fdt_first_child(const struct fdt *fdt, fdt_node node);
fdt_node fdt_next_sibling(const struct fdt *fdt, fdt_node node);

/* The child whose name up to '@' equals name; -1 if there is none. */
fdt_node fdt_child(const struct fdt *fdt, fdt_node node, const char *name);

/* False if node has no such property. */
bool fdt_get(const struct fdt *fdt, fdt_node node, const char *name, struct fdt_property *property);

/* The cell at index (32 bit); 0 beyond the end. */
uint32_t fdt_cell(const struct fdt_property *property, uint32_t index);

/* `cells` cells (1 or 2) from index on as one number. */
uint64_t fdt_number(const struct fdt_property *property, uint32_t index, uint32_t cells);

/* A one- or two-cell number in a property of that name, or fallback. */
uint64_t fdt_get_number(const struct fdt *fdt, fdt_node node, const char *name, uint64_t fallback);

/* A string property's text, or fallback if it is missing or not terminated. */
const char *fdt_get_string(const struct fdt *fdt, fdt_node node, const char *name, const char *fallback);

/* True if the string list `compatible` of the node holds text. */
bool fdt_is_compatible(const struct fdt *fdt, fdt_node node, const char *text);

/* The first node compatible with text, in document order; -1 if there is none. */
fdt_node fdt_find_compatible(const struct fdt *fdt, const char *text);

/* First address and size of `reg`, with two cells each as every `virt` machine has them. False if short. */
bool fdt_get_reg(const struct fdt *fdt, fdt_node node, uint64_t *address, uint64_t *size);

/* True unless `status` says otherwise. */
bool fdt_is_enabled(const struct fdt *fdt, fdt_node node);

#endif
