/* Writing a flattened device tree (version 17) into a buffer, node by node. */
#ifndef FIRMWARE_LIB_FDT_BUILD_H
#define FIRMWARE_LIB_FDT_BUILD_H

#include <stdbool.h>
#include <stdint.h>

struct fdt_builder {
	uint8_t *blob;
	uint32_t size;   /* of the buffer */
	uint32_t length; /* written so far */
	char strings[512];
	uint32_t strings_length;
	bool overflow;
};

/* The buffer must be 8-byte aligned. */
void fdt_build_start(struct fdt_builder *builder, void *buffer, uint32_t size);

void fdt_build_node(struct fdt_builder *builder, const char *name, ...) __attribute__((format(printf, 2, 3)));
void fdt_build_end_node(struct fdt_builder *builder);

void fdt_build_bytes(struct fdt_builder *builder, const char *name, const void *data, uint32_t size);
void fdt_build_empty(struct fdt_builder *builder, const char *name);
void fdt_build_string(struct fdt_builder *builder, const char *name, const char *text);
void fdt_build_u32(struct fdt_builder *builder, const char *name, uint32_t value);
void fdt_build_u64(struct fdt_builder *builder, const char *name, uint64_t value);
void fdt_build_cells(struct fdt_builder *builder, const char *name, const uint32_t *cells, uint32_t count);

/* A reg of one range, two cells each. */
void fdt_build_reg(struct fdt_builder *builder, uint64_t address, uint64_t size);

/* Completes the blob and returns its size; 0 if the buffer was too small. */
uint32_t fdt_build_finish(struct fdt_builder *builder);

#endif
