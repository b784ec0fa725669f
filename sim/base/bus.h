/*
 * Physical address space: DRAM (host memory) and devices. Per DRAM page a byte of flags says why stores to it must not
 * be cached in a hart's L0 filter: one mechanism for translated code, reservations, HTIF and watchpoints.
 */
#ifndef BUS_H
#define BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device;

enum { PAGE_SHIFT = 12, PAGE_SIZE = 1 << PAGE_SHIFT };

enum page_flag {
	PAGE_CODE = 1 << 0,  /* some hart holds translated instructions of this page */
	PAGE_WATCH = 1 << 1, /* a reservation of a hart that is not running now lies in this page */
	PAGE_HOOK = 1 << 2,  /* a device wants to see stores (HTIF's tohost) */
	PAGE_LOOK = 1 << 3,  /* an observer wants to see stores */
	PAGE_GUEST = 1 << 4, /* likewise, but not those of a guest (V=1), which need not be told */
	PAGE_POINT = 1 << 5, /* a debugger watches: the flag goes when it does not any more */
};

/* Who wants to know of stores. The bus tells; it does not ask who it is. */
struct bus_listener {
	uint8_t flags; /* enum page_flag bits: stores to pages that have one of them */
	/* `size` bytes at pa have been written by `by`: a hart, or NULL (a device, the loader, the debugger). */
	void (*stored)(void *context, const void *by, uint64_t pa, unsigned size);
	/* The page of pa has got a flag: no view of it may be written through any more. May be NULL, as `stored`. */
	void (*flagged)(void *context, uint64_t pa);
	void *context;
};

struct bus_range {
	uint64_t base, size;
	struct device *device;
	uint8_t flags; /* enum page_flag, of all of it: as DRAM has them a page */
};

struct bus {
	uint64_t dram_base, dram_size; /* bytes; dram_base 0x80000000 */
	uint8_t *dram;                 /* host address of dram_base; zero-filled, page-aligned */
	uint8_t *page_flags;           /* one a DRAM page */
	struct bus_range *ranges;      /* sorted by base, disjoint */
	size_t range_count;
	struct bus_listener *listeners;
	size_t listener_count;
};

/* 0, or -1 with a line on stderr when the host cannot give the memory. dram_size is a multiple of 4096. */
int bus_init(struct bus *bus, uint64_t dram_size);
void bus_free(struct bus *bus);

/* Map a device at [base, base+size). Ranges must not overlap (asserted). 0, or -1: no memory. */
int bus_map(struct bus *bus, uint64_t base, uint64_t size, struct device *device);

static inline bool bus_is_dram(const struct bus *bus, uint64_t pa, uint64_t size)
{
	uint64_t offset = pa - bus->dram_base;
	return offset < bus->dram_size && size <= bus->dram_size - offset;
}

/* Host address of DRAM at pa; pa must be in DRAM. */
static inline uint8_t *bus_host(const struct bus *bus, uint64_t pa) { return bus->dram + (pa - bus->dram_base); }
static inline uint64_t bus_address(const struct bus *bus, const uint8_t *host)
{
	return bus->dram_base + (uint64_t)(host - bus->dram);
}
static inline uint8_t *bus_page_flags(const struct bus *bus, uint64_t pa)
{
	return bus->page_flags + ((pa - bus->dram_base) >> PAGE_SHIFT);
}

/* 0, or -1: no memory. */
int bus_listen(struct bus *bus, const struct bus_listener *listener);
/* Whoever listens with this context does so no more. Flags that it has set stay. */
void bus_unlisten(struct bus *bus, const void *context);

/* From now on stores to the page of pa are told to those who listen for the flag. Of a device that is what it has to tell itself,
 * once: bus_changed. */
void bus_flag(struct bus *bus, uint64_t pa, enum page_flag flag);

/* What could be fetched from the device at `base` is something else now, or nothing: tell those whom its flags concern, and take the
 * flags away. */
void bus_changed(struct bus *bus, uint64_t base);

/* Bytes inside one page of DRAM have been written: tell those whom the page's flags concern. */
void bus_tell_stored(const struct bus *bus, const void *by, uint64_t pa, unsigned size);
static inline void bus_stored(const struct bus *bus, const void *by, uint64_t pa, unsigned size)
{
	if (__builtin_expect(*bus_page_flags(bus, pa) != 0, 0))
		bus_tell_stored(bus, by, pa, size);
}

/* Is all of [pa, pa+size) in DRAM or in one device? */
bool bus_mapped(const struct bus *bus, uint64_t pa, uint64_t size);

/* Device access, naturally aligned, size 1, 2, 4 or 8, at cycle `now`. False: nothing there, or the device refuses
 * that size or direction: an access fault. Device writes OR into *effects (enum effect). */
bool bus_device_read(struct bus *bus, uint64_t pa, unsigned size, uint64_t now, uint64_t *value, uint32_t *effects);
bool bus_device_write(struct bus *bus, uint64_t pa, unsigned size, uint64_t now, uint64_t value, uint32_t *effects);

/* Would bus_device_read (or write) be answered? */
bool bus_device_accepts(const struct bus *bus, uint64_t pa, unsigned size, bool store);
/* The device that has all of [pa, pa+size), or NULL. */
const struct device *bus_device_at(const struct bus *bus, uint64_t pa, uint64_t size);

/* A device reads or writes memory (DMA): any number of bytes that lie in DRAM. Listeners hear of what is written, with
 * by NULL. False, and nothing done: not all of it is DRAM. */
bool bus_dma_read(const struct bus *bus, uint64_t pa, void *bytes, size_t size);
bool bus_dma_write(struct bus *bus, uint64_t pa, const void *bytes, size_t size);
/* Likewise zeros. It takes about as long as what is there now took to be written, however many they are. */
bool bus_dma_zero(struct bus *bus, uint64_t pa, size_t size);

/* Is [pa, pa+size) readable memory-like space for instruction fetch (DRAM or ROM)? Host pointer or NULL. */
const uint8_t *bus_fetch(const struct bus *bus, uint64_t pa, unsigned size);

/* Loader's and debugger's access: peek sees DRAM and ROM, poke DRAM only. False, and nothing done, if any byte is
 * outside. */
bool bus_peek(const struct bus *bus, uint64_t pa, void *buffer, size_t size);
bool bus_poke(struct bus *bus, uint64_t pa, const void *buffer, size_t size);

/* Save and restore DRAM (base/state.h): section "memory". Restoring tells no listener, and leaves page flags to those
 * who set them: what harts keep of the bytes before is theirs to forget. False: reader->reason says why it does not fit
 * (another size, damage); DRAM may hold a part of it then. */
struct state_writer;
struct state_reader;
void bus_save(const struct bus *bus, struct state_writer *writer);
bool bus_restore(struct bus *bus, struct state_reader *reader);

#endif
