/* The hypervisor's structure for each CPU. */
#ifndef DEBUG_PERCPU_H
#define DEBUG_PERCPU_H

#include "debug/debugger.h"
#include "source/type.h"

/* Its type: that of the array's elements, where a variable is the array and is more than bytes; else the struct that is named like
 * percpu (PerCpu, per_cpu...) and fits a slot. False: debug information tells of none. */
bool percpu_type(struct debugger *debugger, uint64_t base, uint64_t slot, struct type *type);
/* Field by field, one a line. */
void percpu_print(struct debugger *debugger, const struct type *type, uint64_t address);
/* Likewise into an open array: an object a field. */
struct json;
void percpu_json(struct debugger *debugger, const struct type *type, uint64_t address, struct json *json);

#endif
