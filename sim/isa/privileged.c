#include "isa/privileged.h"

#include <stdint.h>

const char *mode_name(enum mode mode)
{
	static const char *const names[MODE_COUNT] = {"M", "HS", "U", "VS", "VU"};
	return names[mode];
}

static const char *exception_name(unsigned code)
{
	switch (code) {
#define EXCEPTION(number, id, name)                                                                                    \
	case number: return name;
#define INTERRUPT(...)
#include "isa/cause.def"
#undef EXCEPTION
#undef INTERRUPT
	default: return "reserved exception";
	}
}

static const char *interrupt_name(unsigned code)
{
	switch (code) {
#define EXCEPTION(...)
#define INTERRUPT(number, id, name)                                                                                    \
	case number: return name;
#include "isa/cause.def"
#undef EXCEPTION
#undef INTERRUPT
	default: return code >= RNMI_FIRST ? "non-maskable interrupt" : "reserved interrupt";
	}
}

const char *cause_name(bool interrupt, unsigned code)
{
	return interrupt ? interrupt_name(code) : exception_name(code);
}

bool cause_exists(bool interrupt, unsigned code)
{
	static const uint64_t exceptions = 0
#define EXCEPTION(number, ...) | UINT64_C(1) << (number)
#define INTERRUPT(...)
#include "isa/cause.def"
#undef EXCEPTION
#undef INTERRUPT
	    ;
	static const uint64_t interrupts = 0
#define EXCEPTION(...)
#define INTERRUPT(number, ...) | UINT64_C(1) << (number)
#include "isa/cause.def"
#undef EXCEPTION
#undef INTERRUPT
	    ;
	bool nmi = interrupt && code >= RNMI_FIRST && code < RNMI_FIRST + RNMI_LINES;
	return nmi || (code < 64 && (interrupt ? interrupts : exceptions) >> code & 1);
}
