/* A program for two harts in VS-mode, for what debugs. */
#ifndef TWO_HARTS_H
#define TWO_HARTS_H

#include <stdint.h>

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

#endif
