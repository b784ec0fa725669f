#include "isa/privileged.h"

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
