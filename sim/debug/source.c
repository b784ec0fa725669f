#include "debug/source.h"

#include <stdlib.h>
#include "debug/programs.h"
#include "debug/source_text.h"

bool source_open(struct debugger *debugger)
{
	debugger->source = calloc(1, sizeof *debugger->source);
	return debugger->source != NULL;
}

void source_close(struct debugger *debugger)
{
	programs_free(debugger);
	source_text_free(debugger);
	free(debugger->source);
	debugger->source = NULL;
}
