#include "debug/topics.h"

#include <string.h>

topic_function *topic_find(const char *word, size_t length)
{
	static const struct {
		const char *name;
		size_t shortest;
		topic_function *run;
	} topics[] = {
	    {"zones", 1, info_zones},   {"vcpus", 1, info_vcpus}, {"switch", 2, info_switch}, {"tp", 2, info_tp},
	    {"gstage", 1, info_gstage}, {"pt", 2, info_pt},       {"cache", 2, info_cache},   {"tlb", 2, info_tlb},
	};
	for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
		if (length >= topics[i].shortest && length <= strlen(topics[i].name) &&
		    strncmp(topics[i].name, word, length) == 0)
			return topics[i].run;
	return NULL;
}
