/* Guests on the command line. 0, or -1 after a line on stderr. */
#ifndef GUESTS_H
#define GUESTS_H

#include "cli/options.h"

/* GUEST[,key=value]... */
int positional_guest(struct options *options, const char *text);

/* guest-loader,addr=A,kernel=F[,bootargs=T] or guest-loader,addr=A,initrd=F; the text is cut up. */
int guest_loader(struct options *options, char *list);

#endif
