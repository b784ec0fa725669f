#include "cli/about.h"

#include <libfdt.h>
#include <slirp/libslirp.h>
#include <zstd.h>
#include "base/version.h"
#include "commit.h"
#include "engine/op.h"

const char *about_engine(void) { return DISPATCH_TAIL ? "threaded" : "plain"; }

void about_print(FILE *out)
{
	fprintf(out, "rvsim %s (commit %s)\n", RVSIM_VERSION, RVSIM_COMMIT);
	fprintf(out,
	        "engine: %s, built with %s; harts: RV64 with H; networks: libslirp %s; traces and snapshots: zstd %s\n",
	        about_engine(), __VERSION__, slirp_version_string(), ZSTD_versionString());
}
