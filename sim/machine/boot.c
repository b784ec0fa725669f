#include "machine/boot.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "machine/boot_files.h"
#include "machine/boot_screen.h"
#include "machine/boot_symbols.h"
#include "machine/devtree.h"
#include "machine/generic_loader.h"
#include "base/output_file.h"
#include "machine/unpack.h"
#include "base/say.h"

enum { MIB = 1 << 20, KERNEL_ALIGN = 2 * MIB, SMALL_DRAM = 8 * MIB, MODULE_ALIGN = 4096, LINUX_OFFSET_AT = 8 };

/* Linux wants its device tree below 3 GiB: QEMU keeps to it, and so do we. */
#define TREE_CEILING (UINT64_C(3072) * MIB)

static uint64_t align_up(uint64_t value, uint64_t align) { return (value + align - 1) & ~(align - 1); }

/* A program may be packed. */
static int open_program(struct boot *boot, struct file *file, const char *path)
{
	return boot_open(boot, file, path) == 0 && unpack_kernel(file, boot->layout.size) == 0 ? 0 : -1;
}

/* Linux says in its Image's header how far from the beginning of memory it wants to be: 0 if it is made for M-mode, whose
 * firmware it is itself. */
static int refuse_supervisor(const struct file *file)
{
	uint64_t offset = 0;
	if (file_is_linux_image(file))
		memcpy(&offset, file->data + LINUX_OFFSET_AT, sizeof(offset));
	return offset == 0
	           ? 0
	           : say("%s: is a Linux Image that starts in S-mode, and no firmware (-kernel FILE, with OpenSBI "
	                 "unless -bios says otherwise)",
	                 file->path);
}

/* A flat image at `start`, or where a uImage wants to be. */
static int load_flat(struct boot *boot, struct machine *machine, const struct file *file, uint64_t start,
                     const char *what, struct image *image)
{
	bool placed = file->uimage == UIMAGE_AT;
	image->low = placed ? file->load : start;
	image->high = image->low + file->size;
	image->entry = placed ? file->entry : start + file->entry;
	if (raw_load(file, &machine->bus, &boot->layout, image->low, what) != 0)
		return -1;
	if (image->entry - image->low < file->size && image->entry % 2 == 0)
		return 0;
	say("%s: its entry 0x%" PRIx64 " is not in it, or odd", file->path, image->entry);
	return -1;
}

static int load_firmware(struct boot *boot, struct machine *machine, uint64_t *end)
{
	const char *path = machine->config->bios;
	*end = boot->layout.base;
	if (!path || strcmp(path, "none") == 0)
		return 0;
	if (open_program(boot, &boot->firmware, path) != 0 || refuse_supervisor(&boot->firmware) != 0)
		return -1;
	struct image image;
	if (machine->config->bios_is_elf || file_is_elf(&boot->firmware)) {
		if (elf_load(&boot->firmware, &machine->bus, &boot->layout, "firmware", &image) != 0)
			return -1;
	} else if (load_flat(boot, machine, &boot->firmware, *end, "firmware", &image) != 0) {
		return -1;
	}
	boot->entry = image.entry;
	*end = image.high;
	return boot_host_symbols(machine, &boot->firmware);
}

/* ---- flash ---- */

static uint64_t flash_base(unsigned bank)
{
	return device_rows[DEVICE_flash].base + bank * device_rows[DEVICE_flash].size;
}

bool boot_begins_in_flash(const struct config *config)
{
	bool none = config->bios && strcmp(config->bios, "none") == 0;
	return config->flash[0] && (none || !config->flash_by_node[0]);
}

/* What firmware goes on to: the bank that is not begun in. 0: to none. */
static uint64_t flash_behind_firmware(const struct config *config)
{
	if (config->flash[0] && !boot_begins_in_flash(config))
		return flash_base(0);
	return config->flash[1] && !config->flash_by_node[1] ? flash_base(1) : 0;
}

