/* Trace Event Format, as chrome://tracing, DevTools, Firefox Profiler and speedscope read it. A cycle is a microsecond there. Only
 * complete events (X): readers disagree about B and E. */
#include <inttypes.h>
#include <stdlib.h>
#include "base/array.h"
#include "base/version.h"
#include "timeline.h"
#include "trace/world.h"

enum { PROCESS_HARTS = 1, PROCESS_VCPUS = 2, EXITS = 1000 /* added to a hart's thread */ };

struct chrome {
	struct export *export;
	FILE *out;
	struct chrome_vcpu {
		uint64_t vcpu;
		unsigned vmid;
	} *vcpus;
	size_t count, capacity;
	bool failed;
};

static void name_thread(struct chrome *chrome, unsigned process, uint64_t thread, const char *name)
{
	fprintf(chrome->out,
	        ",\n{\"ph\":\"M\",\"pid\":%u,\"tid\":%" PRIu64 ",\"name\":\"thread_name\",\"args\":{\"name\":", process,
	        thread);
	export_quoted(chrome->out, name);
	fprintf(chrome->out,
	        "}},\n{\"ph\":\"M\",\"pid\":%u,\"tid\":%" PRIu64
	        ",\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":%" PRIu64 "}}",
	        process, thread, process == PROCESS_HARTS ? thread % EXITS * 2 + thread / EXITS : thread);
}

/* The thread of a vCPU: from 1. */
static size_t thread_of_vcpu(struct chrome *chrome, const struct timeline_guest *of)
{
	char zone[160], name[200];
	for (size_t i = 0; i < chrome->count; i++)
		if (chrome->vcpus[i].vcpu == of->vcpu && chrome->vcpus[i].vmid == of->vmid)
			return i + 1;
	if (ARRAY_RESERVE(chrome->vcpus, chrome->count, 1, &chrome->capacity) != 0) {
		chrome->failed = true;
		return 0;
	}
	chrome->vcpus[chrome->count++] = (struct chrome_vcpu){of->vcpu, of->vmid};
	snprintf(name, sizeof name, "%s vCPU 0x%" PRIx64, timeline_zone(chrome->export, of, zone, sizeof zone),
	         of->vcpu);
	name_thread(chrome, PROCESS_VCPUS, chrome->count, name);
	return chrome->count;
}

static void begin_slice(struct chrome *chrome, unsigned process, uint64_t thread, uint64_t begin, uint64_t end,
                        const char *name, const char *category)
{
	fprintf(chrome->out,
	        ",\n{\"ph\":\"X\",\"pid\":%u,\"tid\":%" PRIu64 ",\"ts\":%" PRIu64 ",\"dur\":%" PRIu64
	        ",\"cat\":\"%s\",\"name\":",
	        process, thread, begin, end - begin, category);
	export_quoted(chrome->out, name);
	fputs(",\"args\":{", chrome->out);
}

static void chrome_world(void *context, const struct timeline_world *world)
{
	struct chrome *chrome = context;
	char zone[160], text[64];
	begin_slice(chrome, PROCESS_HARTS, world->hart + 1, world->begin, world->end, mode_name(world->mode), "world");
	fprintf(chrome->out, "\"instructions\":%" PRIu64, world->instructions);
	if (mode_virt(world->mode)) {
		fputs(",\"zone\":", chrome->out);
		export_quoted(chrome->out, timeline_zone(chrome->export, &world->of, zone, sizeof zone));
	}
	fputs("}}", chrome->out);
	if (!mode_virt(world->mode))
		return;
	size_t thread = thread_of_vcpu(chrome, &world->of);
	snprintf(text, sizeof text, "%s on hart %u", mode_name(world->mode), world->hart);
	begin_slice(chrome, PROCESS_VCPUS, thread, world->begin, world->end, text, "vcpu");
	fprintf(chrome->out, "\"instructions\":%" PRIu64 "}}", world->instructions);
}

static void chrome_exit(void *context, const struct timeline_exit *exit)
{
	struct chrome *chrome = context;
	char zone[160];
	begin_slice(chrome, PROCESS_HARTS, EXITS + exit->hart + 1, exit->begin, exit->end,
	            world_cause_name(exit->cause), "exit");
	fputs("\"zone\":", chrome->out);
	export_quoted(chrome->out, timeline_zone(chrome->export, &exit->of, zone, sizeof zone));
	fprintf(chrome->out, ",\"from\":\"%s\",\"vcpu\":\"0x%" PRIx64 "\",\"returned\":%s", mode_name(exit->mode),
	        exit->of.vcpu, exit->ended ? "true" : "false");
	if (exit->has_trap)
		fprintf(chrome->out, ",\"pc\":\"0x%" PRIx64 "\",\"tval\":\"0x%" PRIx64 "\"", exit->pc, exit->tval);
	for (unsigned i = 0; exit->has_split && i < SPLIT_PARTS; i++)
		if (exit->parts[i])
			fprintf(chrome->out, ",\"%s\":%" PRIu64, split_keys[i], exit->parts[i]);
	fputs("}}", chrome->out);
}

static void chrome_event(void *context, const struct trace_event *event)
{
	struct chrome *chrome = context;
	uint64_t offset = 0;
	if (event->type != TRACE_TRAP)
		return;
	const char *symbol = trace_reader_symbol(chrome->export->input.reader, (enum mode)event->mode, event->guest,
	                                         event->pc, &offset);
	fprintf(chrome->out,
	        ",\n{\"ph\":\"i\",\"s\":\"t\",\"pid\":%u,\"tid\":%u,\"ts\":%" PRIu64 ",\"cat\":\"trap\",\"name\":",
	        PROCESS_HARTS, event->hart + 1u, event->cycle);
	export_quoted(chrome->out, world_cause_name(event->value[0]));
	fprintf(chrome->out, ",\"args\":{\"pc\":\"0x%" PRIx64 "\",\"tval\":\"0x%" PRIx64 "\",\"in\":", event->pc,
	        event->value[1]);
	export_quoted(chrome->out, symbol ? symbol : "");
	fputs("}}", chrome->out);
}

static void name_harts(struct chrome *chrome)
{
	char name[32];
	for (unsigned i = 0; i < trace_reader_header(chrome->export->input.reader)->hart_count; i++) {
		if (!export_shows(chrome->export, i, chrome->export->from, chrome->export->to))
			continue;
		snprintf(name, sizeof name, "hart %u", i);
		name_thread(chrome, PROCESS_HARTS, i + 1, name);
		snprintf(name, sizeof name, "hart %u exits", i);
		name_thread(chrome, PROCESS_HARTS, EXITS + i + 1, name);
	}
}

int export_chrome(struct export *export)
{
	struct chrome chrome = {export, export->out, NULL, 0, 0, false};
	struct timeline_sink sink = {chrome_world, chrome_exit, chrome_event, &chrome};
	fprintf(
	    export->out,
	    "{\"traceEvents\":[\n{\"ph\":\"M\",\"pid\":%u,\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":\"harts\"}},"
	    "\n{\"ph\":\"M\",\"pid\":%u,\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":\"vCPUs\"}}",
	    PROCESS_HARTS, PROCESS_VCPUS);
	name_harts(&chrome);
	int result = timeline_read(export, &sink);
	fprintf(export->out,
	        "\n],\"displayTimeUnit\":\"ns\",\"otherData\":{\"writer\":\"rvtrace %s\",\"ts\":\"cycles\"}}\n",
	        RVSIM_VERSION);
	free(chrome.vcpus);
	return chrome.failed ? trouble(export->input.path, "no memory") : result;
}
