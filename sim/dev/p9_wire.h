/* Messages of 9P2000.L as bytes: numbers are little-endian, a text has its length, 16 bits, in front. */
#ifndef P9_WIRE_H
#define P9_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum p9_type { /* of requests; each is answered by the next number, or by P9_LERROR + 1 */
	       P9_LERROR = 6,
	       P9_STATFS = 8,
	       P9_LOPEN = 12,
	       P9_LCREATE = 14,
	       P9_SYMLINK = 16,
	       P9_MKNOD = 18,
	       P9_RENAME = 20,
	       P9_READLINK = 22,
	       P9_GETATTR = 24,
	       P9_SETATTR = 26,
	       P9_XATTRWALK = 30,
	       P9_XATTRCREATE = 32,
	       P9_READDIR = 40,
	       P9_FSYNC = 50,
	       P9_LOCK = 52,
	       P9_GETLOCK = 54,
	       P9_LINK = 70,
	       P9_MKDIR = 72,
	       P9_RENAMEAT = 74,
	       P9_UNLINKAT = 76,
	       P9_VERSION = 100,
	       P9_ATTACH = 104,
	       P9_FLUSH = 108,
	       P9_WALK = 110,
	       P9_READ = 116,
	       P9_WRITE = 118,
	       P9_CLUNK = 120,
	       P9_REMOVE = 122,
};

enum { P9_HEADER = 7, P9_NO_FID = -1, P9_WALK_NAMES = 16, P9_QID_BYTES = 13 };

/* What is read. Beyond the end all is 0, and `bad`. */
struct p9_in {
	const uint8_t *bytes;
	uint32_t size, at;
	bool bad;
};

/* What is written. Beyond the end nothing is, and `full`. */
struct p9_out {
	uint8_t *bytes;
	uint32_t size, at;
	bool full;
};

/* Not ended by 0. */
struct p9_text {
	const char *bytes;
	uint16_t size;
};

struct p9_qid {
	uint8_t type;
	uint64_t path;
};

/* The next `size` bytes, or NULL. */
static inline const uint8_t *p9_take(struct p9_in *in, uint32_t size)
{
	if (in->bad || size > in->size - in->at) {
		in->bad = true;
		return NULL;
	}
	in->at += size;
	return in->bytes + in->at - size;
}

static inline uint64_t p9_get(struct p9_in *in, unsigned size)
{
	uint64_t value = 0;
	const uint8_t *bytes = p9_take(in, size);
	if (bytes)
		memcpy(&value, bytes, size);
	return value;
}

static inline uint8_t p9_get8(struct p9_in *in) { return (uint8_t)p9_get(in, 1); }
static inline uint16_t p9_get16(struct p9_in *in) { return (uint16_t)p9_get(in, 2); }
static inline uint32_t p9_get32(struct p9_in *in) { return (uint32_t)p9_get(in, 4); }
static inline uint64_t p9_get64(struct p9_in *in) { return p9_get(in, 8); }

static inline struct p9_text p9_get_text(struct p9_in *in)
{
	uint16_t size = p9_get16(in);
	const uint8_t *bytes = p9_take(in, size);
	return bytes ? (struct p9_text){(const char *)bytes, size} : (struct p9_text){"", 0};
}

/* Room for `size` bytes, or NULL. */
static inline uint8_t *p9_room(struct p9_out *out, uint32_t size)
{
	if (out->full || size > out->size - out->at) {
		out->full = true;
		return NULL;
	}
	out->at += size;
	return out->bytes + out->at - size;
}

static inline void p9_put_bytes(struct p9_out *out, const void *bytes, uint32_t size)
{
	uint8_t *room = p9_room(out, size);
	if (room && size)
		memcpy(room, bytes, size);
}

static inline void p9_put8(struct p9_out *out, uint8_t value) { p9_put_bytes(out, &value, 1); }
static inline void p9_put16(struct p9_out *out, uint16_t value) { p9_put_bytes(out, &value, 2); }
static inline void p9_put32(struct p9_out *out, uint32_t value) { p9_put_bytes(out, &value, 4); }
static inline void p9_put64(struct p9_out *out, uint64_t value) { p9_put_bytes(out, &value, 8); }

static inline void p9_put_text(struct p9_out *out, const char *text, size_t size)
{
	p9_put16(out, (uint16_t)size);
	p9_put_bytes(out, text, (uint32_t)size);
}

/* Versions of files are not told: 0. */
static inline void p9_put_qid(struct p9_out *out, struct p9_qid qid)
{
	p9_put8(out, qid.type);
	p9_put32(out, 0);
	p9_put64(out, qid.path);
}

#endif
