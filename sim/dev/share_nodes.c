#include "dev/share_nodes.h"

#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/state.h"

enum { FOLDER_BYTES = 4096, BLOCK = 512 };

struct share_node {
	dev_t device; /* the host's numbers */
	ino_t inode;
	uint64_t number;
	char *path; /* one of its names */
	bool touched; /* its times are these, and not the host's */
	struct timespec times[SHARE_TIMES];
	struct timespec host_time; /* st_mtime after the guest's last change: another one is that of somebody else's */
	bool settled; /* host_time is known */
};

struct share_nodes {
	void *tree; /* of tsearch */
	uint64_t next;
};

static int compare_nodes(const void *left, const void *right)
{
	const struct share_node *one = left, *other = right;
	if (one->device != other->device)
		return one->device < other->device ? -1 : 1;
	return one->inode < other->inode ? -1 : one->inode > other->inode;
}

static void free_node(void *node)
{
	free(((struct share_node *)node)->path);
	free(node);
}

struct share_nodes *share_nodes_new(void)
{
	struct share_nodes *nodes = calloc(1, sizeof(*nodes));
	if (nodes)
		nodes->next = 1;
	return nodes;
}

void share_nodes_free(struct share_nodes *nodes)
{
	if (nodes)
		tdestroy(nodes->tree, free_node);
	free(nodes);
}

static struct share_node *find_node(const struct share_nodes *nodes, const struct stat *status)
{
	const struct share_node key = {.device = status->st_dev, .inode = status->st_ino};
	void *found = tfind(&key, &nodes->tree, compare_nodes);
	return found ? *(struct share_node **)found : NULL;
}

static struct share_node *add_node(struct share_nodes *nodes, const char *path, const struct stat *status)
{
	struct share_node *node = calloc(1, sizeof(*node));
	if (!node)
		return NULL;
	*node = (struct share_node){
	    .device = status->st_dev, .inode = status->st_ino, .number = nodes->next, .path = strdup(path)};
	if (!node->path || !tsearch(node, &nodes->tree, compare_nodes)) {
		free_node(node);
		return NULL;
	}
	nodes->next++;
	return node;
}

