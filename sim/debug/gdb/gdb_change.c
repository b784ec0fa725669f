/* What a client changes is a part of the machine's past. */
#include <stdlib.h>
#include "debug/gdb/gdb_stub.h"
#include "debug/travel.h"

bool gdb_may_change(struct gdb *gdb)
{
	struct debugger *debugger = gdb->debugger;
	FILE *out = debugger->out;
	char *text = NULL;
	size_t size;
	bool failed = debugger->failed;
	debugger->out = open_memstream(&text, &size);
	bool may = debugger->out && travel_change(debugger);
	if (debugger->out)
		fclose(debugger->out);
	debugger->out = out;
	debugger->failed = failed;
	if (!may)
		gdb_put_error(gdb, 0x1e, "%s", text ? text : "no memory");
	free(text);
	return may;
}