/* An ELF goes where it says, anything else to the first 2 MiB boundary behind the firmware, as in QEMU. */
static int load_kernel(struct boot *boot, struct machine *machine, uint64_t firmware_end)
{
	const char *path = machine->config->kernel;
	boot->kernel_entry = flash_behind_firmware(machine->config);
	boot->flashed = boot->kernel_entry != 0;
	if (!path || boot->flashed)
		return 0;
	if (open_program(boot, &boot->kernel, path) != 0 ||
	    (!boot->firmware.data && refuse_supervisor(&boot->kernel) != 0))
		return -1;
	struct image image;
	int result = file_is_elf(&boot->kernel) && !boot->kernel.uimage
	                 ? elf_load(&boot->kernel, &machine->bus, &boot->layout, "kernel", &image)
	                 : load_flat(boot, machine, &boot->kernel, align_up(firmware_end, KERNEL_ALIGN), "kernel",
	                             &image);
	if (result != 0)
		return -1;
	boot->kernel_entry = image.entry;
	return boot_host_symbols(machine, &boot->kernel);
}

/* Far enough behind the kernel for it to unpack itself: QEMU's rule. */
static int load_initrd(struct boot *boot, struct machine *machine)
{
	const char *path = machine->config->initrd;
	if (!path)
		return 0;
	if (!machine->config->kernel) {
		say("%s: -initrd needs -kernel", path);
		return -1;
	}
	if (boot->flashed)
		return 0;
	if (boot_open(boot, &boot->initrd, path) != 0 || unpack_ramdisk(&boot->initrd) != 0)
		return -1;
	uint64_t half = boot->layout.size / 2, distance = half < UINT64_C(128) * MIB ? half : UINT64_C(128) * MIB;
	boot->initrd_start = boot->kernel_entry + distance;
	boot->initrd_size = boot->initrd.size;
	return raw_load(&boot->initrd, &machine->bus, &boot->layout, boot->initrd_start, "initrd");
}

/* Guests: the files stay closed but for the moment of their loading. */

struct staging {
	struct boot *boot;
	struct machine *machine;
	struct devtree_module *modules;
	struct devtree_zone *zones;
	size_t module_count, zone_count;
};

static int stage_at(struct staging *staging, const struct file *file, uint64_t address, const char *what,
                    const char *bootargs, bool ramdisk)
{
	if (raw_load(file, &staging->machine->bus, &staging->boot->layout, address, what) != 0)
		return -1;
	staging->modules[staging->module_count++] = (struct devtree_module){
	    .address = address, .size = file->size, .bootargs = bootargs, .ramdisk = ramdisk};
	return 0;
}

/* Where a module without an address goes: as high as possible below the device tree. */
static int choose_place(const struct staging *staging, const struct file *file, uint64_t *address)
{
	const struct boot *boot = staging->boot;
	*address = layout_find_below(&boot->layout, boot->dtb_address, file->size, MODULE_ALIGN);
	if (*address != UINT64_MAX)
		return 0;
	say("%s: %zu bytes do not fit into what is free of DRAM", file->path, file->size);
	return -1;
}

static int guest_fits(const struct file *file, const struct guest_config *guest)
{
	if (guest->ramdisk)
		return 0;
	if (file_is_elf(file))
		return elf_check(file);
	/* guest-loader stages whatever it is given */
	if (guest->address || file_is_linux_image(file))
		return 0;
	say("%s: is neither an ELF file nor a flat image with Linux's RISC-V Image header", file->path);
	return -1;
}

static int stage_kernel(struct staging *staging, const struct guest_config *guest, unsigned space, uint64_t *address)
{
	struct file file;
	*address = guest->address;
	if (boot_open(staging->boot, &file, guest->path) != 0)
		return -1;
	/* what guest-loader puts at an address is the bytes of the file */
	int result = guest->address ? 0 : unpack_kernel(&file, staging->boot->layout.size);
	if (result == 0)
		result = guest_fits(&file, guest);
	if (result == 0 && *address == 0)
		result = choose_place(staging, &file, address);
	if (result == 0)
		result = stage_at(staging, &file, *address, guest->ramdisk ? "ramdisk" : "guest", guest->args,
		                  guest->ramdisk);
	if (result == 0 && !guest->ramdisk)
		result = boot_guest_symbols(staging->machine, space, &file);
	file_close(&file);
	return result;
}

static int stage_initrd(struct staging *staging, const char *path, uint64_t *address)
{
	struct file file;
	if (boot_open(staging->boot, &file, path) != 0)
		return -1;
	int result = unpack_ramdisk(&file);
	if (result == 0)
		result = choose_place(staging, &file, address);
	if (result == 0)
		result = stage_at(staging, &file, *address, "guest's initrd", NULL, true);
	file_close(&file);
	return result;
}

