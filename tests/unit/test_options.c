/* The command line: what each option does, and that whatever is wrong is one line and OPTIONS_BAD. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include "cli/options.h"
#include "temporary.h"
#include "trace/trace.h"
#include "dev/host_net.h"

#define MIB (UINT64_C(1) << 20)

enum { WORDS_MAX = 64 };

/* Split "a b 'c d'" at blanks, like a shell that knows single quotes only. */
static int split(char *line, char **words)
{
	int count = 0;
	for (char *at = line; *at;) {
		char end = *at == '\'' ? '\'' : ' ';
		if (end == '\'')
			at++;
		words[count++] = at;
		while (*at && *at != end)
			at++;
		if (*at)
			*at++ = '\0';
		while (*at == ' ')
			at++;
	}
	words[count] = NULL;
	return count;
}

struct line {
	struct options options;
	enum options_result result;
	char text[512];
	char *words[WORDS_MAX];
};

static void parse(struct line *line, const char *text)
{
	snprintf(line->text, sizeof(line->text), "rvsim %s", text);
	int count = split(line->text, line->words);
	line->result = options_parse(&line->options, count, line->words);
}

static const struct config *good(struct line *line, const char *text)
{
	parse(line, text);
	cr_assert_eq(line->result, OPTIONS_RUN, "%s", text);
	return &line->options.config;
}

Test(options, defaults)
{
	struct line line;
	const struct config *config = good(&line, "fw.elf");
	cr_expect_str_eq(config->bios, "fw.elf");
	cr_expect_eq(config->harts, 1);
	cr_expect_eq(config->memory, 512 * MIB);
	cr_expect_eq(config->quantum, 1000);
	cr_expect_eq(config->max_cycles, UINT64_MAX);
	cr_expect_eq(config->max_insns, UINT64_MAX);
	cr_expect_str_eq(config->timing->name, "ideal");
	cr_expect_str_eq(config->serial, "stdio");
	cr_expect_eq(config->guest_count, 0);
	cr_expect_eq(config->options.pmp_entries, 16);
	cr_expect_eq(config->trace_events, 1u << TRACE_WORLD | 1u << TRACE_TRAP | 1u << TRACE_TP | 1u << TRACE_IRQ);
	options_free(&line.options);
}

Test(options, a_qemu_command_line)
{
	struct line line;
	const struct config *config =
	    good(&line, "-M virt,aia=none -cpu rv64,h=true -smp 4 -m 1G -nographic -display none -serial mon:stdio -bios fw "
	                "-device 'guest-loader,addr=0x84000000,kernel=k,bootargs=a b'");
	cr_expect_eq(config->harts, 4);
	cr_expect_eq(config->memory, 1024 * MIB);
	cr_expect_str_eq(config->bios, "fw");
	cr_assert_eq(config->guest_count, 1);
	cr_expect_eq(config->guests[0].address, 0x84000000);
	cr_expect_str_eq(config->guests[0].path, "k");
	cr_expect_str_eq(config->guests[0].args, "a b");
	cr_expect_not(config->guests[0].ramdisk);
	options_free(&line.options);
	config = good(&line, "-machine virt -bios a -kernel b -initrd c -append 'root=/dev/vda ro' -dtb d -device "
	                     "guest-loader,addr=1,initrd=f");
	cr_expect_str_eq(config->kernel, "b");
	cr_expect_str_eq(config->initrd, "c");
	cr_expect_str_eq(config->append, "root=/dev/vda ro");
	cr_expect_str_eq(config->dtb, "d");
	cr_expect(config->guests[0].ramdisk);
	options_free(&line.options);
}

Test(options, guests)
{
	struct line line;
	const struct config *config =
	    good(&line, "-smp 4 fw g1,vcpus=2,memory=64M,initrd=i,args=a=b,,c,name=one,cpus=0-1+3 g2 --quiet g3,memory=16");
	cr_assert_eq(config->guest_count, 3);
	const struct guest_config *guest = config->guests;
	cr_expect_str_eq(guest->path, "g1");
	cr_expect_eq(guest->vcpus, 2);
	cr_expect_eq(guest->memory, 64 * MIB);
	cr_expect_str_eq(guest->initrd, "i");
	cr_expect_str_eq(guest->args, "a=b,c", "two commas are one");
	cr_expect_str_eq(guest->name, "one");
	cr_expect_eq(guest->cpus, 0xb);
	cr_expect_str_eq(guest[1].path, "g2");
	cr_expect_eq(guest[1].cpus, 0);
	cr_expect_eq(guest[2].memory, 16 * MIB);
	cr_expect(config->quiet, "options may come anywhere");
	options_free(&line.options);
}

Test(options, timing_from)
{
	struct line line;
	const struct config *config = good(&line, "--cpu cva6 --timing from=1000 fw");
	cr_expect(config->timing_from.given && config->timing_from.counted && config->timing_from.insns == 1000);
	config = good(&line, "--cpu cva6 --timing from=hint fw");
	cr_expect(config->timing_from.given && config->timing_from.hints && !config->timing_from.counted && !config->timing_from.symbol);
	config = good(&line, "--timing from=main --cpu rocket fw");
	cr_expect(config->timing_from.given && !config->timing_from.hints && !config->timing_from.counted);
	cr_expect_str_eq(config->timing_from.symbol, "main");
	config = good(&line, "--timing from=main --cpu rocket --timing on fw");
	cr_expect_not(config->timing_from.given, "the last word counts");
}

