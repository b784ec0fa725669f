/* Which rvsim this is: --version, and "version" in --stats. */
#ifndef VERSION_H
#define VERSION_H

#define RVSIM_VERSION "0.1"

#endif
