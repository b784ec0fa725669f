#include "machine/display.h"

#include "machine/live_view.h"
#include "window/window.h"

bool display_takes_input(const struct config *config)
{
	enum { VIRTIO_INPUT = 18 };
	for (unsigned i = 0; i < VIRTIO_SLOTS; i++)
		if (config->virtio.slots[i].kind && config->virtio.slots[i].kind->id == VIRTIO_INPUT)
			return true;
	return false;
}

int display_add(struct machine *machine, const struct user_host *host, void (*closed)(void *context))
{
	const struct config *config = machine->config;
	if (display_takes_input(config)) {
		machine->user_input = machine->board.user_input = user_input_open(host);
		if (!machine->user_input)
			return -1;
	}
	if (!config->display.sdl || config->dump_dtb)
		return 0;
	struct window_config window = {
	    .screens = &machine->screens,
	    .user = machine->user_input,
	    .shows_cursor = config->display.cursor,
	    .full_screen = config->display.full_screen,
	    .closed = config->display.stays ? NULL : closed,
	    .context = machine,
	};
	machine->window = window_open(&window);
	user_input_live(machine->user_input);
	return machine->window ? 0 : -1;
}

void display_close(struct machine *machine)
{
	live_view_close(machine->view);
	machine->view = NULL;
	window_close(machine->window);
	machine->window = NULL;
}

/* Closing the view ends nothing: it was only looking on. */
static void attend_view(struct machine *machine, bool (*attend)(struct live_view *live))
{
	if (!machine->view || attend(machine->view))
		return;
	live_view_close(machine->view);
	machine->view = NULL;
}

void display_attend(struct machine *machine)
{
	attend_view(machine, live_view_attend);
	if (machine->window)
		window_attend(machine->window, true);
}

void display_attend_stopped(struct machine *machine)
{
	attend_view(machine, live_view_attend_stopped);
	if (machine->window)
		window_attend(machine->window, false);
}

int display_typed(struct machine *machine) { return machine->view ? live_view_typed(machine->view) : -1; }

bool display_paused(const struct machine *machine) { return machine->view && live_view_paused(machine->view); }