Test(options, our_own)
{
	struct line line;
	const struct config *config =
	    good(&line, "--isa=-h --quantum 100 --max-cycles 5 --max-insns=6 --timeout 2.5 --stats s --signature t --seed 0x10 "
	                "--expect ok --fail-on bad --debug --debug-cmd help -S --quiet --timing off --trace f,events=insn,csr fw");
	cr_expect_not(isa_has(&config->isa, EXT_H));
	cr_expect_eq(config->quantum, 100);
	cr_expect_eq(config->max_cycles, 5);
	cr_expect_eq(config->max_insns, 6);
	cr_expect_float_eq(config->timeout, 2.5, 1e-9);
	cr_expect_str_eq(config->stats_path, "s");
	cr_expect_str_eq(config->signature_path, "t");
	cr_expect_eq(config->seed, 16);
	cr_assert_eq(config->pattern_count, 2);
	cr_expect(config->patterns[0].kind == CONSOLE_EXPECTED && strcmp(config->patterns[0].text, "ok") == 0);
	cr_expect(config->patterns[1].kind == CONSOLE_FAILED && strcmp(config->patterns[1].text, "bad") == 0);
	cr_expect(config->debug && config->stopped && config->quiet);
	cr_expect_str_eq(config->debug_cmd, "help");
	cr_expect_str_eq(config->trace_path, "f");
	cr_expect_eq(config->trace_events, 1u << TRACE_INSN | 1u << TRACE_CSR);
	options_free(&line.options);
}

Test(options, cpu_toggles_add_up)
{
	struct line line;
	const struct config *config = good(&line, "-cpu rv64,h=false,sstc=off,svinval=false fw");
	cr_expect_not(isa_has(&config->isa, EXT_H));
	cr_expect_not(isa_has(&config->isa, EXT_Sstc));
	cr_expect_not(isa_has(&config->isa, EXT_Svinval));
	cr_expect(isa_has(&config->isa, EXT_D));
	options_free(&line.options);
	config = good(&line, "-cpu ideal fw");
	cr_expect(isa_has(&config->isa, EXT_H));
	options_free(&line.options);
	config = good(&line, "-cpu max,sstc=false,smstateen=off,SMRNMI=on fw");
	cr_expect(isa_has(&config->isa, EXT_Zkr) && isa_has(&config->isa, EXT_Smrnmi));
	cr_expect(!isa_has(&config->isa, EXT_Sstc) && !isa_has(&config->isa, EXT_Smstateen));
	options_free(&line.options);
}

/* It has the last word, wherever it stands, and the device tree names what it makes. */
Test(options, who_sets_accessed_and_dirty_bits)
{
	static const struct { const char *line; bool svade, svadu; } rows[] = {
		{ "fw", false, true }, { "--isa all fw", true, true }, { "--isa -svadu fw", true, false },
		{ "--set ad=isa --isa all fw", true, true }, { "--set ad=isa fw", false, true },
		{ "--set ad=hardware --isa all fw", false, true }, { "--isa rv64gc --set ad=hardware fw", false, true },
		{ "--set ad=either fw", true, true }, { "--isa -svadu --set ad=either fw", true, true },
		{ "--set ad=fault fw", true, false }, { "--set ad=fault --isa all fw", true, false },
		{ "--set ad=fault --set ad=either fw", true, true },
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[64];
		struct line line;
		snprintf(text, sizeof(text), "%s", rows[i].line);
		const struct config *config = good(&line, text);
		cr_expect_eq(isa_has(&config->isa, EXT_Svade), rows[i].svade, "%s", rows[i].line);
		cr_expect_eq(isa_has(&config->isa, EXT_Svadu), rows[i].svadu, "%s", rows[i].line);
		options_free(&line.options);
	}
}

Test(options, qemu_cpus)
{
	struct line line;
	struct isa isa;
	char reason[64];
	const struct config *config = good(&line, "-cpu rva22s64,h=true,v=false,smaia=off fw");
	cr_assert_eq(isa_parse("rva22s64_h", &isa, reason, sizeof(reason)), 0);
	cr_expect_eq(memcmp(&config->isa, &isa, sizeof(isa)), 0);
	config = good(&line, "-cpu rv64i,m=on,Zifencei=true fw");
	cr_expect(isa_has(&config->isa, EXT_M) && isa_has(&config->isa, EXT_Zifencei) && !isa_has(&config->isa, EXT_A));
	config = good(&line, "-cpu rv64,x-h=true,x-zba=false,priv_spec=v1.12.0,vlen=128,cbom_blocksize=64,pmp=true,mmu=true,sxl32=off,pmu-num=4 fw");
	cr_expect(isa_has(&config->isa, EXT_H) && !isa_has(&config->isa, EXT_Zba) && isa_has(&config->isa, EXT_Sv39));
	cr_expect_eq(config->options.hpm_counters, 4);
	cr_expect_eq(config->options.pmp_entries, 16);
	config = good(&line, "-cpu rv64,pmp=false,mmu=false,Counters=false fw");
	cr_expect_eq(config->options.pmp_entries, 0);
	cr_expect(!isa_has(&config->isa, EXT_Sv39) && !isa_has(&config->isa, EXT_Zicntr));
	config = good(&line, "-cpu max fw");
	isa = isa_all();
	cr_expect_eq(memcmp(&config->isa, &isa, sizeof(isa)), 0);
}

