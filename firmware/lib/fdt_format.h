/* The flattened device tree's format, version 17 of devicetree.org's specification. Numbers are big-endian. */
#ifndef FIRMWARE_LIB_FDT_FORMAT_H
#define FIRMWARE_LIB_FDT_FORMAT_H

#define FDT_MAGIC 0xd00dfeedu
#define FDT_VERSION 17
#define FDT_COMPATIBLE_VERSION 16

#define FDT_HEADER_SIZE 40

/* Tokens of the structure block. */
enum fdt_token { FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROPERTY = 3, FDT_NOP = 4, FDT_END = 9 };

#endif
