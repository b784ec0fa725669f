#include "machine/display.h"

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
	window_close(machine->window);
	machine->window = NULL;
}

void display_attend(struct machine *machine)
{
	if (machine->window)
		window_attend(machine->window, true);
}

void display_attend_stopped(struct machine *machine)
{
	if (machine->window)
		window_attend(machine->window, false);
}