Test(options, qemu_topologies)
{
	static const struct { const char *text; unsigned harts; } cases[] = {
		{ "2,sockets=2", 2 }, { "cores=4", 4 }, { "cpus=3", 3 }, { "4,maxcpus=8,sockets=2", 4 }, { "4,cores=2,threads=2", 4 },
		{ "sockets=2,cores=2,threads=2", 8 }, { "threads=3", 3 }, { "2,dies=1,clusters=1", 2 }, { "maxcpus=5", 5 }, { "2,", 2 }, { "0x10", 16 },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct line line;
		char text[64];
		snprintf(text, sizeof(text), "-smp %s fw", cases[i].text);
		cr_expect_eq(good(&line, text)->harts, cases[i].harts, "%s", text);
		options_free(&line.options);
	}
}

Test(options, qemu_memory)
{
	static const struct { const char *text; uint64_t bytes; } cases[] = {
		{ "1.5G", 1536 * MIB }, { "256,slots=2,maxmem=1G", 256 * MIB }, { "size=256M", 256 * MIB }, { "256,maxmem=512M", 256 * MIB },
		{ "256,slots=2", 256 * MIB }, { "1.1G", 0x46668000 }, { "5000B", 8192 }, { "256k", 256 << 10 },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct line line;
		char text[64];
		snprintf(text, sizeof(text), "-m %s fw", cases[i].text);
		cr_expect_eq(good(&line, text)->memory, cases[i].bytes, "%s", text);
		options_free(&line.options);
	}
}

Test(options, qemu_machine_properties)
{
	struct line line;
	const struct config *config = good(&line, "-machine type=virt,acpi=off,usb=off,accel=tcg,aclint=off,aia=none,kernel=k,firmware=f,append=a,,b, -smp 2");
	cr_expect_str_eq(config->bios, "f");
	cr_expect_str_eq(config->kernel, "k");
	cr_expect_str_eq(config->append, "a,b");
	options_free(&line.options);
}

/* What changes nothing is named, all of it in one line, unless --quiet. */
Test(options, qemu_ignored, .init = cr_redirect_stderr)
{
	struct line line;
	good(&line, "-name x -k en-us -net none -nic none -rtc base=utc -icount shift=auto -monitor none -accel tcg,thread=multi -no-user-config -D log "
	            "-boot c -overcommit mem-lock=off fw");
	options_free(&line.options);
	good(&line, "-name x --quiet fw");
	options_free(&line.options);
	good(&line, "-nographic -no-reboot -display none -M virt fw");
	options_free(&line.options);
	fflush(stderr);
	cr_assert_stderr_eq_str("rvsim: -name x, -k en-us, -net none, -nic none, -rtc base=utc, -icount shift=auto, -monitor none, -accel "
	                        "tcg,thread=multi, -no-user-config, -D log, -boot order, -overcommit mem-lock=off: nothing changes by that "
	                        "here\n");
}

/* What -device loader comes to. */
Test(options, loaders)
{
	struct line line;
	const struct config *config = good(&line, "-smp 4 -device loader,file=a,,b,addr=0x10,force-raw=on,cpu-num=3 -device loader,addr=32,data=0x1234,"
	                                          "data-len=2,cpu-num=1 -device loader,addr=1,data=0x1234,data-len=8,data-be=on -device "
	                                          "loader,addr=0x40,cpu-num=2 fw");
	cr_assert_eq(config->loader_count, 4);
	const struct loader_config *loaders = config->loaders;
	cr_expect_str_eq(loaders[0].path, "a,b");
	cr_expect(loaders[0].raw && loaders[0].starts && loaders[0].hart == 3 && loaders[0].address == 0x10 && loaders[0].size == 0);
	cr_expect(!loaders[1].path && !loaders[1].starts && loaders[1].address == 32 && loaders[1].size == 2);
	cr_expect_eq(memcmp(loaders[1].value, "\x34\x12", 2), 0);
	cr_expect_eq(memcmp(loaders[2].value, "\0\0\0\0\0\0\x12\x34", 8), 0);
	cr_expect(!loaders[3].path && loaders[3].starts && loaders[3].hart == 2 && loaders[3].address == 0x40 && loaders[3].size == 0);
	options_free(&line.options);
}

/* Two dashes: rvsim's own, where QEMU has one of the same name. */
Test(options, two_dashes)
{
	struct line line;
	const struct config *config = good(&line, "--trace t --set geilen=1 --smp 2 fw");
	cr_expect_str_eq(config->trace_path, "t");
	cr_expect_eq(config->options.geilen, 1);
	cr_expect_eq(config->harts, 2);
	options_free(&line.options);
}

