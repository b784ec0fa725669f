/* QEMU's -display, and what shows something beside virtio's GPU: -device ramfb, simple-framebuffer. */
#ifndef CLI_DISPLAY_H
#define CLI_DISPLAY_H

#include "cli/row.h"

option_handler display_option;

/* -device ramfb,list and simple-framebuffer,list: 0, or -1 after a line. */
int display_ramfb(struct options *options, char *list);
int display_framebuffer(struct options *options, char *list);

/* width=, height= of a screen: 16 to 16384. Likewise. */
int display_side(const char *model, const char *name, const char *value, uint32_t *side);

#endif
