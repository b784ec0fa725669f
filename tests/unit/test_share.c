/* A shared folder by 9P2000.L: what requests are answered with, message by message, and that none of them leads out of the folder. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dev/host_share.h"
#include "dev/p9_server.h"
#include "dev/p9_wire.h"
#include "state_bytes.h"

enum { ROOT = 1, MESSAGE = 1 << 17, SECONDS = 1000, NANOSECONDS = 42, CREATE = 0100, RDWR = 2 };
#define NOW (UINT64_C(1000000000) * SECONDS + NANOSECONDS)

static char folder[32], outside[32];
static struct host_share *share;
static struct p9_server *server;
static uint8_t asked[MESSAGE], given[MESSAGE];
static struct p9_out request;
static struct p9_in reply;

static void begin(uint8_t type)
{
	request = (struct p9_out){.bytes = asked, .size = sizeof(asked)};
	p9_put32(&request, 0);
	p9_put8(&request, type);
	p9_put16(&request, 7);
}

static void begin_fid(uint8_t type, uint32_t fid)
{
	begin(type);
	p9_put32(&request, fid);
}

static void text(const char *words) { p9_put_text(&request, words, strlen(words)); }

/* The errno, or 0, and `reply` is at what is behind the header. */
static int ask(void)
{
	uint8_t type = asked[4];
	uint32_t size = p9_server_answer(server, NOW, asked, request.at, given, sizeof(given));
	reply = (struct p9_in){.bytes = given, .size = size};
	cr_assert_geq(size, (uint32_t)P9_HEADER);
	cr_expect_eq(p9_get32(&reply), size);
	uint8_t answer = p9_get8(&reply);
	cr_expect_eq(p9_get16(&reply), 7);
	if (answer == P9_LERROR + 1)
		return (int)p9_get32(&reply);
	cr_expect_eq(answer, type + 1);
	return 0;
}

static int version(uint32_t size, const char *words)
{
	begin(P9_VERSION);
	p9_put32(&request, size);
	text(words);
	return ask();
}

static int attach_as(uint32_t fid, uint32_t uid)
{
	begin_fid(P9_ATTACH, fid);
	p9_put32(&request, UINT32_MAX);
	text("user");
	text("any");
	p9_put32(&request, uid);
	return ask();
}

static int attach(uint32_t fid) { return attach_as(fid, 0); }

/* Names with '|' between; "" for none. */
static int walk(uint32_t fid, uint32_t new_fid, const char *names)
{
	begin_fid(P9_WALK, fid);
	p9_put32(&request, new_fid);
	uint32_t count_at = request.at;
	uint16_t count = 0;
	p9_put16(&request, 0);
	for (const char *name = names; *names && name; name = strchr(name, '|') ? strchr(name, '|') + 1 : NULL, count++)
		p9_put_text(&request, name, strcspn(name, "|"));
	memcpy(asked + count_at, &count, sizeof(count));
	return ask();
}

static int fid_alone(uint8_t type, uint32_t fid)
{
	begin_fid(type, fid);
	return ask();
}

static int lopen(uint32_t fid, uint32_t flags)
{
	begin_fid(P9_LOPEN, fid);
	p9_put32(&request, flags);
	return ask();
}

static int create(uint32_t fid, const char *name)
{
	begin_fid(P9_LCREATE, fid);
	text(name);
	p9_put32(&request, CREATE | RDWR);
	p9_put32(&request, 0644);
	p9_put32(&request, 0);
	return ask();
}

static int put_bytes(uint32_t fid, uint64_t offset, const char *words)
{
	begin_fid(P9_WRITE, fid);
	p9_put64(&request, offset);
	p9_put32(&request, (uint32_t)strlen(words));
	p9_put_bytes(&request, words, (uint32_t)strlen(words));
	return ask();
}

static int get_bytes(uint8_t type, uint32_t fid, uint64_t offset, uint32_t count)
{
	begin_fid(type, fid);
	p9_put64(&request, offset);
	p9_put32(&request, count);
	return ask();
}

static int unlinkat_name(uint32_t fid, const char *name, uint32_t flags)
{
	begin_fid(P9_UNLINKAT, fid);
	text(name);
	p9_put32(&request, flags);
	return ask();
}

static int renameat_names(uint32_t fid, const char *name, uint32_t new_fid, const char *new_name)
{
	begin_fid(P9_RENAMEAT, fid);
	text(name);
	p9_put32(&request, new_fid);
	text(new_name);
	return ask();
}

static int mkdir_name(uint32_t fid, const char *name)
{
	begin_fid(P9_MKDIR, fid);
	text(name);
	p9_put32(&request, 0755);
	p9_put32(&request, 0);
	return ask();
}

static int mknod_name(uint32_t fid, const char *name, uint32_t mode)
{
	begin_fid(P9_MKNOD, fid);
	text(name);
	p9_put32(&request, mode);
	p9_put32(&request, 1);
	p9_put32(&request, 3);
	p9_put32(&request, 0);
	return ask();
}

