/*
 * M-mode rows: no translation. Each kernel runs twice to warm caches and predictors and is measured the third time,
 * except where `warm` says otherwise.
 */
#include "accuracy.h"

#define FPRE "li a2,3\nfcvt.d.l ft0,a2\nfmv.d ft1,ft0\nfmv.d ft2,ft0\nli a2,1\nfcvt.d.l ft3,a2"
#define FPRES "li a2,3\nfcvt.s.l ft0,a2\nfmv.s ft1,ft0\nfmv.s ft2,ft0\nli a2,1\nfcvt.s.l ft3,a2"
/* xorshift of a2 */
#define XS "slli t0,a2,13\nxor a2,a2,t0\nsrli t0,a2,7\nxor a2,a2,t0\nslli t0,a2,17\nxor a2,a2,t0\n"

static uint64_t buffer[4096] __attribute__((aligned(4096)));
static uint8_t memory[2 << 20] __attribute__((aligned(4096)));

#include "kernels_machine.def"
__asm__(".text\n.option push\n.include \"machine_code.S\"\n.option pop\n");

/* CVA6's events: instruction and data cache misses, mispredictions, empty fetch queue, issue stalls, exceptions. */
static void select_events(void)
{
	csr_write(mhpmevent3, 1);
	csr_write(mhpmevent4, 2);
	csr_write(mhpmevent5, 10);
	csr_write(mhpmevent6, 15);
	csr_write(mhpmevent7, 22);
	csr_write(mhpmevent8, 7);
}

/* The code around a kernel is part of what the RTL's figures measured, down to the cache lines it lies in: it stays as
 * it was. */
static void __attribute__((noinline)) measure(const char *name, kernel *run, void *a0, uint64_t a1, uint64_t a2,
                                              uint64_t units, int warm)
{
	while (warm-- > 0)
		run(a0, a1, a2);
	uint64_t e3 = csr_read(mhpmcounter3), e4 = csr_read(mhpmcounter4), e5 = csr_read(mhpmcounter5);
	uint64_t e6 = csr_read(mhpmcounter6), e7 = csr_read(mhpmcounter7);
	__asm__ volatile("fence" ::: "memory");
	uint64_t instructions = csr_read(minstret), cycles = csr_read(mcycle);
	run(a0, a1, a2);
	cycles = csr_read(mcycle) - cycles;
	instructions = csr_read(minstret) - instructions;
	e3 = csr_read(mhpmcounter3) - e3;
	e4 = csr_read(mhpmcounter4) - e4;
	e5 = csr_read(mhpmcounter5) - e5;
	e6 = csr_read(mhpmcounter6) - e6;
	e7 = csr_read(mhpmcounter7) - e7;
	report(name, cycles, instructions, units);
	put_text("E\t"); put_text(name);
	put_text("\t"); put_number((int64_t)e3);
	put_text("\t"); put_number((int64_t)e4);
	put_text("\t"); put_number((int64_t)e5);
	put_text("\t"); put_number((int64_t)e6);
	put_text("\t"); put_number((int64_t)e7);
	put_text("\n");
}

#define ROW(name, units) measure(#name, kernel_##name, buffer, 0, 0, units, 2)

/* One cycle through all nodes in the order of a full-period congruential generator. */
static void make_chain(uint64_t bytes, uint64_t stride)
{
	uint64_t nodes = bytes / stride, node = 0;
	for (uint64_t i = 0; i < nodes; i++) {
		uint64_t next = (node * 5 + 3 * (nodes >> 3 | 1)) & (nodes - 1);
		*(uint64_t *)(memory + node * stride) = (uint64_t)(memory + next * stride);
		node = next;
	}
}

static void chase(const char *name, uint64_t bytes, uint64_t stride, uint64_t most)
{
	uint64_t hops = bytes / stride;
	int warm = 2;
	make_chain(bytes, stride);
	if (hops > most) {
		hops = most;
		warm = 0;
	}
	if (hops < 256)
		hops = 256;
	measure(name, kernel_chase, memory, hops, 0, hops, warm);
}

static void integer(void)
{
	ROW(empty, 0);
	ROW(alu_dep, 3200); ROW(alu_indep, 3200); ROW(alu_dep_rvc, 3200); ROW(alu_indep_rvc, 3200); ROW(nop_rvc, 3200); ROW(nop, 3200);
	ROW(mul_dep, 1280); ROW(mul_indep, 1280); ROW(mulh_dep, 1280); ROW(mulw_dep, 1280); ROW(mul_alu_dep, 640); ROW(mul_alu_alt, 640);
	ROW(div_q1, 160); ROW(div_q8, 160); ROW(div_q32, 160); ROW(div_q62, 160); ROW(div_small_big, 160); ROW(div_by_zero, 160);
	ROW(rem_q32, 160); ROW(divw_q30, 160); ROW(div_alu_indep, 80);
}

