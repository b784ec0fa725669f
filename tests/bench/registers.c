/* Programs that work in registers and small tables: digests and a cipher, in the shape of SHA-256, MD5 and AES (their constants are
 * made, not the standards'); and the integer mix with 1.4 MiB of data. */
#include "bench.h"

static uint32_t words[64];

static void make_words(unsigned hart)
{
	uint64_t x = hart + 88172645463325252u;
	for (unsigned i = 0; i < 64; i++) {
		x = next_random(x);
		words[i] = (uint32_t)(x >> 16);
	}
}

static uint32_t right(uint32_t x, unsigned by) { return x >> by | x << (32 - by); }

uint64_t sha256_like(unsigned hart)
{
	uint32_t state[8] = {1, 2, 3, 4, 5, 6, 7, 8}, w[64];
	make_words(hart);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < 16; i++)
			w[i] = words[i] + state[i % 8];
		for (unsigned i = 16; i < 64; i++) {
			uint32_t s0 = right(w[i - 15], 7) ^ right(w[i - 15], 18) ^ w[i - 15] >> 3;
			uint32_t s1 = right(w[i - 2], 17) ^ right(w[i - 2], 19) ^ w[i - 2] >> 10;
			w[i] = w[i - 16] + s0 + w[i - 7] + s1;
		}
		uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
		for (unsigned i = 0; i < 64; i++) {
			uint32_t t1 = h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + ((e & f) ^ (~e & g)) + words[i] + w[i];
			uint32_t t2 = (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
			h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
		}
		state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
	}
	return (uint64_t)state[0] << 32 | (state[1] ^ state[7]);
}

uint64_t md5_like(unsigned hart)
{
	static const uint8_t shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
	static const uint8_t steps[4] = {1, 5, 3, 7}, starts[4] = {0, 1, 5, 0};
	uint32_t a = 1, b = 2, c = 3, d = hart;
	make_words(hart);
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < 64; i++) {
			uint32_t f = i < 16 ? (b & c) | (~b & d) : i < 32 ? (d & b) | (~d & c) : i < 48 ? b ^ c ^ d : c ^ (b | ~d);
			uint32_t sum = a + f + words[i] + words[(i * steps[i / 16] + starts[i / 16]) % 16];
			a = d, d = c, c = b;
			b += right(sum, 32u - shifts[i / 16][i % 4]);
		}
	return (uint64_t)a << 32 | (b ^ c ^ d);
}

/* Ten rounds by four tables of 1 KiB, as software AES has them. */
uint64_t aes_like(unsigned hart)
{
	static uint32_t tables[4][256];
	uint32_t a = 1, b = 2, c = 3, d = 4;
	make_words(hart);
	for (unsigned i = 0; i < 256; i++)
		for (unsigned j = 0; j < 4; j++)
			tables[j][i] = right((i * 167 + 99) % 256 * UINT32_C(0x01010302) ^ words[i % 64], j * 8);
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < 10; i++) {
			const uint32_t *key = &words[i * 4];
			uint32_t e = tables[0][a >> 24] ^ tables[1][b >> 16 & 255] ^ tables[2][c >> 8 & 255] ^ tables[3][d & 255] ^ key[0];
			uint32_t f = tables[0][b >> 24] ^ tables[1][c >> 16 & 255] ^ tables[2][d >> 8 & 255] ^ tables[3][a & 255] ^ key[1];
			uint32_t g = tables[0][c >> 24] ^ tables[1][d >> 16 & 255] ^ tables[2][a >> 8 & 255] ^ tables[3][b & 255] ^ key[2];
			uint32_t h = tables[0][d >> 24] ^ tables[1][a >> 16 & 255] ^ tables[2][b >> 8 & 255] ^ tables[3][c & 255] ^ key[3];
			a = e, b = f, c = g, d = h;
		}
	return (uint64_t)(a ^ b) << 32 | (c ^ d);
}

/* As mix.c, but its table is 1.4 MiB. */
enum { PLACES = 1400 << 10 >> 3 };
static uint64_t places[PLACES] NOINIT(places);

uint64_t big_mix(unsigned hart)
{
	uint64_t x = 88172645463325252u + hart, sum = 0;
	for (unsigned i = 0; i < PLACES; i++)
		places[i] = i;
	for (unsigned i = 0; i < ROUNDS; i++) {
		x = next_random(x);
		uint64_t *place = &places[(x >> 32) * PLACES >> 32];
		if (x & 0x10000)
			sum += *place * 3;
		else
			sum ^= x >> 11;
		*place = sum + (x * 2654435761u >> 5);
		if ((sum & 0xff) == 0x42)
			sum = next_random(sum);
	}
	return sum;
}