static int link_name(uint32_t fid, uint32_t folder_fid, const char *name)
{
	begin_fid(P9_LINK, folder_fid);
	p9_put32(&request, fid);
	text(name);
	return ask();
}

enum { SET_MODE = 1, SET_SIZE = 8 };

static int setattr(uint32_t fid, uint32_t valid, uint32_t mode, uint64_t size)
{
	begin_fid(P9_SETATTR, fid);
	p9_put32(&request, valid);
	p9_put32(&request, mode);
	p9_put64(&request, 0);
	p9_put64(&request, size);
	for (unsigned i = 0; i < 4; i++)
		p9_put64(&request, 0);
	return ask();
}

static int xattrcreate(uint32_t fid, const char *name, uint64_t size)
{
	begin_fid(P9_XATTRCREATE, fid);
	text(name);
	p9_put64(&request, size);
	p9_put32(&request, 0);
	return ask();
}

struct attributes {
	uint64_t number, links, size, blocks, atime, mtime, mtime_ns, ctime;
	uint32_t mode, uid;
};

static struct attributes getattr(uint32_t fid)
{
	begin_fid(P9_GETATTR, fid);
	p9_put64(&request, 0x7ff);
	struct attributes got = {0};
	cr_assert_eq(ask(), 0);
	cr_expect_eq(p9_get64(&reply), 0x7ff);
	p9_take(&reply, 5);
	got.number = p9_get64(&reply);
	got.mode = p9_get32(&reply);
	got.uid = p9_get32(&reply);
	p9_take(&reply, 4);
	got.links = p9_get64(&reply);
	p9_get64(&reply);
	got.size = p9_get64(&reply);
	p9_get64(&reply);
	got.blocks = p9_get64(&reply);
	got.atime = p9_get64(&reply);
	p9_get64(&reply);
	got.mtime = p9_get64(&reply);
	got.mtime_ns = p9_get64(&reply);
	got.ctime = p9_get64(&reply);
	p9_take(&reply, 8 + 16 + 16);
	cr_expect(!reply.bad && reply.at == reply.size);
	return got;
}

static void host_file(const char *name, const char *words)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	cr_assert(file >= 0 && write(file, words, strlen(words)) == (ssize_t)strlen(words));
	close(file);
}

static bool host_has(const char *name)
{
	char path[128];
	struct stat status;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return lstat(path, &status) == 0;
}

static void open_share(struct share_config config)
{
	config.path = folder;
	config.file_mode = 0600;
	config.folder_mode = 0700;
	share = host_share_open(&config);
	cr_assert_not_null(share);
	server = p9_server_new(share);
	cr_assert_not_null(server);
}