Test(options, set)
{
	struct line line;
	const struct config *config = good(&line, "--set machine.cycles_per_tick=100 --set pmp.entries=64 --set vmid.bits=0 "
	                                          "--set tinst=zero --set engine.block_ops=1 fw");
	cr_expect_eq(config->cycles_per_tick, 100);
	cr_expect_eq(config->options.pmp_entries, 64);
	cr_expect_eq(config->options.vmid_bits, 0);
	cr_expect(config->options.tinst_zero);
	cr_expect_eq(config->engine.block_ops, 1);
	options_free(&line.options);
}

Test(options, disks)
{
	struct line line;
	const struct config *config = good(&line, "-device virtio-blk-device,drive=b,serial=S -device virtio-rng-device,rng=r,event_idx=off "
	                                          "-drive file=f0,if=none,id=a,readonly=on -drive if=pflash,unit=1,file=f1,format=raw -object rng-builtin,id=r "
	                                          "-blockdev driver=file,filename=f2,node-name=n -blockdev driver=raw,file=n,node-name=b "
	                                          "-device virtio-blk-device,bus=virtio-mmio-bus.0,drive=a -global virtio-mmio.force-legacy=false -snapshot fw");
	cr_expect_eq(config->backends.disk_count, 3);
	cr_expect_str_eq(config->backends.disks[2].path, "f2");
	cr_expect_str_eq(config->backends.disks[2].id, "b");
	cr_expect(config->backends.disks[0].read_only && !config->backends.disks[0].snapshot);
	cr_expect(config->backends.disks[2].snapshot);
	cr_expect_eq(config->flash[0], 0);
	cr_expect_eq(config->flash[1], 2);
	cr_expect_eq(config->virtio.slots[7].kind, &virtio_blk_kind, "the last slot first");
	cr_expect_eq(config->virtio.slots[7].backend, 2);
	cr_expect_str_eq(config->virtio.slots[7].text, "S");
	cr_expect_eq(config->virtio.slots[6].kind, &virtio_rng_kind);
	cr_expect_eq(config->virtio.slots[6].without, UINT64_C(1) << VIRTIO_F_EVENT_IDX);
	cr_expect_eq(config->virtio.slots[0].backend, 0);
	cr_expect_null(config->virtio.slots[5].kind);
	cr_expect(config->virtio.modern);
	options_free(&line.options);
}

Test(options, firmware)
{
	struct line line;
	const struct config *config = good(&line, "-pflash f");
	cr_expect(config->flash[0] == 1 && !config->flash_by_node[0], "no firmware is needed");
	cr_expect_eq(config->told.fail_wait, UINT32_MAX);
	options_free(&line.options);
	config = good(&line, "-M virt,pflash1=n,graphics=off -drive if=pflash,format=raw,file=f -blockdev driver=file,filename=g,node-name=n "
	                     "-fw_cfg opt/a,file=x -fw_cfg string=y,name=opt/b -boot menu=on,splash-time=7,reboot-timeout=65535 "
	                     "-uuid 12345678-1234-5678-9abc-DEF012345678 fw");
	cr_expect(config->flash[0] == 1 && config->flash[1] == 2 && !config->flash_by_node[0] && config->flash_by_node[1]);
	cr_expect_eq(config->firmware_file_count, 2);
	cr_expect_str_eq(config->firmware_files[0].name, "opt/a");
	cr_expect_str_eq(config->firmware_files[0].path, "x");
	cr_expect_str_eq(config->firmware_files[1].name, "opt/b");
	cr_expect_str_eq(config->firmware_files[1].text, "y");
	cr_expect(config->told.menu && config->told.menu_wait == 7 && config->told.fail_wait == 65535);
	cr_expect(config->told.no_graphics && !config->nographic);
	static const uint8_t uuid[] = {0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0x12, 0x34, 0x56, 0x78};
	cr_expect_eq(memcmp(config->told.uuid, uuid, sizeof(uuid)), 0);
	options_free(&line.options);
}

static uint32_t address(const char *text)
{
	struct in_addr address;
	cr_assert_eq(inet_pton(AF_INET, text, &address), 1);
	return address.s_addr;
}

