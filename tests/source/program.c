/* What a debugger must show: every kind of type, place and frame. Lines are counted by tests/suites/source.py, which looks for
 * the marks at their ends. */
#include <stdbool.h>
#include <stdint.h>

#ifdef __clang__
#define ALONE __attribute__((noinline))
#else
#define ALONE __attribute__((noipa))
#endif

typedef unsigned long word_t;
enum colour { RED, GREEN = 5, BLUE = -1 };
enum flags { READ = 1, WRITE = 2, EXECUTE = 4 };

struct point {
	int x, y;
};

struct node {
	const char *name;
	struct node *next;
	struct point at;
	unsigned low : 3, middle : 7;
	int high : 5;
	enum colour colour;
	union {
		uint32_t whole;
		uint8_t parts[4];
	} both;
	struct {
		bool yes;
		char letter;
	};
	int (*call)(int, const struct point *);
};

struct tail {
	uint64_t length;
	uint16_t values[];
};

int matrix[2][3] = {{1, 2, 3}, {4, 5, 6}};
char text[16] = "hello\n\001";
char full[4] = {'a', 'b', 'c', 'd'};
const char *const words[] = {"one", "two", 0};
double half = 0.5;
float third = 1.0f / 3;
word_t counter;
volatile uint64_t trapped_at;
int zeros[300];
static const int limit = -7;
enum flags rights = READ | EXECUTE;
enum flags odd_rights = 9;
enum colour colours[3] = {RED, BLUE, GREEN};
struct tail tail = {2, {7, 8}};
void *anything = &tail;
signed char small = -3;
unsigned char byte = 200;
_Bool truth = 1;
int *nowhere;
__int128 wide = ((__int128)1 << 64) + 2;

int add_up(int number, const struct point *point);

struct node second = {"second", 0, {3, 4}, 1, 2, -3, GREEN, {0x01020304}, {true, 'x'}, add_up};
struct node first = {"first", &second, {-1, 2}, 7, 100, -16, BLUE, {0xffffffff}, {false, '\n'}, 0};

ALONE void touch(void)
{
	counter++; /* touched */
}

ALONE int add_up(int number, const struct point *point)
{
	static int calls;
	int sum = number + point->x; /* sum */
	calls++;
	touch(); /* inside add_up */
	for (int i = 0; i < 3; i++) {
		int sum = i * 2;
		counter += (word_t)sum;
		touch(); /* inside the loop */
	}
	return sum + calls;
}

static inline __attribute__((always_inline)) int doubled(int value)
{
	int twice = value * 2;
	touch(); /* inside doubled */
	return twice;
}

ALONE int recurse(int depth, struct node *node)
{
	if (depth == 0) {
		touch(); /* the bottom */
		return node->at.y;
	}
	return recurse(depth - 1, node->next ? node->next : node) + depth;
}

ALONE void trapped(uint64_t *frame)
{
	trapped_at = frame[0]; /* in the handler */
	frame[0] += 4;
}

ALONE int faulting(int value)
{
	int kept = value + 1;
	__asm__ volatile(".option push\n.option norvc\necall\n.option pop" ::: "memory"); /* the trap */
	return kept;
}

int main(void)
{
	struct point here = {10, 20};
	int total = add_up(5, &here); /* calls add_up */
	total += doubled(total); /* calls doubled */
	total += recurse(3, &first); /* calls recurse */
	total += faulting(total); /* calls faulting */
	counter = (word_t)total; /* the end */
	return total + zeros[5] + limit;
}
