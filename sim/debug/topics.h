/* What `info` can tell of guests, page tables, caches and TLBs: each function a topic, which takes the words behind its name.
 * False after a complaint. */
#ifndef TOPICS_H
#define TOPICS_H

#include <stdbool.h>
#include <stddef.h>

struct debugger;
typedef bool topic_function(struct debugger *debugger, const char *args);

topic_function info_zones, info_vcpus, info_switch, info_tp; /* info_guests.c */
topic_function info_gstage, info_pt; /* info_tables.c */
topic_function info_cache, info_tlb; /* info_caches.c */

/* The topic of a name, or of its beginning where that is long enough; NULL: it is none of these. topics.c */
topic_function *topic_find(const char *word, size_t length);

#endif
