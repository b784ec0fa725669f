/* Programs that look at bytes and decide: an interpreter, a compressor, parsers. */
#include "bench.h"

/* A stack machine in bytecode; it counts the steps that numbers up to ROUNDS take to 1 when halved or tripled. */
enum op { LOAD, STORE, CONST, ADD, MULTIPLY, AND, XOR, SHIFT, LESS, JUMP, IF_ZERO, HALT };
enum local { N, X, STEPS, LIMIT, LOCALS };
enum label { OUTER = 2, INNER = 4, EVEN = 19, COUNT = 23, NEXT = 28, END = 37 };

static const struct bytecode {
	uint8_t op, operand;
} bytecode[] = {
	{CONST, 1}, {STORE, N},
	[OUTER] = {LOAD, N}, {STORE, X},
	[INNER] = {LOAD, X}, {CONST, 1}, {XOR, 0}, {IF_ZERO, NEXT}, {LOAD, X}, {CONST, 1}, {AND, 0}, {IF_ZERO, EVEN},
	{LOAD, X}, {CONST, 3}, {MULTIPLY, 0}, {CONST, 1}, {ADD, 0}, {STORE, X}, {JUMP, COUNT},
	[EVEN] = {LOAD, X}, {CONST, 1}, {SHIFT, 0}, {STORE, X},
	[COUNT] = {LOAD, STEPS}, {CONST, 1}, {ADD, 0}, {STORE, STEPS}, {JUMP, INNER},
	[NEXT] = {LOAD, N}, {CONST, 1}, {ADD, 0}, {STORE, N}, {LOAD, N}, {LOAD, LIMIT}, {LESS, 0}, {IF_ZERO, END}, {JUMP, OUTER},
	[END] = {HALT, 0},
};

uint64_t interpreter(unsigned hart)
{
	uint64_t stack[8], locals[LOCALS] = {[STEPS] = hart, [LIMIT] = ROUNDS + 1}, *top = stack;
	for (const struct bytecode *at = bytecode;; at++)
		switch ((enum op)at->op) {
		case LOAD: *++top = locals[at->operand]; break;
		case STORE: locals[at->operand] = *top--; break;
		case CONST: *++top = at->operand; break;
		case ADD: top--, top[0] += top[1]; break;
		case MULTIPLY: top--, top[0] *= top[1]; break;
		case AND: top--, top[0] &= top[1]; break;
		case XOR: top--, top[0] ^= top[1]; break;
		case SHIFT: top--, top[0] >>= top[1]; break;
		case LESS: top--, top[0] = top[0] < top[1]; break;
		case IF_ZERO:
			if (*top--)
				break; /* fall through */
		case JUMP: at = &bytecode[at->operand] - 1; break;
		case HALT: return locals[STEPS];
		}
}

/* LZ77 in bytes: 64 KiB of words packed and unpacked. A token is a count of literals, or 0x80 and a length with a distance. */
enum { TEXT = 64 << 10, HASHES = 4096, SHORTEST = 4, LONGEST = SHORTEST + 127 };
static uint8_t text[TEXT + 1] NOINIT(text), packed[TEXT * 2] NOINIT(packed), unpacked[TEXT + 1] NOINIT(unpacked);
static uint16_t last_seen[HASHES];

/* Text of 64 words, the first ones often. */
static uint64_t write_text(uint64_t x)
{
	for (unsigned at = 0; at < TEXT;) {
		x = next_random(x);
		uint64_t word = (x >> 20 & x >> 30 & 63) * UINT64_C(0x9e3779b97f4a7c15) | 1;
		for (unsigned i = 0; i < 2 + word % 7 && at < TEXT; i++)
			text[at++] = (uint8_t)('a' + (word >> 8 * (i + 1) & 255) % 26);
		if (at < TEXT)
			text[at++] = ' ';
	}
	return x;
}

static unsigned match_length(unsigned from, unsigned at)
{
	unsigned length = 0;
	while (length < LONGEST && at + length < TEXT && text[from + length] == text[at + length])
		length++;
	return length;
}

static unsigned pack(void)
{
	unsigned size = 0, literals = 0; /* 0: no run of literals is open; else one more than where its count stands */
	for (unsigned i = 0; i < HASHES; i++)
		last_seen[i] = 0;
	for (unsigned at = 0; at < TEXT;) {
		uint32_t four = text[at] | text[at + 1] << 8 | text[(at + 2) % TEXT] << 16 | (uint32_t)text[(at + 3) % TEXT] << 24;
		uint16_t *seen = &last_seen[four * 2654435761u >> 20];
		unsigned length = *seen < at ? match_length(*seen, at) : 0, distance = at - *seen;
		*seen = (uint16_t)at;
		if (length >= SHORTEST) {
			packed[size++] = (uint8_t)(0x80 | (length - SHORTEST));
			packed[size++] = (uint8_t)distance;
			packed[size++] = (uint8_t)(distance >> 8);
			at += length;
			literals = 0;
			continue;
		}
		if (literals == 0 || packed[literals - 1] == 0x7f) {
			packed[size++] = 0;
			literals = size;
		}
		packed[literals - 1]++;
		packed[size++] = text[at++];
	}
	return size;
}