Test(options, networks)
{
	struct line line;
	const struct config *config = good(&line, "-device virtio-net-device,netdev=b,mq=off,csum=on,mrg_rxbuf=off -device virtio-net-device,netdev=a,mac=02:00:00:00:00:0A "
	                                          "-netdev user,id=a,hostfwd=tcp::2222-:22,hostfwd=udp:10.1.1.1:53-10.9.0.7:5353,restrict=on,net=10.9.0.0/16,ipv6=off,hostname=me "
	                                          "-netdev type=dgram,id=b,local.type=unix,local.path=here,remote.type=unix,remote.path=there "
	                                          "-nic user,model=virtio-net-device -netdev socket,id=c,udp=127.0.0.1:7,localaddr=localhost:8 fw");
	const struct network_config *networks = config->backends.networks, *user = &networks[0];
	cr_assert_eq(config->backends.network_count, 4);
	cr_expect_eq(user->kind, &host_net_user_kind);
	cr_expect(user->user.restricted && user->user.ipv4 && !user->user.ipv6);
	cr_expect_eq(user->user.mask.s_addr, address("255.255.0.0"));
	cr_expect_eq(user->user.host.s_addr, address("10.9.0.2"));
	cr_expect_eq(user->user.dns.s_addr, address("10.9.0.3"));
	cr_expect_eq(user->user.dhcp.s_addr, address("10.9.0.15"));
	cr_expect_str_eq(user->user.hostname, "me");
	cr_assert_eq(user->user.forward_count, 2);
	cr_expect_eq(user->user.forwards[0].host.s_addr, address("127.0.0.1"), "the world is not let in unasked");
	cr_expect(user->user.forwards[0].host_port == 2222 && user->user.forwards[0].guest_port == 22 && !user->user.forwards[0].udp);
	cr_expect_eq(user->user.forwards[1].host.s_addr, address("10.1.1.1"));
	cr_expect_eq(user->user.forwards[1].guest.s_addr, address("10.9.0.7"));
	cr_expect(user->user.forwards[1].udp);
	cr_expect_eq(networks[1].kind, &host_net_dgram_kind);
	cr_expect_str_eq(networks[1].dgram.remote.local.sun_path, "there");
	cr_expect(networks[2].user.ipv4 && networks[2].user.ipv6);
	cr_expect_eq(networks[2].user.host.s_addr, address("10.0.2.2"));
	cr_expect_eq(networks[3].dgram.local.inet.sin_port, htons(8));
	cr_expect_eq(networks[3].dgram.remote.inet.sin_port, htons(7));
	const struct virtio_config *slots = config->virtio.slots;
	cr_expect(slots[7].kind == &virtio_net_kind && slots[7].backend == 1 && slots[7].number == UINT64_C(0x525400123456));
	cr_expect_eq(slots[7].without, UINT64_C(1) << 15);
	cr_expect(slots[6].backend == 0 && slots[6].number == UINT64_C(0x02000000000a));
	cr_expect(slots[5].backend == 2 && slots[5].number == UINT64_C(0x525400123458));
	options_free(&line.options);
}

/* A card alone is connected to nothing, and a network may have none; QEMU's virt machine makes no card of these. */
Test(options, networks_that_nobody_uses)
{
	static const char *const lines[] = {"-device virtio-net-device fw", "-netdev user,id=n fw", "-nic user fw", "-net nic -net user fw", "-nic user,model=e1000,hostfwd=tcp::80-:80 fw"};
	cr_redirect_stderr();
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct line line;
		const struct config *config = good(&line, lines[i]);
		cr_expect_eq(config->backends.network_count, i == 1, "%s", lines[i]);
		cr_expect_eq(config->virtio.slots[7].kind != NULL, i == 0, "%s", lines[i]);
		cr_expect(i != 0 || config->virtio.slots[7].backend == VIRTIO_NO_BACKEND);
		options_free(&line.options);
	}
}

Test(options, answers)
{
	static const char *const lines[] = { "--help", "-h", "--version", "--set help", "-M virt --help" };
	cr_redirect_stdout();
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct line line;
		parse(&line, lines[i]);
		cr_expect_eq(line.result, OPTIONS_DONE, "%s", lines[i]);
		options_free(&line.options);
	}
}

