#include "machine/unpack.h"

#include <endian.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>
#include "base/bus.h"
#include "base/say.h"

/* U-Boot's header; numbers are big-endian. */
struct uimage {
	uint32_t magic;
	uint32_t header_crc; /* of the header with 0 here */
	uint32_t time;
	uint32_t size; /* of what follows */
	uint32_t load, entry;
	uint32_t data_crc;
	uint8_t system, architecture, type, compression;
	char name[32];
};

enum {
	UIMAGE_MAGIC = 0x27051956,
	UIMAGE_RISCV = 26,
	UIMAGE_KERNEL = 2,
	UIMAGE_RAMDISK = 3,
	UIMAGE_KERNEL_NOLOAD = 14, /* goes where there is room; its entry counts from there */
	UIMAGE_PLAIN = 0,
	UIMAGE_GZIP = 1,
};

__attribute__((format(printf, 2, 3))) static int refuse_file(const struct file *file, const char *format, ...)
{
	char reason[256];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	return say("%s: %s", file->path, reason);
}

static bool is_gzip(const uint8_t *data, size_t size) { return size >= 2 && data[0] == 0x1f && data[1] == 0x8b; }

bool file_is_uimage(const struct file *file)
{
	uint32_t magic;
	if (file->size < sizeof(magic))
		return false;
	memcpy(&magic, file->data, sizeof(magic));
	return be32toh(magic) == UIMAGE_MAGIC;
}

/* zlib counts in 32 bits. */
static unsigned chunk(size_t size) { return size < 1u << 30 ? (unsigned)size : 1u << 30; }

static bool is_zero(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i])
			return false;
	return true;
}

/* Unpack members of a gzip file, one behind the other; zeros may fill up the last block of a disk. A message, or NULL. */
static const char *inflate_all(z_stream *stream, const struct file *file, uint8_t *to, size_t room, size_t *done)
{
	size_t read = 0;
	for (*done = 0;;) {
		stream->next_in = file->data + read;
		stream->avail_in = chunk(file->size - read);
		stream->next_out = to + *done;
		stream->avail_out = chunk(room - *done);
		int status = inflate(stream, Z_NO_FLUSH);
		read = (size_t)(stream->next_in - file->data);
		*done = (size_t)(stream->next_out - to);
		if (status == Z_STREAM_END) {
			if (is_zero(file->data + read, file->size - read))
				return NULL;
			if (!is_gzip(file->data + read, file->size - read))
				return "something else follows";
			inflateReset(stream);
		} else if (status == Z_BUF_ERROR || status == Z_OK) {
			if (*done == room)
				return "";
			if (read == file->size)
				return "it ends too early";
		} else {
			return stream->msg ? stream->msg : "it needs a dictionary";
		}
	}
}

/* Room for all that may come is reserved, and taken as it comes. */
static int unpack_gzip(struct file *file, uint64_t limit)
{
	size_t done, room = (size_t)limit + 1;
	uint8_t *to = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	z_stream stream = {0};
	if (to == MAP_FAILED)
		return refuse_file(file, "out of memory to unpack it");
	if (inflateInit2(&stream, 15 + 16) != Z_OK) {
		munmap(to, room);
		return refuse_file(file, "out of memory to unpack it");
	}
	const char *wrong = inflate_all(&stream, file, to, room, &done);
	inflateEnd(&stream);
	int result = 0;
	if (done > limit || (wrong && *wrong == '\0'))
		result = refuse_file(file, "unpacks to more than the %" PRIu64 " MiB of DRAM", limit >> 20);
	else if (wrong)
		result = refuse_file(file, "is a damaged gzip file: %s", wrong);
	else if (done == 0)
		result = refuse_file(file, "unpacks to nothing");
	if (result != 0) {
		munmap(to, room);
		return result;
	}
	size_t kept = (done + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1),
	       mapped = (room + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1);
	if (kept < mapped)
		munmap(to + kept, mapped - kept);
	munmap(file->map, file->map_size);
	file->map = file->data = to;
	file->map_size = kept;
	file->size = done;
	return 0;
}

static const char *compression_name(unsigned compression)
{
	static const char *const names[] = {"no", "gzip", "bzip2", "lzma", "lzo", "lz4", "zstd"};
	return compression < sizeof(names) / sizeof(names[0]) ? names[compression] : "unknown";
}

/* Checksums, and for whom it is; then the header is taken off. */
static int take_header(struct file *file, struct uimage *header, bool ramdisk)
{
	if (file->size < sizeof(*header))
		return refuse_file(file, "is a truncated uImage: no whole header");
	memcpy(header, file->data, sizeof(*header));
	struct uimage zeroed = *header;
	zeroed.header_crc = 0;
	uint32_t size = be32toh(header->size);
	if (crc32(0, (const uint8_t *)&zeroed, sizeof(zeroed)) != be32toh(header->header_crc))
		return refuse_file(file, "is a damaged uImage: its header's checksum is wrong");
	if (size > file->size - sizeof(*header))
		return refuse_file(file, "is a truncated uImage: %" PRIu32 " bytes are missing",
		                   (uint32_t)(size - (file->size - sizeof(*header))));
	if (size == 0)
		return refuse_file(file, "is a uImage with nothing in it");
	if (crc32_z(0, file->data + sizeof(*header), size) != be32toh(header->data_crc))
		return refuse_file(file, "is a damaged uImage: its data's checksum is wrong");
	if (header->architecture != UIMAGE_RISCV)
		return refuse_file(file, "is a uImage for another architecture (%u; RISC-V is %u)",
		                   header->architecture, UIMAGE_RISCV);
	if (ramdisk ? header->type != UIMAGE_RAMDISK
	            : header->type != UIMAGE_KERNEL && header->type != UIMAGE_KERNEL_NOLOAD)
		return refuse_file(file, "is a uImage of another type (%u) than a %s", header->type,
		                   ramdisk ? "ramdisk" : "kernel");
	file->data += sizeof(*header);
	file->size = size;
	return 0;
}

/* What was taken out is to be a program: nobody unpacks it a second time. */
static int refuse_packed(const struct file *file)
{
	bool gzip = is_gzip(file->data, file->size);
	return gzip || file_is_uimage(file)
	           ? refuse_file(file, "is packed twice: there is %s in it", gzip ? "a gzip file" : "a uImage")
	           : 0;
}

int unpack_data(struct file *file, uint64_t limit)
{
	if (!is_gzip(file->data, file->size))
		return 0;
	return unpack_gzip(file, limit) == 0 ? refuse_packed(file) : -1;
}

int unpack_kernel(struct file *file, uint64_t limit)
{
	struct uimage header;
	if (!file_is_uimage(file))
		return unpack_data(file, limit);
	if (take_header(file, &header, false) != 0)
		return -1;
	if (header.compression != UIMAGE_PLAIN && header.compression != UIMAGE_GZIP)
		return refuse_file(file, "is a uImage with %s compression: only gzip is supported",
		                   compression_name(header.compression));
	if ((header.compression == UIMAGE_GZIP && unpack_gzip(file, limit) != 0) || refuse_packed(file) != 0)
		return -1;
	file->uimage = header.type == UIMAGE_KERNEL ? UIMAGE_AT : UIMAGE_ANYWHERE;
	file->load = be32toh(header.load);
	file->entry = be32toh(header.entry);
	return 0;
}

int unpack_ramdisk(struct file *file)
{
	struct uimage header;
	return file_is_uimage(file) ? take_header(file, &header, true) : 0;
}