static void start(enum share_model model)
{
	strcpy(folder, "/tmp/rvsim-share-XXXXXX");
	strcpy(outside, "/tmp/rvsim-share-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_not_null(mkdtemp(outside));
	open_share((struct share_config){.model = model});
	cr_assert_eq(version(8192, "9P2000.L"), 0);
	cr_assert_eq(attach(ROOT), 0);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status, (void)type, (void)walk;
	return remove(path);
}

static void end(void)
{
	p9_server_free(server);
	host_share_close(share);
	nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	nftw(outside, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

Test(share, versions)
{
	start(SHARE_NONE);
	cr_expect_eq(version(8192, "9P2000.u"), 0);
	cr_expect_eq(p9_get32(&reply), 8192);
	struct p9_text words = p9_get_text(&reply);
	cr_expect(words.size == 7 && memcmp(words.bytes, "unknown", 7) == 0);
	cr_expect_eq(attach(ROOT), EOPNOTSUPP, "nothing before a version is agreed on");
	cr_expect_eq(version(4095, "9P2000.L"), EMSGSIZE);
	cr_expect_eq(version(UINT32_MAX, "9P2000.L"), 0);
	cr_expect_eq(p9_get32(&reply), (uint32_t)P9_MESSAGE_MAX);
	cr_expect_eq(attach(ROOT), 0);
	cr_expect_eq(attach(ROOT), EINVAL, "the fid is used");
	cr_expect_eq(version(8192, "9P2000.L"), 0);
	cr_expect_eq(fid_alone(P9_CLUNK, ROOT), ENOENT, "a new session has no fids");
	begin(102); /* Tauth */
	cr_expect_eq(ask(), EOPNOTSUPP);
	begin(P9_FLUSH);
	p9_put16(&request, 99);
	cr_expect_eq(ask(), 0);
	end();
}

Test(share, walks)
{
	char many[2 * 17 + 1], *longest = malloc(65536);
	start(SHARE_NONE);
	cr_assert_eq(mkdir_name(ROOT, "a"), 0);
	cr_expect_eq(walk(ROOT, 2, "a"), 0);
	cr_assert_eq(mkdir_name(2, "b"), 0);
	cr_expect_eq(walk(ROOT, 3, "a|b"), 0);
	cr_expect_eq(p9_get16(&reply), 2);
	uint64_t root = getattr(ROOT).number, a = getattr(2).number;
	cr_expect_eq(walk(3, 4, ".."), 0);
	cr_expect_eq(getattr(4).number, a);
	cr_expect_eq(walk(3, 5, "..|..|..|.."), 0, "above the folder is the folder");
	cr_expect_eq(getattr(5).number, root);
	cr_expect_eq(walk(ROOT, 6, "a|none|c"), 0, "it goes as far as it goes");
	cr_expect_eq(p9_get16(&reply), 1);
	cr_expect_eq(fid_alone(P9_CLUNK, 6), ENOENT, "... and makes no fid then");
	cr_expect_eq(walk(ROOT, 6, "none"), ENOENT);
	cr_expect_eq(walk(ROOT, 2, ""), EINVAL, "the fid is used");
	cr_expect_eq(walk(99, 6, ""), ENOENT);
	cr_expect_eq(walk(ROOT, 6, "a/b"), ENOENT, "a slash is in no name");
	cr_expect_eq(walk(ROOT, 6, "/"), ENOENT);
	cr_expect_eq(walk(ROOT, 6, "|"), ENOENT, "nor is a name empty");
	for (unsigned i = 0; i < 17; i++)
		memcpy(many + 2 * i, ".|", 3);
	many[2 * 16] = '.';
	many[2 * 16 + 1] = '\0';
	cr_expect_eq(walk(ROOT, 6, many), EINVAL, "sixteen names are the most");
	memset(longest, 'x', 65535);
	longest[65535] = '\0';
	cr_expect_eq(walk(ROOT, 6, longest), ENAMETOOLONG);
	cr_expect_eq(mkdir_name(ROOT, longest), ENAMETOOLONG);
	begin_fid(P9_MKDIR, ROOT);
	p9_put_text(&request, "x\0y", 3);
	p9_put64(&request, 0);
	cr_expect_eq(ask(), ENOENT, "nor is a zero");
	cr_expect_eq(mkdir_name(ROOT, ".."), EEXIST);
	cr_expect_eq(create(ROOT, "../out"), ENOENT);
	cr_expect_eq(unlinkat_name(2, "..", 0x200), ENOTEMPTY);
	cr_expect_eq(renameat_names(2, "b", ROOT, ".."), EISDIR);
	free(longest);
	end();
}

/* The host follows no link for the guest, wherever it stands. */
Test(share, links_lead_nowhere)
{
	char path[128];
	start(SHARE_NONE);
	snprintf(path, sizeof(path), "%s/secret", outside);
	close(open(path, O_WRONLY | O_CREAT, 0644));
	begin_fid(P9_SYMLINK, ROOT);
	text("out");
	text(outside);
	p9_put32(&request, 0);
	cr_assert_eq(ask(), 0);
	cr_expect_eq(walk(ROOT, 2, "out|secret"), 0);
	cr_expect_eq(p9_get16(&reply), 1, "a link is no folder");
	cr_expect_eq(walk(ROOT, 2, "out"), 0);
	cr_expect_eq(getattr(2).mode & S_IFMT, (uint32_t)S_IFLNK);
	cr_expect_eq(lopen(2, 0), ELOOP);
	cr_expect_eq(create(2, "new"), ENOTDIR);
	cr_expect_eq(mkdir_name(2, "new"), ENOTDIR);
	cr_expect_eq(unlinkat_name(2, "secret", 0), ENOTDIR);
	cr_expect_eq(fid_alone(P9_READLINK, 2), 0);
	struct p9_text words = p9_get_text(&reply);
	cr_expect(words.size == strlen(outside) && memcmp(words.bytes, outside, words.size) == 0);
	/* it stands where a folder stood that has been walked through */
	cr_assert_eq(mkdir_name(ROOT, "was"), 0);
	cr_assert_eq(walk(ROOT, 3, "was"), 0);
	cr_assert_eq(unlinkat_name(ROOT, "was", 0x200), 0);
	snprintf(path, sizeof(path), "%s/was", folder);
	cr_assert_eq(symlink(outside, path), 0);
	cr_expect_eq(walk(3, 4, "secret"), ENOTDIR);
	cr_expect_eq(create(3, "new"), ENOTDIR);
	cr_expect_eq(setattr(2, SET_MODE, 0777, 0), EOPNOTSUPP, "modes of links");
	snprintf(path, sizeof(path), "%s/new", outside);
	cr_expect_neq(access(path, F_OK), 0);
	end();
}

Test(share, files)
{
	start(SHARE_NONE);
	cr_assert_eq(walk(ROOT, 2, ""), 0);
	cr_assert_eq(create(2, "file"), 0);
	cr_expect_eq(put_bytes(2, 0, "hello"), 0);
	cr_expect_eq(p9_get32(&reply), 5);
	cr_expect_eq(get_bytes(P9_READ, 2, 1, UINT32_MAX), 0);
	cr_expect_eq(p9_get32(&reply), 4);
	cr_expect_eq(memcmp(p9_take(&reply, 4), "ello", 4), 0);
	cr_expect_eq(get_bytes(P9_READ, 2, UINT64_MAX, 1), EINVAL);
	cr_expect_eq(get_bytes(P9_READ, 2, INT64_MAX, 0), 0);
	cr_expect_eq(put_bytes(2, UINT64_MAX - 2, "x"), EINVAL);
	cr_expect_eq(put_bytes(2, 100000, "x"), 0);
	cr_expect_eq(get_bytes(P9_READ, 2, 0, UINT32_MAX), 0);
	cr_expect_eq(reply.size, 8192u, "as much as was agreed on");
	cr_expect_eq(getattr(2).size, 100001u);
	cr_expect_eq(getattr(2).blocks, 196u);
	cr_expect_eq(lopen(2, 0), EINVAL, "it is open");
	cr_expect_eq(get_bytes(P9_READDIR, 2, 0, 100), ENOTDIR);
	/* open, and gone */
	cr_expect_eq(unlinkat_name(ROOT, "file", 0x200), ENOTDIR);
	cr_expect_eq(unlinkat_name(ROOT, "file", 0), 0);
	cr_expect_not(host_has("file"));
	cr_expect_eq(put_bytes(2, 0, "J"), 0);
	cr_expect_eq(get_bytes(P9_READ, 2, 0, 5), 0);
	p9_get32(&reply);
	cr_expect_eq(memcmp(p9_take(&reply, 5), "Jello", 5), 0);
	cr_expect_eq(fid_alone(P9_REMOVE, 2), ENOENT);
	cr_expect_eq(fid_alone(P9_CLUNK, 2), ENOENT, "it went all the same");
	cr_expect_eq(fid_alone(P9_REMOVE, ROOT), EBUSY);
	cr_expect_eq(get_bytes(P9_READ, 99, 0, 5), EINVAL);
	end();
}

/* A pipe of the host's would have whoever opens it wait. */
Test(share, pipes_are_not_opened, .timeout = 20)
{
	char path[128];
	start(SHARE_NONE);
	snprintf(path, sizeof(path), "%s/pipe", folder);
	cr_assert_eq(mkfifo(path, 0644), 0);
	cr_assert_eq(walk(ROOT, 2, "pipe"), 0);
	cr_expect_eq(lopen(2, 0), ENXIO);
	cr_expect_eq(lopen(2, 1), ENXIO);
	cr_assert_eq(walk(ROOT, 3, ""), 0);
	cr_expect_eq(create(3, "pipe"), ENXIO);
	cr_expect_eq(mknod_name(ROOT, "null", S_IFCHR | 0666), EPERM, "a device of the host's");
	cr_expect_not(host_has("null"));
	end();
}

/* The names of a reply to READDIR, with '|' behind each; the offset of the last. */
static uint64_t list(char *names)
{
	uint64_t offset = 0;
	uint32_t size = p9_get32(&reply), end = reply.at + size;
	*names = '\0';
	while (reply.at < end && !reply.bad) {
		p9_take(&reply, P9_QID_BYTES);
		offset = p9_get64(&reply);
		p9_get8(&reply);
		struct p9_text name = p9_get_text(&reply);
		strncat(names, name.bytes, name.size);
		strcat(names, "|");
	}
	cr_expect(!reply.bad && reply.at == reply.size);
	return offset;
}

Test(share, folders)
{
	char names[256];
	start(SHARE_NONE);
	host_file("b", "");
	host_file("c", "");
	host_file("a", "");
	host_file("B", "");
	cr_assert_eq(walk(ROOT, 2, ""), 0);
	cr_expect_eq(get_bytes(P9_READDIR, 2, 0, 1000), ENOTDIR, "not open");
	cr_expect_eq(lopen(2, RDWR), EISDIR);
	cr_assert_eq(lopen(2, 0200000), 0);
	cr_expect_eq(get_bytes(P9_READ, 2, 0, 10), EOPNOTSUPP);
	cr_expect_eq(get_bytes(P9_READDIR, 2, 0, 60), 0);
	uint64_t offset = list(names);
	cr_expect_str_eq(names, ".|..|", "%s", names);
	/* what is removed meanwhile does not move the rest */
	cr_expect_eq(unlinkat_name(ROOT, "B", 0), 0);
	cr_expect_eq(get_bytes(P9_READDIR, 2, offset, 1000), 0);
	offset = list(names);
	cr_expect_str_eq(names, "B|a|b|c|", "%s", names);
	cr_expect_eq(get_bytes(P9_READDIR, 2, offset, 1000), 0);
	list(names);
	cr_expect_str_eq(names, "");
	cr_expect_eq(get_bytes(P9_READDIR, 2, UINT64_MAX, 1000), 0);
	list(names);
	cr_expect_str_eq(names, "");
	cr_expect_eq(get_bytes(P9_READDIR, 2, 0, 1000), 0);
	list(names);
	cr_expect_str_eq(names, ".|..|a|b|c|", "%s", names);
	cr_expect_eq(get_bytes(P9_READDIR, 2, 0, 10), 0, "room for none");
	list(names);
	cr_expect_str_eq(names, "");
	end();
}

/* Numbers come in the order in which files are met, and belong to files, not to what the host calls them. */
Test(share, numbers)
{
	start(SHARE_NONE);
	cr_expect_eq(getattr(ROOT).number, 1u);
	host_file("x", "");
	host_file("y", "");
	cr_assert_eq(walk(ROOT, 2, "y"), 0);
	cr_assert_eq(walk(ROOT, 3, "x"), 0);
	cr_expect_eq(getattr(2).number, 2u);
	cr_expect_eq(getattr(3).number, 3u);
	cr_assert_eq(renameat_names(ROOT, "y", ROOT, "z"), 0);
	cr_expect_eq(getattr(2).number, 2u, "the fid has followed");
	for (uint64_t i = 4; i < 20; i++) { /* the host gives the same inode again, or does not */
		cr_assert_eq(unlinkat_name(ROOT, "x", 0), 0);
		cr_assert_eq(walk(ROOT, 100, ""), 0);
		cr_assert_eq(create(100, "x"), 0);
		cr_expect_eq(getattr(100).number, i);
		cr_assert_eq(fid_alone(P9_CLUNK, 100), 0);
	}
	cr_assert_eq(link_name(2, ROOT, "second"), 0);
	cr_assert_eq(unlinkat_name(ROOT, "z", 0), 0);
	cr_assert_eq(walk(ROOT, 4, "second"), 0);
	cr_expect_eq(getattr(4).number, 2u, "another name of the file");
	struct attributes root = getattr(ROOT);
	cr_expect(root.links == 1 && root.size == 4096 && root.blocks == 8, "file systems differ in these");
	end();
}

/* A file that is open without a name keeps its number; when nobody has it open any more, the host may give its own to another. */
Test(share, numbers_of_nameless_files)
{
	start(SHARE_NONE);
	for (uint64_t i = 2; i < 20; i++) {
		cr_assert_eq(walk(ROOT, 2, ""), 0);
		cr_assert_eq(create(2, "x"), 0);
		cr_expect_eq(getattr(2).number, i);
		cr_assert_eq(walk(ROOT, 3, "x"), 0);
		cr_assert_eq(lopen(3, 0), 0);
		cr_assert_eq(unlinkat_name(ROOT, "x", 0), 0);
		cr_assert_eq(put_bytes(2, 0, "z"), 0);
		cr_expect_eq(getattr(2).number, i);
		cr_assert_eq(fid_alone(i % 2 ? P9_CLUNK : P9_REMOVE, 2), i % 2 ? 0 : ENOENT);
		cr_expect_eq(getattr(3).number, i, "still open");
		if (i % 3) {
			cr_assert_eq(fid_alone(P9_CLUNK, 3), 0);
		} else {
			cr_assert_eq(version(8192, "9P2000.L"), 0);
			cr_assert_eq(attach(ROOT), 0);
		}
	}
	end();
}

/* Times that no guest has changed, of access and of contents. */
static void host_times(const char *name)
{
	char path[128];
	struct timespec times[2] = {{111, 5}, {222, 6}};
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

Test(share, times)
{
	start(SHARE_NONE);
	host_file("file", "x");
	host_times("file");
	cr_assert_eq(walk(ROOT, 2, "file"), 0);
	struct attributes got = getattr(2);
	cr_expect(got.mtime == 222 && got.mtime_ns == 6, "the host's");
	cr_expect(got.atime == 222 && got.ctime == 222, "others are not told");
	cr_assert_eq(lopen(2, RDWR), 0);
	cr_assert_eq(get_bytes(P9_READ, 2, 0, 1), 0);
	cr_expect_eq(getattr(2).atime, 222u, "reading leaves none");
	cr_assert_eq(put_bytes(2, 0, "y"), 0);
	got = getattr(2);
	cr_expect(got.mtime == SECONDS && got.mtime_ns == NANOSECONDS && got.ctime == SECONDS && got.atime == 222);
	cr_assert_eq(mkdir_name(ROOT, "new"), 0);
	cr_expect_eq(getattr(ROOT).mtime, (uint64_t)SECONDS);
	cr_assert_eq(walk(ROOT, 3, "new"), 0);
	got = getattr(3);
	cr_expect(got.mtime == SECONDS && got.ctime == SECONDS && got.atime == SECONDS);
	/* what somebody else does afterwards is the host's again */
	host_times("file");
	cr_expect_eq(getattr(2).mtime, 222u);
	end();
}

Test(share, full_is_not_told)
{
	start(SHARE_NONE);
	cr_assert_eq(fid_alone(P9_STATFS, ROOT), 0);
	cr_expect_eq(p9_get32(&reply), 0x01021997u);
	cr_expect_eq(p9_get32(&reply), 4096u);
	cr_expect_eq(p9_get64(&reply), UINT64_C(1) << 28);
	cr_expect_eq(p9_get64(&reply), UINT64_C(1) << 27);
	end();
}

Test(share, read_only)
{
	start(SHARE_NONE);
	host_file("file", "x");
	p9_server_free(server);
	host_share_close(share);
	open_share((struct share_config){.read_only = true});
	cr_assert_eq(version(8192, "9P2000.L"), 0);
	cr_assert_eq(attach(ROOT), 0);
	cr_assert_eq(walk(ROOT, 2, "file"), 0);
	cr_expect_eq(lopen(2, RDWR), EROFS);
	cr_expect_eq(lopen(2, 01000), EROFS, "O_TRUNC");
	cr_expect_eq(lopen(2, 0), 0);
	cr_expect_eq(mkdir_name(ROOT, "new"), EROFS);
	cr_expect_eq(unlinkat_name(ROOT, "file", 0), EROFS);
	cr_expect_eq(renameat_names(ROOT, "file", ROOT, "other"), EROFS);
	cr_expect(host_has("file"));
	end();
}

/* Owners and modes in files of their own: they come and go with what they are of, and are not the guest's to see. */
Test(share, mapped_file)
{
	start(SHARE_MAPPED_FILE);
	cr_assert_eq(mkdir_name(ROOT, "new"), 0);
	cr_expect(host_has(".virtfs_metadata/new"));
	cr_assert_eq(walk(ROOT, 2, "new"), 0);
	cr_expect_eq(getattr(2).mode, (uint32_t)(S_IFDIR | 0755));
	cr_assert_eq(mknod_name(2, "null", S_IFCHR | 0640), 0);
	cr_assert_eq(walk(2, 3, "null"), 0);
	cr_expect_eq(getattr(3).mode, (uint32_t)(S_IFCHR | 0640));
	cr_expect_eq(lopen(3, 0), ENXIO);
	cr_expect_eq(walk(2, 4, ".virtfs_metadata"), ENOENT);
	cr_expect_eq(unlinkat_name(2, ".virtfs_metadata", 0x200), ENOENT);
	cr_assert_eq(renameat_names(2, "null", ROOT, "zero"), 0);
	cr_expect(host_has(".virtfs_metadata/zero") && !host_has("new/.virtfs_metadata/null"));
	cr_expect_eq(unlinkat_name(ROOT, "new", 0x200), 0, "only the model's own folder was in it");
	cr_expect_eq(unlinkat_name(ROOT, "zero", 0), 0);
	cr_expect_not(host_has(".virtfs_metadata/zero") || host_has(".virtfs_metadata/new"));
	end();
}

/* What is kept beside files is not seen in the times of their folder. */
Test(share, mapped_file_leaves_times)
{
	start(SHARE_MAPPED_FILE);
	host_file("file", "");
	host_times("");
	cr_assert_eq(walk(ROOT, 2, "file"), 0);
	cr_expect_eq(setattr(2, SET_MODE, 0600, 0), 0);
	cr_expect(host_has(".virtfs_metadata/file"));
	cr_expect_eq(getattr(ROOT).mtime, 222u);
	cr_expect_eq(setattr(ROOT, SET_MODE, 0700, 0), 0);
	cr_expect_eq(getattr(ROOT).mtime, 222u);
	cr_assert_eq(mkdir_name(ROOT, "full"), 0);
	cr_assert_eq(walk(ROOT, 3, "full"), 0);
	cr_assert_eq(mkdir_name(3, "new"), 0);
	cr_assert_eq(unlinkat_name(3, "new", 0x200), 0);
	host_file("full/file", "");
	getattr(3);
	host_times("full");
	cr_assert_eq(getattr(3).mtime, 222u);
	cr_expect_eq(unlinkat_name(ROOT, "full", 0x200), ENOTEMPTY);
	cr_expect_not(host_has("full/.virtfs_metadata"));
	cr_expect_eq(getattr(3).mtime, 222u);
	end();
}

/* Owners and modes of a file that had the name before are not those of the one that has it now. */
Test(share, mapped_file_names_change)
{
	start(SHARE_MAPPED_FILE);
	host_file("host", "");
	cr_assert_eq(mknod_name(ROOT, "guest", S_IFCHR | 0640), 0);
	cr_assert_eq(renameat_names(ROOT, "host", ROOT, "guest"), 0);
	cr_assert_eq(walk(ROOT, 2, "guest"), 0);
	cr_expect_eq(getattr(2).mode, (uint32_t)(S_IFREG | 0644));
	host_file("stale", "");
	cr_assert_eq(walk(ROOT, 3, "stale"), 0);
	cr_assert_eq(setattr(3, SET_MODE, 0, 0), 0);
	cr_assert_eq(setattr(2, SET_MODE, 0604, 0), 0);
	char path[128];
	snprintf(path, sizeof(path), "%s/stale", folder);
	cr_assert_eq(unlink(path), 0);
	cr_expect_eq(link_name(2, ROOT, "stale"), 0);
	cr_assert_eq(walk(ROOT, 4, "stale"), 0);
	cr_expect_eq(getattr(4).mode, (uint32_t)(S_IFREG | 0604));
	/* nor are they those of a file that is open without a name */
	cr_assert_eq(walk(ROOT, 5, ""), 0);
	cr_assert_eq(create(5, "again"), 0);
	cr_assert_eq(unlinkat_name(ROOT, "again", 0), 0);
	cr_assert_eq(walk(ROOT, 6, ""), 0);
	cr_assert_eq(create(6, "again"), 0);
	cr_expect_eq(setattr(5, SET_MODE, 0777, 0), 0);
	cr_expect_eq(getattr(6).mode, (uint32_t)(S_IFREG | 0644));
	end();
}

/* Who has opened a file may do with it what he opened it for, whatever its mode is by now. */
Test(share, open_files_need_no_permission)
{
	if (geteuid() == 0)
		cr_assert_eq(seteuid(65534), 0);
	start(SHARE_NONE);
	cr_assert_eq(walk(ROOT, 2, ""), 0);
	cr_assert_eq(create(2, "file"), 0);
	cr_assert_eq(setattr(2, SET_MODE, 0, 0), 0);
	cr_assert_eq(put_bytes(2, 0, "hello"), 0);
	cr_expect_eq(setattr(2, SET_SIZE, 0, 2), 0);
	cr_expect_eq(getattr(2).size, 2u);
	cr_expect_eq(fid_alone(P9_FSYNC, 2), 0);
	cr_assert_eq(walk(ROOT, 3, "file"), 0);
	cr_expect_eq(setattr(3, SET_SIZE, 0, 1), EACCES, "it is not open");
	end();
}

/* A guest that opens without end is told, and costs no more than so much. */
Test(share, fids_have_an_end)
{
	start(SHARE_NONE);
	int error = 0;
	uint32_t fid = 100;
	for (; error == 0 && fid < 100 + (1 << 19); fid++)
		error = walk(ROOT, fid, "");
	cr_expect_eq(error, EMFILE);
	cr_expect_eq(walk(ROOT, 50, ""), EMFILE);
	cr_expect_eq(fid_alone(P9_CLUNK, 100), 0);
	cr_expect_eq(walk(ROOT, 50, ""), 0);
	cr_expect_eq(version(8192, "9P2000.L"), 0);
	cr_assert_eq(attach(ROOT), 0);
	for (error = 0, fid = 100; error == 0 && fid < 100 + (1 << 14); fid++) {
		cr_assert_eq(walk(ROOT, fid, ""), 0);
		error = create(fid, "file");
	}
	cr_expect_eq(error, EMFILE);
	end();
}

/* Of every type, cut anywhere, and with bytes that mean nothing: an answer, and nothing outside the folder. */
Test(share, malformed)
{
	uint64_t state = 1;
	start(SHARE_NONE);
	host_file("file", "some text");
	cr_assert_eq(walk(ROOT, 2, "file"), 0);
	cr_assert_eq(lopen(2, RDWR), 0);
	for (unsigned round = 0; round < 40000; round++) {
		begin((uint8_t)(round % 128));
		for (unsigned i = 0, size = round / 128 % 64; i < size; i++) {
			state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
			uint8_t byte = (uint8_t)(state >> 56);
			p9_put8(&request, byte < 128 ? byte & 3 : byte < 192 ? "a./"[byte % 3] : byte);
		}
		uint32_t room = round % 7 == 0 ? round % 40 : sizeof(given);
		cr_assert_leq(p9_server_answer(server, NOW, asked, request.at, given, room), room);
		if (round % 1000 == 0) {
			cr_assert_eq(version(8192, "9P2000.L"), 0);
			cr_assert_eq(attach(ROOT), 0);
		}
	}
	for (uint32_t size = 0; size < P9_HEADER; size++)
		cr_expect_eq(p9_server_answer(server, NOW, asked, size, given, sizeof(given)), 0u);
	cr_expect_eq(p9_server_answer(server, NOW, asked, P9_HEADER, given, 10), 0u, "no room for an error");
	end();
}

static bool restore_server(struct state_reader *reader)
{
	struct p9_server *other = p9_server_new(share);
	cr_assert_not_null(other);
	bool good = state_read_begin(reader, "share", 1) && p9_server_restore(other, reader) && state_read_end(reader);
	if (good) {
		p9_server_free(server);
		server = other;
	} else {
		p9_server_free(other);
	}
	return good;
}

static void save_server(struct state_writer *writer)
{
	state_write_begin(writer, "share", 1);
	p9_server_save(server, writer);
	state_write_end(writer);
}

static void revive(void)
{
	char reason[160];
	struct state_writer writer = {0};
	save_server(&writer);
	cr_assert(restored(restore_server, writer.bytes, writer.size, reason), "%s", reason);
	state_writer_free(&writer);
}

/* Times that are not changed stay what they were when they were told last, not what the host has by then. */
Test(share, revival_of_times)
{
	start(SHARE_NONE);
	host_file("file", "x");
	host_times("file");
	cr_assert_eq(walk(ROOT, 2, "file"), 0);
	cr_assert_eq(lopen(2, RDWR), 0);
	revive();
	cr_assert_eq(put_bytes(2, 0, "y"), 0);
	struct attributes got = getattr(2);
	cr_expect(got.mtime == SECONDS && got.ctime == SECONDS);
	cr_expect_eq(got.atime, 222u, "%lu", got.atime);
	/* what the guest has changed has its times, whenever the host's file was written that is there */
	revive();
	host_times("file");
	got = getattr(2);
	cr_expect(got.mtime == SECONDS && got.mtime_ns == NANOSECONDS);
	end();
}

/* Who attached owns what he makes. */
Test(share, revival_of_users)
{
	start(SHARE_MAPPED_FILE);
	cr_assert_eq(attach_as(2, 1234), 0);
	revive();
	cr_assert_eq(mkdir_name(2, "new"), 0);
	cr_assert_eq(walk(2, 3, "new"), 0);
	cr_expect_eq(getattr(3).uid, 1234u);
	end();
}

/* What has only begun: an attribute that is to be written, with a name or not, and a folder of which nothing was read. */
Test(share, revival_of_beginnings)
{
	char names[256];
	start(SHARE_NONE);
	cr_assert_eq(walk(ROOT, 2, ""), 0);
	cr_assert_eq(xattrcreate(2, "", 3), 0);
	cr_assert_eq(walk(ROOT, 3, ""), 0);
	cr_assert_eq(xattrcreate(3, "user.a", 3), 0);
	cr_assert_eq(put_bytes(2, 0, "abc"), 0);
	cr_assert_eq(put_bytes(3, 0, "abc"), 0);
	host_file("file", "");
	cr_assert_eq(walk(ROOT, 4, ""), 0);
	cr_assert_eq(lopen(4, 0200000), 0);
	revive();
	cr_expect_eq(fid_alone(P9_CLUNK, 2), EOPNOTSUPP, "no attribute has no name");
	int error = fid_alone(P9_CLUNK, 3);
	cr_expect(error == 0 || error == EOPNOTSUPP, "there are file systems without");
	cr_expect_eq(get_bytes(P9_READDIR, 4, 2, 1000), 0);
	list(names);
	cr_expect_str_eq(names, "file|", "%s", names);
	end();
}

Test(share, revival)
{
	char names[256], reason[160];
	struct state_writer writer = {0}, again = {0};
	start(SHARE_NONE);
	cr_assert_eq(walk(ROOT, 2, ""), 0);
	cr_assert_eq(create(2, "file"), 0);
	cr_assert_eq(put_bytes(2, 0, "hello"), 0);
	cr_assert_eq(walk(ROOT, 3, ""), 0);
	cr_assert_eq(lopen(3, 0), 0);
	cr_assert_eq(get_bytes(P9_READDIR, 3, 0, 60), 0);
	uint64_t offset = list(names), number = getattr(2).number;
	save_server(&writer);
	expect_refusals(restore_server, &writer);
	cr_assert(restored(restore_server, writer.bytes, writer.size, reason), "%s", reason);
	cr_expect_eq(getattr(2).number, number);
	cr_expect_eq(getattr(2).mtime, (uint64_t)SECONDS);
	cr_expect_eq(get_bytes(P9_READ, 2, 1, 100), 0);
	cr_expect_eq(p9_get32(&reply), 4u);
	cr_expect_eq(put_bytes(2, 0, "J"), 0);
	cr_expect_eq(get_bytes(P9_READDIR, 3, offset, 1000), 0);
	list(names);
	cr_expect_str_eq(names, "file|", "%s", names);
	cr_expect_eq(walk(ROOT, 9, ""), 0);
	cr_expect_eq(create(9, "next"), 0);
	cr_expect_eq(getattr(9).number, number + 1);
	/* a file that has no name any more cannot come again */
	cr_assert_eq(unlinkat_name(ROOT, "file", 0), 0);
	cr_expect_not(restored(restore_server, writer.bytes, writer.size, reason));
	cr_expect_not_null(strstr(reason, "no more"), "%s", reason);
	save_server(&again);
	host_file("file", "another");
	cr_expect_not(restored(restore_server, again.bytes, again.size, reason), "it was open and gone when it was saved");
	state_writer_free(&writer);
	state_writer_free(&again);
	end();
}