/* Each is refused, and says why in one line. */
static const char *const bad_lines[] = {
	"", "--frobnicate fw", "-z fw", "fw --max-cycles", "--max-cycles x fw", "--max-cycles -1 fw", "--max-cycles 0 fw",
	"--max-insns 1e9 fw", "--max-insns 99999999999999999999 fw", "--quantum 0 fw", "--timeout soon fw", "--timeout 0 fw",
	"--timeout -1 fw", "--timeout nan fw", "--seed abc fw", "-smp 0 fw", "-smp 65 fw", "-smp two fw", "-smp 3,cores=2 fw", "-smp 4,maxcpus=2 fw", "-smp 2,dies=2 fw", "-smp 2,clusters=2 fw", "-smp cores=65 fw",
	"-smp cores=8,threads=9 fw", "-smp 2,books=1 fw", "-smp cores fw", "-smp cores=0 fw", "-smp 4,4 fw", "-smp , fw", "-smp '' fw", "-m 0 fw",
	"-m 12Q fw", "-m 1.5 fw", "-m .5G fw", "-m 512,maxmem=256M fw", "-m 256,slots fw", "-m 256,slots=x fw", "-m 256,foo=1 fw", "-m ,slots=2 fw", "-m -1 fw", "-m 99999999T fw", "-m '' fw", "-M pc fw", "-M virt,aia=aplic fw",
	"-M virt,aia=aplic-imsic fw", "-M virt,foo=1 fw", "-M virt,aia fw", "--cpu pentium fw", "--cpu ./nothing.cpu fw", "--cpu cva6 --set l1d.size=33000 fw",
	"--cpu u75 fw", "-cpu rv64,h=maybe fw", "-cpu rv64,nonsense=true fw", "--isa rv32i fw", "--isa bogus fw", "--isa '' fw",
	"--timing sometimes fw", "--cpu cva6 --timing from= fw", "--cpu cva6 --timing from=7x fw", "--timing from=hint fw",
	"--set nothing=1 fw", "--set pmp.entries fw", "--set pmp.entries=32 fw", "--set pmp.entries=-1 fw",
	"--set tinst=maybe fw", "--set ad=always fw", "--set vmid.bits=15 fw", "--set = fw", "--check everything fw", "--trace f,events=none-such fw",
	"--trace '' fw", "--profile '' fw", "-gdb tcp:1234 fw", "-gdb tcp::65536 fw", "-gdb tcp::-1 fw", "-gdb tcp::ssh fw", "-gdb tcp:::1:2 fw", "-gdb unix: fw", "-gdb stdio fw", "-gdb '' fw",
	"-gdb tcp::1,harts=cores fw", "-gdb tcp::1,wait=on fw", "-gdb tcp::1,server=off fw", "-gdb tcp::1,colour=red fw", "-gdb udp::1 fw", "-s --debug fw", "-s -gdb none -S fw", "-S fw", "-display sdl,gl=on fw", "-display sdl,grab-mod=rctrl fw", "-display none,gl=off fw", "-display sdl,color=on fw",
	"-device ramfb -device ramfb fw", "-device ramfb,xres=5 fw", "-device simple-framebuffer,xres=8 fw", "-device simple-framebuffer,addr=0x80000001 fw",
	"-device virtio-gpu-device,max_outputs=2 fw", "-device virtio-gpu-device,xres=20000 fw", "-device virtio-gpu-device,blob=on fw", "-device virtio-gpu-pci fw",
	"-device virtio-keyboard-device,xres=100 fw", "-device virtio-mouse-device,wheel-axis=off fw", "-display gtk fw",
	"-serial tcp::1 fw", "-serial file: fw", "-monitor stdio fw", "-M virt,acpi=on fw", "-M virt,usb=on fw", "-M virt,accel=kvm fw", "-M virt,aclint=on fw", "-M virt,graphics=perhaps fw",
	"-M virt,kernel fw", "-accel tcgx fw", "-accel kvm fw", "-usb fw", "-semihosting-config on fw", "-semihosting-config enable=x fw",
	"-semihosting-config target=gdb fw", "-semihosting-config foo=1 fw", "--semihosting-files d fw", "-serial chardev:c fw", "-serial chardev: fw", "-serial mon: fw", "-serial mon:tcp::1 fw", "-serial stdio -serial stdio fw",
	"-d nonsense fw", "-d help fw", "-d int,, fw", "-rtc base=yesterday fw", "-rtc base=2006-02-30 fw", "-rtc base=1969-12-31 fw",
	"-rtc base=2006-06-17T16:01 fw", "-rtc base=9999-01-01 fw", "-rtc clock=mine fw", "-rtc utc fw", "-rtc base=utc,colour=red fw", "-icount x fw", "-icount shift=11 fw",
	"-icount rr=replay,rrfile=f fw", "-icount align=maybe fw", "-action reboot fw", "-action reboot=now fw", "-action explode=now fw", "-trace x fw", "-set a.b.c=1 fw", "-pflash '' fw", "-hda f fw", "-object memory-backend-ram,id=r fw",
	"-global virtio-mmio.force-legacy=perhaps fw", "-chardev pty fw", "-chardev tcp,id=c fw", "-chardev file,id=c fw", "-chardev stdio,id=c,path=x fw",
	"-chardev stdio,id=c,mux=x fw", "-chardev null,id=c -chardev null,id=c fw", "-chardev file,id=c,path=f,append=on fw", "-chardev stdio,id= fw", "-chardev , fw",
	"-mon c fw", "-mon mode=control fw", "-chardev stdio,id=c -mon c fw", "-mon chardev fw", "-chardev null,id=c -semihosting-config chardev=c fw",
	"-numa node -numa node fw", "-numa node,nodeid=1 fw", "-numa node,cpus=3-1 fw", "-numa node,cpus=64 fw", "-numa node,mem=x fw", "-numa node,memdev=m fw",
	"-numa dist,src=0,dst=0,val=10 fw", "-numa cpu,node-id=0 fw", "-enable-kvm fw", "-vga std fw",
	"-fw_cfg opt/x fw", "-fw_cfg string=y fw", "-fw_cfg opt/x,string=y,file=f fw", "-fw_cfg opt/x,colour=y fw",
	"-fw_cfg opt/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,string=y fw", "-boot menu=perhaps fw", "-boot splash-time=65536 fw",
	"-boot reboot-timeout=-2 fw", "-boot splash=x fw", "-boot x=y fw", "-uuid 1 fw", "-uuid 12345678-1234-5678-9abc-def01234567g fw",
	"-uuid 12345678-1234-5678-9abcd-ef0123456780 fw", "-M virt,pflash0=n fw", "-M virt,pflash2=n fw",
	"-M virt,pflash0=n -blockdev driver=file,filename=f,node-name=n -pflash g fw",
	"-M virt,pflash0=n,pflash1=n -blockdev driver=file,filename=f,node-name=n fw", "-pflash f -pflash g -pflash h fw",
	"-drive if=pflash,file=f,unit=2 fw", "-drive if=pflash,file=f,id=d -device virtio-blk-device,drive=d fw",
	"-k", "--net", "--tim 3 fw", "--max-c 5 fw", "-kern k fw", "--tr t fw", "-app x fw", "--vers", "-no-re fw", "--quie fw", "-m4G fw", "-smp4 fw",
	"-cpu rv64,v=true fw", "-cpu rv64,smaia=true fw", "-cpu rv64,cbom_blocksize=32 fw", "-cpu rv64,priv_spec=v1.10.0 fw", "-cpu rv64,sxl32=on fw",
	"-cpu rva23s64 fw", "-cpu rv64,pmu-num=30 fw", "-cpu rv64,pmp=some fw", "-cpu rv64,nonsense=false fw", "-cpu rva22s64,h=maybe fw",
	"-cpu host fw", "-cpu thead-c906 fw", "-cpu rv64,resetvec=0x80000000 fw", "-cpu rv64,marchid=5 fw", "-cpu sifive-u54 fw", "-cpu rv64,vlen fw", "-drive file=d,format=raw fw",
	"-device virtio-blk-device,drive=x fw", "-device e1000 fw", "-device guest-loader fw", "-device loader fw", "-device loader,addr=1 fw",
	"-device loader,file= fw", "-device loader,addr=x,file=f fw", "-device loader,addr=1,data=1 fw", "-device loader,addr=1,data=1,data-len=9 fw",
	"-device loader,addr=1,data=1,data-len=0 fw", "-device loader,data=1,data-len=4 fw", "-device loader,addr=1,data-len=4 fw",
	"-device loader,addr=1,data=0x10000000000000000,data-len=8 fw", "-device loader,addr=1,data=1,data-len=4,file=f fw",
	"-device loader,addr=1,data=1,data-len=4,force-raw=on fw", "-device loader,addr=1,cpu-num=0,data-be=on fw", "-device loader,addr=1,cpu-num=1 fw",
	"-device loader,file=f,cpu-num=64 fw", "-device loader,file=f,force-raw=perhaps fw", "-device loader,file=f,colour=red fw", "-device loader,file fw", "-L '' fw",
	"-netdev user fw", "-netdev user,id= fw", "-netdev tap,id=n fw", "-netdev warp,id=n fw", "-netdev '' fw", "-netdev user,id=n,colour=red fw",
	"-netdev user,id=n -netdev user,id=n fw", "-netdev user,id=n,hostfwd=tcp::80 fw", "-netdev user,id=n,hostfwd=tcp::70000-:80 fw",
	"-netdev user,id=n,hostfwd=tcp::0-:80 fw", "-netdev user,id=n,hostfwd=sctp::80-:80 fw", "-netdev user,id=n,hostfwd=tcp:localhost:80-:80 fw",
	"-netdev user,id=n,hostfwd=tcp::80-:x fw", "-netdev user,id=n,hostfwd=tcp::80-1.2.3:80 fw", "-netdev user,id=n,net=10.0.2 fw",
	"-netdev user,id=n,net=10.0.2.0/33 fw", "-netdev user,id=n,net=10.0.2.0/24,host=10.0.3.2 fw", "-netdev user,id=n,dns=10.0.2.2 fw",
	"-netdev user,id=n,dhcpstart=10.0.2.2 fw", "-netdev user,id=n,restrict=perhaps fw", "-netdev user,id=n,ipv4=off,ipv6=off fw",
	"-netdev user,id=n,tftp=/nonexistent fw", "-netdev user,id=n,guestfwd=tcp:10.0.2.100:80-cmd:cat fw", "-netdev user,id=n,smb=/tmp fw",
	"-netdev dgram,id=n fw", "-netdev dgram,id=n,local.type=inet,local.host=127.0.0.1,local.port=1 fw",
	"-netdev dgram,id=n,local.type=unix,local.path=a,remote.type=inet,remote.host=127.0.0.1,remote.port=1 fw",
	"-netdev dgram,id=n,local.type=fd,local.str=3,remote.type=fd fw", "-netdev dgram,id=n,local.type=inet,local.host=me,local.port=1,remote.type=inet,remote.host=127.0.0.1,remote.port=1 fw",
	"-netdev dgram,id=n,local.type=inet,local.host=127.0.0.1,local.port=1,remote.type=inet,remote.host=230.0.0.1,remote.port=1 fw",
	"-netdev socket,id=n,listen=:1234 fw", "-netdev socket,id=n,udp=127.0.0.1:1 fw", "-nic tap fw", "-nic user,colour=red fw", "-net tap fw", "-nic none,id=n fw",
	"-nic user,model=virtio-net-device,mac=1:2:3:4:5:6 fw", "-device virtio-net-device,netdev=n fw", "-device virtio-net-device,mac=52:54:00:12:34 fw",
	"-device virtio-net-device,mac=53:54:00:12:34:56 fw", "-device virtio-net-device,mq=on fw", "-device virtio-net-device,drive=n fw",
	"-netdev user,id=n -device virtio-net-device,netdev=n -device virtio-net-device,netdev=n fw", "-device virtio-net-pci fw", "--set net.poll=0 fw",
	"-device guest-loader,addr=1 fw", "-device guest-loader,kernel=k fw", "-device guest-loader,addr=x,kernel=k fw",
	"-device guest-loader,addr=1,kernel=k,initrd=i fw", "-device guest-loader,addr=1,initrd=i,bootargs=b fw",
	"-device guest-loader,addr=1,kernel=k,size=3 fw", "-device guest-loader,addr=1,kernel fw", "--set rnmi.cycle=100 fw", "--set rnmi.vector=4 --isa +sstc fw", "--max-resets -1 fw", "--max-resets some fw",
	"fw g,vcpus=0", "fw g,vcpus=65",
	"fw g,vcpus", "fw g,color=red", "fw g,memory=0", "fw g,memory=5000B", "fw g,memory=1T", "fw g,cpus=1", "fw g,cpus=0-", "fw g,cpus=2-1",
	"fw g,cpus=64", "fw g,cpus=x", "fw g,initrd=", "fw ,vcpus=1", "fw ''", "-bios a fw", "--nographic=1 fw", "-bios ''",
};

