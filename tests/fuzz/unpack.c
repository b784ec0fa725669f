/* Packed kernels: any bytes come out, or are refused in one line, and never more than there is room for. The first byte says
 * for whom: a damaged checksum is put right, so that what lies behind it is read, too. */
#include <endian.h>
#include <sys/mman.h>
#include <zlib.h>
#include "fuzz.h"
#include "machine/unpack.h"

enum { LIMIT = 1 << 16, HEADER = 64, HEADER_CRC = 4, SIZE = 12, DATA_CRC = 24 };

static void put_crc(uint8_t *at, const uint8_t *data, size_t size)
{
	uint32_t crc = htobe32((uint32_t)crc32(0, data, (unsigned)size));
	memcpy(at, &crc, sizeof(crc));
}

static void mend_checksums(uint8_t *data, size_t size)
{
	if (size < HEADER)
		return;
	uint32_t inner;
	memcpy(&inner, data + SIZE, sizeof(inner));
	if (be32toh(inner) <= size - HEADER)
		put_crc(data + DATA_CRC, data + HEADER, be32toh(inner));
	memset(data + HEADER_CRC, 0, 4);
	put_crc(data + HEADER_CRC, data, HEADER);
}

static void unpack(const uint8_t *data, size_t size, bool ramdisk, bool mended)
{
	struct file file = { .path = "input", .size = size, .map_size = size };
	file.map = file.data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(file.data != MAP_FAILED, "no memory");
	memcpy(file.data, data, size);
	if (mended)
		mend_checksums(file.data, size);
	struct capture capture;
	capture_begin(&capture, &stderr);
	int result = ramdisk ? unpack_ramdisk(&file) : unpack_kernel(&file, LIMIT);
	capture_end(&capture);
	require_one_line(&capture, result != 0);
	free(capture.text);
	if (result == 0) {
		REQUIRE(file.size >= 1 && file.data >= file.map && file.data + file.size <= file.map + file.map_size, "%zu bytes", file.size);
		REQUIRE(file.size <= LIMIT || file.size <= size, "%zu bytes", file.size);
		volatile uint8_t last = file.data[file.size - 1];
		(void)last;
	}
	file_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1)
		unpack(data + 1, size - 1, data[0] & 1, data[0] & 2);
	return 0;
}
