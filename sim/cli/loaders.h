/* -device loader, and where -bios is found. 0, or -1 after a line on stderr. */
#ifndef LOADERS_H
#define LOADERS_H

#include "cli/options.h"

/* loader,file=F[,addr=A][,force-raw=on][,cpu-num=N], loader,addr=A,data=V,data-len=N[,data-be=on] or loader,addr=A,cpu-num=N; the
 * text is cut up. */
int generic_loader(struct options *options, char *list);

/* -bios default (said or not, with a kernel or a loader), and names that are no files here: as QEMU finds them, in the folders of
 * -L and where Debian's packages have them. */
int find_firmware(struct options *options);

#endif