Test(options, refuses)
{
	char name[TEMPORARY_PATH];
	int fd = temporary(name);
	int saved = dup(STDERR_FILENO);
	for (unsigned i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++) {
		struct line line;
		cr_assert_eq(ftruncate(fd, 0), 0);
		lseek(fd, 0, SEEK_SET);
		dup2(fd, STDERR_FILENO);
		parse(&line, bad_lines[i]);
		dup2(saved, STDERR_FILENO);
		options_free(&line.options);
		char text[512] = "";
		lseek(fd, 0, SEEK_SET);
		ssize_t length = read(fd, text, sizeof(text) - 1);
		cr_expect_eq(line.result, OPTIONS_BAD, "'%s' was accepted", bad_lines[i]);
		cr_expect(length > 0 && strchr(text, '\n') == text + length - 1, "'%s' says: %s", bad_lines[i], text);
		cr_expect_eq(strncmp(text, "rvsim: ", 7), 0, "'%s' says: %s", bad_lines[i], text);
	}
	close(fd);
	close(saved);
}

/* Where a GDB client comes in: the last one said counts. */
Test(options, gdb)
{
	static const struct {
		const char *line, *host, *port, *path;
		bool inferiors;
	} lines[] = {
		{"-s fw", "", "1234", NULL, false},
		{"-S -s fw", "", "1234", NULL, false},
		{"-gdb tcp::0 fw", "", "0", NULL, false},
		{"-gdb tcp:localhost:99,server=on,wait=off fw", "localhost", "99", NULL, false},
		{"-gdb tcp:[::1]:1234,server,nowait,harts=inferiors fw", "::1", "1234", NULL, true},
		{"-gdb unix:/tmp/a,harts=threads fw", NULL, NULL, "/tmp/a", false},
		{"-s -gdb none fw", NULL, NULL, NULL, false},
		{"-gdb unix:s -s fw", "", "1234", NULL, false},
	};
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct line line;
		const struct gdb_config *gdb = &good(&line, lines[i].line)->gdb;
		const char *got[] = {gdb->host, gdb->port, gdb->path}, *wanted[] = {lines[i].host, lines[i].port, lines[i].path};
		for (unsigned k = 0; k < 3; k++)
			cr_assert(got[k] && wanted[k] ? strcmp(got[k], wanted[k]) == 0 : !got[k] && !wanted[k], "%s: %u", lines[i].line, k);
		cr_assert_eq(gdb->inferiors, lines[i].inferiors, "%s", lines[i].line);
		options_free(&line.options);
	}
}

