#include "source/call_site.h"

#include <dwarf.h>
#include <string.h>
#include "source/location.h"

static bool returns_to(Dwarf_Die *site, uint64_t linked)
{
	Dwarf_Attribute attribute;
	Dwarf_Addr address;
	unsigned name = dwarf_tag(site) == DW_TAG_call_site ? DW_AT_call_return_pc : DW_AT_low_pc;
	return dwarf_attr(site, name, &attribute) && dwarf_formaddr(&attribute, &address) == 0 && address == linked;
}

/* The entry that tells of the call, in the scopes around it. */
static bool find_site(const struct scopes *scopes, uint64_t linked, Dwarf_Die *site)
{
	for (unsigned i = scopes->count; i--;)
		for (bool more = die_child(&scopes->die[i], site); more; more = die_next(site)) {
			int tag = dwarf_tag(site);
			if ((tag == DW_TAG_call_site || tag == DW_TAG_GNU_call_site) && returns_to(site, linked))
				return true;
		}
	return false;
}

/* A jump at a function's end may have led on to another one than was called. */
static bool calls(Dwarf_Die *site, Dwarf_Die *callee)
{
	Dwarf_Die origin;
	unsigned name = dwarf_tag(site) == DW_TAG_call_site ? DW_AT_call_origin : DW_AT_abstract_origin;
	if (!die_reference(site, name, &origin))
		return true; /* by a pointer */
	const char *called = die_name(&origin), *entered = die_name(callee);
	return called && entered && strcmp(called, entered) == 0;
}

static bool is_register(Dwarf_Die *parameter, unsigned reg)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;
	return dwarf_attr(parameter, DW_AT_location, &attribute) && dwarf_getlocation(&attribute, &ops, &count) == 0 &&
	       count == 1 && ops->atom == DW_OP_reg0 + reg;
}

static bool passed_value(const struct source_view *caller, const struct scopes *scopes, Dwarf_Die *parameter,
                         uint64_t *value)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;
	struct location location;
	Dwarf_Die function = scopes->die[0];
	if ((!dwarf_attr(parameter, DW_AT_call_value, &attribute) &&
	     !dwarf_attr(parameter, DW_AT_GNU_call_site_value, &attribute)) ||
	    dwarf_getlocation(&attribute, &ops, &count) != 0 || count == 0)
		return false;
	const struct location_ops of_value = {ops, count, NULL, &attribute, &function};
	location_compute(caller, &of_value, &location);
	if (location.kind == PLACE_REGISTER)
		return location_column(caller, (unsigned)location.address, value);
	*value = location.address;
	return location.kind == PLACE_MEMORY || location.kind == PLACE_VALUE;
}

bool call_site_register(const struct source_view *caller, Dwarf_Die *callee, unsigned reg, uint64_t *value)
{
	struct scopes scopes;
	Dwarf_Die site, parameter;
	if (!caller->program || !caller->frame || caller->frame->exact ||
	    !scopes_at(caller->program, caller->frame->pc - 1, &scopes) ||
	    !find_site(&scopes, caller->frame->pc - caller->program->bias, &site) || !calls(&site, callee))
		return false;
	for (bool more = die_child(&site, &parameter); more; more = die_next(&parameter)) {
		int tag = dwarf_tag(&parameter);
		if ((tag == DW_TAG_call_site_parameter || tag == DW_TAG_GNU_call_site_parameter) &&
		    is_register(&parameter, reg))
			return passed_value(caller, &scopes, &parameter, value);
	}
	return false;
}