static unsigned unpack(unsigned size)
{
	unsigned to = 0;
	for (unsigned at = 0; at < size;) {
		unsigned token = packed[at++], length = token;
		if (token & 0x80) {
			unsigned distance = packed[at] | packed[at + 1] << 8;
			at += 2;
			for (length = (token & 0x7f) + SHORTEST; length; length--, to++)
				unpacked[to] = unpacked[to - distance];
		} else {
			for (; length; length--)
				unpacked[to++] = packed[at++];
		}
	}
	return to;
}

uint64_t lz(unsigned hart)
{
	uint64_t x = hart + 88172645463325252u, sum = 0;
	for (unsigned round = 0; round < ROUNDS; round++) {
		x = write_text(x);
		unsigned size = pack(), length = unpack(size), wrong = length != TEXT;
		for (unsigned i = 0; i < TEXT; i++)
			wrong += unpacked[i] != text[i];
		sum = wrong ? 0xbad : mixed(sum, size);
	}
	return sum;
}

/* JSON: a document is written, then parsed by descent; the sum is of its numbers and the hashes of its strings. */
enum { DOCUMENT = 64 << 10, RECORD = 100 };
static char document[DOCUMENT] NOINIT(document);

static char *put(char *to, const char *from)
{
	while (*from)
		*to++ = *from++;
	return to;
}

static char *put_number(char *to, unsigned number)
{
	char digits[10];
	unsigned count = 0;
	do
		digits[count++] = (char)('0' + number % 10);
	while (number /= 10);
	while (count)
		*to++ = digits[--count];
	return to;
}

static void write_document(uint64_t x)
{
	char *to = document;
	*to++ = '[';
	while (to < document + DOCUMENT - RECORD) {
		x = next_random(x);
		to = put_number(put(to, "{\"id\": "), (uint32_t)x >> 8);
		to = put(put(to, ", \"name\": \"n"), x & 64 ? "ame\\\"d" : "obody");
		to = put(put(to, "\", \"on\": "), x & 128 ? "true" : "null");
		to = put_number(put(to, ", \"at\": [1, -"), x >> 40 & 0xfff);
		to = put(to, "]},\n");
	}
	put(to, "0]");
}

static const char *space(const char *at)
{
	while (*at == ' ' || *at == '\n')
		at++;
	return at;
}

static const char *parse_string(const char *at, uint64_t *sum)
{
	for (; *at != '"'; at++) {
		at += *at == '\\';
		*sum = *sum * 31 + (uint8_t)*at;
	}
	return at + 1;
}

static const char *parse_value(const char *at, uint64_t *sum);

static const char *parse_list(const char *at, uint64_t *sum, char end)
{
	for (at = space(at); *at != end; at = space(at)) {
		at = parse_value(at, sum);
		at += *at == ',' || *at == ':';
	}
	return at + 1;
}

static const char *parse_number(const char *at, uint64_t *sum)
{
	int64_t number = 0, sign = *at == '-' ? -1 : 1;
	at += sign < 0;
	for (; *at >= '0' && *at <= '9'; at++)
		number = number * 10 + (*at - '0');
	*sum += (uint64_t)(sign * number);
	return at;
}

static const char *parse_value(const char *at, uint64_t *sum)
{
	at = space(at);
	switch (*at) {
	case '{': return parse_list(at + 1, sum, '}');
	case '[': return parse_list(at + 1, sum, ']');
	case '"': return parse_string(at + 1, sum);
	case 't': *sum ^= 1; return at + 4;
	case 'n': *sum ^= 2; return at + 4;
	default: return parse_number(at, sum);
	}
}

uint64_t json(unsigned hart)
{
	uint64_t sum = hart;
	write_document(88172645463325252u);
	for (unsigned round = 0; round < ROUNDS; round++)
		parse_value(document, &sum);
	return sum;
}

/* Regular expressions of letters, '.', '*' and '$', matched by trying; lines of the packer's text. */
static int match_here(const char *pattern, const char *at);

static int match_star(char letter, const char *pattern, const char *at)
{
	do
		if (match_here(pattern, at))
			return 1;
	while (*at != '\0' && (*at++ == letter || letter == '.'));
	return 0;
}

static int match_here(const char *pattern, const char *at)
{
	for (; *pattern != '\0'; pattern++, at++) {
		if (pattern[1] == '*')
			return match_star(pattern[0], pattern + 2, at);
		if (pattern[0] == '$')
			return *at == '\0';
		if (*at == '\0' || (pattern[0] != '.' && pattern[0] != *at))
			return 0;
	}
	return 1;
}

uint64_t regex(unsigned hart)
{
	static const char *const patterns[] = {"a.*b.*e", "s*t", "q.z", "w.*x$", "ee*d .*a"};
	enum { PATTERNS = sizeof patterns / sizeof patterns[0], LINE = 80, LINES = TEXT / LINE };
	uint64_t sum = 0;
	write_text(hart + 88172645463325252u);
	for (unsigned i = 1; i <= LINES; i++)
		text[i * LINE - 1] = '\0';
	for (unsigned round = 0; round < ROUNDS * 64; round++) {
		const char *at = (const char *)&text[round % LINES * LINE];
		for (unsigned i = 0; i < PATTERNS; i++)
			for (const char *start = at; *start; start++)
				if (match_here(patterns[i], start)) {
					sum = mixed(sum, (uint64_t)(start - at));
					break;
				}
	}
	return sum;
}
