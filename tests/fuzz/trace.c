/* Trace files and rvtrace: any bytes give what sense they make and an exit status. The first byte says whether the rest
 * is a file, or records that are given a header and made a chunk first: random bytes seldom have the right checksum. */
#include <sys/mman.h>
#include "fuzz.h"
#include "trace/chunk.h"
#define main rvtrace_main
#include "../../tools/rvtrace/main.c"
#undef main

static char path[64];
static int descriptor;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	descriptor = memfd_create("trace", 0);
	REQUIRE(descriptor >= 0, "no file in memory");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	return 0;
}

static void put(const void *bytes, size_t size)
{
	REQUIRE(ftruncate(descriptor, 0) == 0 && pwrite(descriptor, bytes, size, 0) == (ssize_t)size, "cannot write");
}

/* Header, harts, records. */
static void put_records(const uint8_t *data, size_t size)
{
	size_t whole = TRACE_HEADER_SIZE + size;
	uint8_t *plain = calloc(1, whole), *packed = malloc(CHUNK_MAX);
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	REQUIRE(plain && packed && zstd && whole <= CHUNK_CONTENT, "no memory");
	memcpy(plain, "rvtrace\n", 8);
	plain[8] = TRACE_VERSION;
	plain[12] = size ? data[0] % 8 + 1 : 1;
	memset(plain + 32, 0xff, 4);
	memcpy(plain + TRACE_HEADER_SIZE, data, size);
	size_t used = chunk_put(zstd, 0, true, plain, whole, packed);
	REQUIRE(!ZSTD_isError(used), "cannot compress");
	put(packed, used);
	ZSTD_freeCCtx(zstd);
	free(plain);
	free(packed);
}

/* One run of rvtrace: status 0..2, and trouble is told in one line (notes come with success). */
static int run(char **words)
{
	int count = 0;
	while (words[count])
		count++;
	struct capture out, err;
	capture_begin(&out, &stdout);
	capture_begin(&err, &stderr);
	optind = 0;
	int result = rvtrace_main(count, words);
	capture_end(&err);
	capture_end(&out);
	REQUIRE(result >= 0 && result <= 2, "%s: exit %d", words[1], result);
	REQUIRE(result != 2 || capture_lines(&err) >= 1, "%s: silent trouble", words[1]);
	REQUIRE(capture_lines(&err) <= 2, "%s: %s", words[1], err.text);
	free(out.text);
	free(err.text);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && data[0] & 1)
		put_records(data + 1, size - 1);
	else
		put(data + (size != 0), size - (size != 0));
	int result = run((char *[]){ "rvtrace", "dump", path, NULL });
	REQUIRE(result != 1, "dump: exit 1");
	run((char *[]){ "rvtrace", "dump", "--golden", "--hart", "1", path, NULL });
	run((char *[]){ "rvtrace", "stat", path, NULL });
	REQUIRE(run((char *[]){ "rvtrace", "info", path, NULL }) == result, "info and dump differ");
	run((char *[]){ "rvtrace", "stat", "--json", path, NULL });
	run((char *[]){ "rvtrace", "export", "--format=spike", path, NULL });
	int same = run((char *[]){ "rvtrace", "diff", path, path, NULL });
	REQUIRE(same == result, "dump: %d, a file against itself: %d", result, same);
	return 0;
}
