#include "debug/source.h"

#include <stdlib.h>
#include "debug/display.h"
#include "debug/kept.h"
#include "debug/left.h"
#include "debug/programs.h"
#include "debug/source_text.h"

bool source_open(struct debugger *debugger)
{
	debugger->source = calloc(1, sizeof *debugger->source);
	return debugger->source && left_open(debugger);
}

void source_close(struct debugger *debugger)
{
	if (!debugger->source)
		return;
	programs_free(debugger);
	left_close(debugger);
	kept_free(debugger);
	display_free(debugger);
	source_text_free(debugger);
	free(debugger->source);
	debugger->source = NULL;
}