static void loads_and_stores(void)
{
	ROW(ld_dep, 3200); ROW(lw_dep, 1600); ROW(ld_indep, 3200); ROW(ld_use0, 1600); ROW(ld_use1, 1000); ROW(ld_use2, 800);
	ROW(ld_use3, 600); ROW(lb_indep, 3200); ROW(fld_indep, 3200);
	ROW(sd_same, 3200); ROW(sd_line, 3200); ROW(sd_ld_same, 1600); ROW(sd_ld_dep, 1600); ROW(sd_ld_diff, 1600); ROW(sd_alu3, 800);
	ROW(sb_seq, 3200);
	ROW(amoadd, 160); ROW(amoswap_dep, 160); ROW(lrsc, 80); ROW(fence, 160); ROW(fence_i, 16); ROW(sd_fence, 160);
}

static void csrs(void)
{
	ROW(csrr_mscratch, 320); ROW(csrw_mscratch, 320); ROW(csrrw_mscratch, 320); ROW(csrr_mcycle, 320); ROW(csrr_mstatus, 320);
	ROW(csrs_mstatus0, 320); ROW(csrsi_mstatus_mie, 320); ROW(csrr_alu4, 240); ROW(csrw_satp0, 80); ROW(frflags, 320);
	ROW(sfence_bare, 80);
}

static void floating_point(void)
{
	ROW(fadd_d_dep, 1280); ROW(fadd_d_indep, 1280); ROW(fadd_s_dep, 1280); ROW(fmul_d_dep, 1280); ROW(fmul_d_indep, 1280);
	ROW(fmadd_d_dep_acc, 1280); ROW(fmadd_d_dep_mul, 1280); ROW(fmadd_d_indep, 1280); ROW(fmadd_s_dep_acc, 1280);
	ROW(fdiv_d, 160); ROW(fdiv_d_exact, 160); ROW(fdiv_s, 160); ROW(fsqrt_d, 160); ROW(fsqrt_s, 160);
	ROW(fsgnj_dep, 1280); ROW(fmin_dep, 1280); ROW(fcvt_d_l_l_d, 320); ROW(fcvt_s_d, 320); ROW(fmv_x_d_roundtrip, 640);
	ROW(flt_d_use, 640); ROW(fadd_alu, 400); ROW(fld_fadd, 640); ROW(daxpy, 320);
}

static void control(void)
{
	ROW(br_nottaken, 3200); ROW(br_taken_fwd, 1600); ROW(jal_fwd, 1600);
	ROW(loop_tight, 2000); ROW(loop_2, 2000); ROW(loop_4, 2000); ROW(loop_8, 2000);
	ROW(br_alt, 2000); ROW(br_ttn, 1998); ROW(br_rand, 2000); ROW(br_rand_ctl, 2000); ROW(br_rand8th, 2000);
	ROW(call_leaf, 800); ROW(call_leaf_ind, 800); ROW(call_ind_alt, 800);
	ROW(call_rec1, 200); ROW(call_rec2, 200); ROW(call_rec4, 200); ROW(call_rec8, 200); ROW(jr_same, 800); ROW(jr_alt, 800);
	measure("code8k_cold", kernel_code8k, 0, 0, 0, 2048, 0);
	ROW(code8k, 2048);
	measure("code32k_cold", kernel_code32k, 0, 0, 0, 8192, 0);
	ROW(code32k, 8192);
	ROW(jal512, 512); ROW(beq512, 512); ROW(beq64, 1280);
	ROW(ecall_m_skip, 160); ROW(ecall_m_min, 80); ROW(illegal_m_skip, 80); ROW(mret_m, 80);
}

static void caches(void)
{
	chase("chase_4k_s16", 4 << 10, 16, 20000); chase("chase_16k_s16", 16 << 10, 16, 20000);
	chase("chase_32k_s16", 32 << 10, 16, 20000); chase("chase_64k_s16", 64 << 10, 16, 20000);
	chase("chase_256k_s64", 256 << 10, 64, 8192); chase("chase_1m_s256", 1 << 20, 256, 4096);
	chase("chase_4k_s64", 4 << 10, 64, 20000); chase("chase_16k_s64", 16 << 10, 64, 20000);
	chase("chase_32k_s64", 32 << 10, 64, 20000); chase("chase_64k_s64", 64 << 10, 64, 20000);
	chase("chase_128k_s64", 128 << 10, 64, 20000);
	measure("ld_stream_4k", kernel_ld_stream, memory, 64, 0, 512, 2);
	measure("ld_stream_16k", kernel_ld_stream, memory, 256, 0, 2048, 2);
	measure("ld_stream_128k", kernel_ld_stream, memory, 2048, 0, 16384, 0);
	measure("st_stream_4k", kernel_st_stream, memory, 64, 0, 512, 2);
	measure("st_stream_16k", kernel_st_stream, memory, 256, 0, 2048, 2);
	measure("st_stream_128k", kernel_st_stream, memory, 2048, 0, 16384, 0);
	measure("copy_4k", kernel_copy_stream, memory, 128, (uint64_t)memory + 8192, 512, 2);
	measure("copy_64k", kernel_copy_stream, memory, 2048, (uint64_t)memory + (1 << 20), 8192, 0);
}

int main(void)
{
	select_events();
	integer();
	loads_and_stores();
	csrs();
	floating_point();
	control();
	caches();
	return 0;
}