static bool same_time(struct timespec one, struct timespec other)
{
	return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

/* What file systems differ in. */
static void make_equal(struct stat *status)
{
	status->st_blksize = FOLDER_BYTES;
	status->st_blocks = S_ISREG(status->st_mode) ? status->st_size / BLOCK + (status->st_size % BLOCK != 0) : 0;
	if (S_ISDIR(status->st_mode)) {
		status->st_nlink = 1; /* how many folders are in it is not told by it */
		status->st_size = FOLDER_BYTES;
		status->st_blocks = FOLDER_BYTES / BLOCK;
	}
}

uint64_t share_nodes_meet(struct share_nodes *nodes, const char *path, struct stat *status)
{
	struct share_node *node = find_node(nodes, status);
	if (!node)
		node = add_node(nodes, path, status);
	if (!node)
		return 0;
	if (node->touched && node->settled && !same_time(node->host_time, status->st_mtim))
		node->touched = false;
	node->host_time = status->st_mtim;
	node->settled = true;
	status->st_atim = status->st_ctim = status->st_mtim;
	if (node->touched) {
		status->st_atim = node->times[SHARE_ATIME];
		status->st_mtim = node->times[SHARE_MTIME];
		status->st_ctim = node->times[SHARE_CTIME];
	}
	make_equal(status);
	return node->number;
}

void share_nodes_forget(struct share_nodes *nodes, const struct stat *status)
{
	struct share_node *node = find_node(nodes, status);
	if (!node)
		return;
	tdelete(node, &nodes->tree, compare_nodes);
	free_node(node);
}

void share_nodes_touch(struct share_nodes *nodes, const char *path, const struct stat *status, unsigned which,
                       struct timespec time)
{
	struct share_node *node = find_node(nodes, status);
	if (!node)
		node = add_node(nodes, path, status);
	if (!node)
		return;
	for (unsigned i = 0; i < SHARE_TIMES; i++)
		if (which >> i & 1)
			node->times[i] = time;
		else if (!node->touched)
			node->times[i] = node->settled ? node->host_time : status->st_mtim;
	node->touched = true;
	node->settled = false;
}

char *share_path_moved(const char *path, const char *old, const char *new)
{
	char moved[2 * PATH_MAX];
	size_t length = strlen(old);
	if (strncmp(path, old, length) != 0 || (path[length] != '\0' && path[length] != '/'))
		return NULL;
	snprintf(moved, sizeof(moved), "%s%s", new, path + length);
	return strdup(moved);
}

struct share_move {
	const char *old, *new;
};

static void move_node(const void *place, VISIT visit, void *closure)
{
	struct share_node *node = *(struct share_node *const *)place;
	const struct share_move *move = closure;
	char *moved = visit == postorder || visit == leaf ? share_path_moved(node->path, move->old, move->new) : NULL;
	if (!moved)
		return;
	free(node->path);
	node->path = moved;
}

void share_nodes_move(struct share_nodes *nodes, const char *path, const char *new_path)
{
	struct share_move move = {path, new_path};
	twalk_r(nodes->tree, move_node, &move);
}

/* ---- state ---- */

struct share_listing {
	const struct share_node **list;
	size_t count;
};

static void list_node(const void *place, VISIT visit, void *closure)
{
	struct share_listing *listing = closure;
	if (visit != postorder && visit != leaf)
		return;
	if (listing->list)
		listing->list[listing->count] = *(const struct share_node *const *)place;
	listing->count++;
}

static int compare_numbers(const void *left, const void *right)
{
	const struct share_node *one = *(const struct share_node *const *)left,
				*other = *(const struct share_node *const *)right;
	return one->number < other->number ? -1 : one->number > other->number;
}

static void write_time(struct timespec time, struct state_writer *writer)
{
	state_write_u64(writer, (uint64_t)time.tv_sec);
	state_write_u64(writer, (uint64_t)time.tv_nsec);
}

static struct timespec read_time_of(struct state_reader *reader)
{
	int64_t seconds = (int64_t)state_read_u64(reader);
	return (struct timespec){.tv_sec = seconds, .tv_nsec = (long)state_read_limited(reader, 999999999)};
}

static void write_node(const struct share_node *node, struct state_writer *writer)
{
	state_write_u64(writer, node->number);
	state_write_u64(writer, strlen(node->path));
	state_write(writer, node->path, strlen(node->path));
	state_write_u64(writer, node->touched);
	for (unsigned i = 0; i < SHARE_TIMES; i++)
		write_time(node->times[i], writer);
	state_write_u64(writer, node->settled);
	write_time(node->host_time, writer);
}

/* In the order of their numbers: that of the tree is the host's. */
void share_nodes_save(const struct share_nodes *nodes, struct state_writer *writer)
{
	struct share_listing listing = {0};
	twalk_r(nodes->tree, list_node, &listing);
	listing.list = calloc(listing.count + 1, sizeof(*listing.list));
	if (!listing.list) {
		writer->failed = true;
		return;
	}
	listing.count = 0;
	twalk_r(nodes->tree, list_node, &listing);
	qsort(listing.list, listing.count, sizeof(*listing.list), compare_numbers);
	state_write_u64(writer, nodes->next);
	state_write_u64(writer, listing.count);
	for (size_t i = 0; i < listing.count; i++)
		write_node(listing.list[i], writer);
	free(listing.list);
}

bool share_nodes_restore(struct share_nodes *nodes, struct state_reader *reader,
                         bool (*find)(void *context, const char *path, struct stat *status), void *context)
{
	tdestroy(nodes->tree, free_node);
	nodes->tree = NULL;
	uint64_t next = state_read_u64(reader), count = state_read_limited(reader, reader->size);
	for (uint64_t i = 0; i < count && !reader->failed; i++) {
		char path[PATH_MAX] = {0};
		struct stat status;
		struct share_node read = {.number = state_read_limited(reader, next - 1)};
		state_read(reader, path, state_read_limited(reader, sizeof(path) - 1));
		read.touched = state_read_limited(reader, 1);
		for (unsigned j = 0; j < SHARE_TIMES; j++)
			read.times[j] = read_time_of(reader);
		read.settled = state_read_limited(reader, 1);
		read.host_time = read_time_of(reader);
		struct share_node *node = reader->failed || !find(context, path, &status) || find_node(nodes, &status)
		                              ? NULL
		                              : add_node(nodes, path, &status);
		if (!node)
			continue;
		node->number = read.number;
		node->touched = read.touched;
		memcpy(node->times, read.times, sizeof(node->times));
		/* what the guest changed has its times here, whatever the file has that is found now */
		node->settled = read.settled && !read.touched;
		node->host_time = read.host_time;
	}
	nodes->next = next;
	return !reader->failed;
}