static int stage_guest(struct staging *staging, unsigned index)
{
	const struct guest_config *guest = &staging->machine->config->guests[index];
	struct devtree_zone zone = {
	    .vcpus = guest->vcpus,
	    .memory = guest->memory,
	    .cpus = guest->cpus,
	    .name = guest->name,
	};
	if (stage_kernel(staging, guest, index + 1, &zone.kernel) != 0)
		return -1;
	if (guest->initrd && stage_initrd(staging, guest->initrd, &zone.initrd) != 0)
		return -1;
	if (zone.vcpus || zone.memory || zone.cpus || zone.name || zone.initrd)
		staging->zones[staging->zone_count++] = zone;
	return 0;
}

static int stage_guests(struct staging *staging, bool placed)
{
	const struct config *config = staging->machine->config;
	unsigned count = config->guest_count;
	/* Memory is given out from the top, so the last comes first: addresses then rise in the order of the command
	 * line, which is how the firmware numbers zones. */
	for (unsigned i = 0; i < count; i++) {
		unsigned index = placed ? i : count - 1 - i;
		if ((config->guests[index].address != 0) == placed && stage_guest(staging, index) != 0)
			return -1;
	}
	return 0;
}

/* The device tree */

static int make_tree(struct boot *boot, const struct machine *machine)
{
	const struct config *config = machine->config;
	if (config->dtb) {
		if (boot_open(boot, &boot->dtb, config->dtb) != 0)
			return -1;
		boot->tree = devtree_from_file(boot->dtb.data, boot->dtb.size, config->dtb);
	} else {
		struct devtree_machine description = {
		    .board = &machine->board,
		    .dram_base = boot->layout.base,
		    .dram_size = boot->layout.size,
		    .seed = config->seed,
		};
		boot->tree = devtree_describe(&description);
	}
	return boot->tree ? 0 : -1;
}

/* A bound on what the guests will add, before they are placed. */
static size_t tree_limit(const struct boot *boot, const struct config *config, struct devtree_boot description)
{
	size_t limit = devtree_bytes(boot->tree) + devtree_room(&description);
	for (unsigned i = 0; i < config->guest_count; i++) {
		const struct guest_config *guest = &config->guests[i];
		struct devtree_module modules[2] = {{.bootargs = guest->args}};
		struct devtree_zone zone = {.name = guest->name};
		struct devtree_boot one = {.modules = modules, .module_count = 2, .zones = &zone, .zone_count = 1};
		limit += devtree_room(&one);
	}
	return limit;
}

static int place_tree(struct boot *boot, size_t size)
{
	uint64_t end = boot->layout.base + boot->layout.size, top = end < TREE_CEILING ? end : TREE_CEILING;
	uint64_t align = boot->layout.size < SMALL_DRAM ? MODULE_ALIGN : KERNEL_ALIGN;
	boot->dtb_address = layout_find_below(&boot->layout, top, size, align);
	if (boot->dtb_address == UINT64_MAX) {
		say("no room for the device tree: %" PRIu64 " KiB of DRAM are too little", boot->layout.size >> 10);
		return -1;
	}
	return layout_claim(&boot->layout, boot->dtb_address, size, "device tree", NULL);
}

static int dump_tree(const struct boot *boot, const char *path)
{
	FILE *file = output_open(path);
	size_t size = devtree_bytes(boot->tree);
	bool written = file && fwrite(boot->tree, 1, size, file) == size;
	int error = errno;
	if (file && fclose(file) != 0) {
		written = false;
		error = errno;
	}
	if (!written)
		say("%s: %s", path, strerror(error));
	return written ? 0 : -1;
}

static int finish_tree(struct boot *boot, struct machine *machine, const struct devtree_boot *description)
{
	if (devtree_add_boot(&boot->tree, description) != 0)
		return -1;
	size_t size = devtree_bytes(boot->tree);
	bus_poke(&machine->bus, boot->dtb_address, boot->tree, size);
	boot_add_hash(boot, boot->tree, size);
	return machine->config->dump_dtb ? dump_tree(boot, machine->config->dump_dtb) : 0;
}

/* QEMU's harts start where memory begins, whatever an ELF calls its entry, if there is code: ELF headers are none. Ours
 * start at the entry of what comes first. */