Test(options, sizes)
{
	static const struct { const char *text; uint64_t bytes; } cases[] = {
		{ "512M", 512 * MIB }, { "2G", 2048 * MIB }, { "64", 64 * MIB }, { "4k", 4096 }, { "0x10K", 16384 }, { "1T", MIB << 20 },
		{ "8192B", 8192 }, { "1.5G", 1536 * MIB }, { "0.5G", 512 * MIB }, { "1.M", MIB }, { "1.1G", 1181116006 }, { "2.25k", 2304 },
		{ "1g", 1024 * MIB }, { "1P", MIB << 30 }, { "1.00000000000000000001M", MIB }, { "0.9999999999999999999999M", MIB - 1 },
	};
	uint64_t bytes;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect(options_size(cases[i].text, MIB, &bytes), "%s", cases[i].text);
		cr_expect_eq(bytes, cases[i].bytes, "%s", cases[i].text);
	}
	static const char *const none[] = { "", "M", "-1M", "1MM", "1.5", ".5G", "1.5B", "1..5G", "1.5.5G", "0x1.5G", "1e3", "1.5GB", "16E", "15.9999999999E9", " 1M", "0", "0x", "99999999999T", "99999999999999999999" };
	for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		cr_expect_not(options_size(none[i], MIB, &bytes), "'%s'", none[i]);
}

Test(options, hart_lists)
{
	static const struct { const char *text; uint64_t cpus; } cases[] = {
		{ "0", 1 }, { "63", UINT64_C(1) << 63 }, { "0-63", UINT64_MAX }, { "0-1+3", 0xb }, { "5+5", 0x20 }, { "2-2", 4 },
	};
	uint64_t cpus;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect(options_cpus(cases[i].text, &cpus), "%s", cases[i].text);
		cr_expect_eq(cpus, cases[i].cpus, "%s", cases[i].text);
	}
	static const char *const none[] = { "", "+", "1+", "-1", "1-", "64", "100", "3-1", "1,2", "a" };
	for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		cr_expect_not(options_cpus(none[i], &cpus), "'%s'", none[i]);
}
