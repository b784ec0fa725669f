/* The debugger's command lines: whatever is typed, it answers. */
#include "debug/debug.h"
#include "fuzz.h"
#include "machine/machine.h"
#include "small.h"

/* Every hart enters VS-mode, hart 1 behind a G-stage whose root is this code; traps return behind the instruction. */
static const uint32_t program[] = {
	0x00000297, /* auipc t0,0x0 */
	0x06028293, /* addi t0,t0,96 */
	0x30529073, /* csrrw zero,mtvec,t0 */
	0xfff00313, /* addi t1,zero,-1 */
	0x3b031073, /* csrrw zero,pmpaddr0,t1 */
	0x01f00313, /* addi t1,zero,31 */
	0x3a031073, /* csrrw zero,pmpcfg0,t1 */
	0x00800313, /* addi t1,zero,8 */
	0x03c31313, /* slli t1,t1,0x3c */
	0x000803b7, /* lui t2,0x80 */
	0x00736333, /* or t1,t1,t2 */
	0x68031073, /* csrrw zero,hgatp,t1 */
	0xf14023f3, /* csrrs t2,mhartid,zero */
	0x00039463, /* bne t2,zero,3c */
	0x68001073, /* csrrw zero,hgatp,zero */
	0x00100313, /* addi t1,zero,1 */
	0x02731313, /* slli t1,t1,0x27 */
	0x40030313, /* addi t1,t1,1024 */
	0x40030313, /* addi t1,t1,1024 */
	0x30031073, /* csrrw zero,mstatus,t1 */
	0x01028293, /* addi t0,t0,16 */
	0x34129073, /* csrrw zero,mepc,t0 */
	0x30200073, /* mret */
	0x00000013, /* addi zero,zero,0 */
	0x34102373, /* csrrs t1,mepc,zero */
	0x00430313, /* addi t1,t1,4 */
	0x34131073, /* csrrw zero,mepc,t1 */
	0x30200073, /* mret */
	0x00500213, /* addi tp,zero,5 */
	0x00000073, /* ecall */
	0x10500073, /* wfi */
	0xff5ff06f, /* jal zero,70 */
};

static const char *program_path;

static bool debugging;

/* What the debugger opens (not libFuzzer): one script exists, and sources itself; nothing is written. */
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	static char script[] = "info harts\nsource script\nstep 2\n";
	if (!debugging)
		return __real_fopen(path, mode);
	if (*mode == 'r' && strcmp(path, "script") == 0)
		return fmemopen(script, strlen(script), "r");
	return __real_fopen(*mode == 'r' ? "/nonexistent" : "/dev/null", mode);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	program_path = file_in_memory("program", program, sizeof(program));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	REQUIRE(text, "no memory");
	memcpy(text, data, size);
	text[size] = '\0';
	char *words[] = { "rvsim", "-m", "64K", "-smp", "2", "-serial", "null", "--max-insns", "1000", "--max-cycles", "3000",
	                  "-bios", (char *)program_path, NULL };
	struct options options;
	struct machine machine;
	struct capture capture;
	small_options(&options, words);
	options.config.debug_cmd = text;
	capture_begin(&capture, &stderr);
	REQUIRE(machine_init(&machine, &options.config) == 0, "no machine");
	debugging = true;
	REQUIRE(debug_run(&machine) != DEBUG_UNUSABLE, "the debugger fails");
	debugging = false;
	machine_free(&machine);
	capture_end(&capture);
	free(capture.text);
	options_free(&options);
	free(text);
	return 0;
}