static uint64_t start_of(const struct boot *boot, const struct machine *machine, uint64_t entry)
{
	static const uint8_t headers[4] = {0x7f, 'E', 'L', 'F'};
	uint64_t base = boot->layout.base;
	if (machine->config->bios_is_elf || !layout_holds(&boot->layout, base))
		return entry;
	return memcmp(bus_host(&machine->bus, base), headers, sizeof(headers)) == 0 ? entry : base;
}

static int load_programs(struct boot *boot, struct machine *machine)
{
	uint64_t firmware_end;
	return load_firmware(boot, machine, &firmware_end) == 0 && load_kernel(boot, machine, firmware_end) == 0 &&
	               load_initrd(boot, machine) == 0
	           ? 0
	           : -1;
}

/* Where harts come from the ROM to: loaders may have put something there, or send harts elsewhere. */
static int choose_entry(struct boot *boot, const struct machine *machine)
{
	if (boot_begins_in_flash(machine->config)) {
		boot->entry = flash_base(0);
		return 0;
	}
	if (!boot->firmware.data)
		boot->entry = boot->flashed ? 0 : boot->kernel_entry;
	boot->entry = start_of(boot, machine, boot->entry);
	if (boot->entry || boot->hart_starts || machine->config->dump_dtb)
		return 0;
	return say("no firmware: name one, or give -bios FILE (see --help)");
}

/* What has a given place first, then the tree, then what goes where there is room. */
static int load_rest(struct staging *staging)
{
	struct boot *boot = staging->boot;
	const struct config *config = staging->machine->config;
	struct devtree_boot description = {
	    .bootargs = config->append,
	    .initrd_start = boot->initrd_start,
	    .initrd_end = boot->initrd_start + boot->initrd_size,
	};
	if (boot_name_guests(staging->machine) != 0 || stage_guests(staging, true) != 0 ||
	    generic_loaders(boot, staging->machine) != 0 ||
	    boot_place_framebuffer(boot, staging->machine, &description.framebuffer) != 0 ||
	    choose_entry(boot, staging->machine) != 0 || make_tree(boot, staging->machine) != 0 ||
	    place_tree(boot, tree_limit(boot, config, description)) != 0 || stage_guests(staging, false) != 0)
		return -1;
	description.modules = staging->modules;
	description.module_count = staging->module_count;
	description.zones = staging->zones;
	description.zone_count = staging->zone_count;
	return finish_tree(boot, staging->machine, &description);
}

int boot_load(struct boot *boot, struct machine *machine)
{
	*boot = (struct boot){0};
	layout_init(&boot->layout, machine->bus.dram_base, machine->bus.dram_size);
	size_t guests = machine->config->guest_count + 1;
	struct staging staging = {
	    .boot = boot,
	    .machine = machine,
	    .modules = calloc(2 * guests, sizeof(*staging.modules)),
	    .zones = calloc(guests, sizeof(*staging.zones)),
	};
	int result = -1;
	if (!staging.modules || !staging.zones)
		say("out of memory for guests");
	else if (load_programs(boot, machine) == 0)
		result = load_rest(&staging);
	free(staging.modules);
	free(staging.zones);
	return result;
}

void boot_free(struct boot *boot)
{
	layout_free(&boot->layout);
	file_close(&boot->firmware);
	file_close(&boot->kernel);
	file_close(&boot->initrd);
	file_close(&boot->dtb);
	free(boot->tree);
	boot->tree = NULL;
	free(boot->files);
	boot->files = NULL;
}

void boot_rom(const struct boot *boot, uint8_t bytes[BOOT_ROM_BYTES])
{
	static const uint32_t code[6] = {
	    0x00000297, /* auipc t0, 0 */
	    0x02828613, /* addi  a2, t0, 40 */
	    0xf1402573, /* csrr  a0, mhartid */
	    0x0202b583, /* ld    a1, 32(t0) */
	    0x0182b283, /* ld    t0, 24(t0) */
	    0x00028067, /* jr    t0 */
	};
	/* entry, device tree; then OpenSBI's struct fw_dynamic_info: magic "OSBI", version, next address and mode (1 =
	 * S), options, boot hart */
	const uint64_t data[8] = {boot->entry, boot->dtb_address, 0x4942534f, 2, boot->kernel_entry, 1, 0, 0};
	static_assert(sizeof(code) + sizeof(data) == BOOT_ROM_BYTES, "the ROM is code and data");
	memcpy(bytes, code, sizeof(code));
	memcpy(bytes + sizeof(code), data, sizeof(data));
}
