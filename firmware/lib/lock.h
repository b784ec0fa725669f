/* Locks between harts. All are held for short, bounded work and never across a guest entry. */
#ifndef FIRMWARE_LIB_LOCK_H
#define FIRMWARE_LIB_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whoever comes first gets it first: nobody waits for longer than the turns of those before it take, however busy the
 * others are.
 */
struct spinlock {
	uint32_t next;    /* the ticket that whoever comes now gets */
	uint32_t serving; /* whose turn it is */
};

static inline void spin_lock(struct spinlock *lock)
{
	uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
		;
}

static inline void spin_unlock(struct spinlock *lock)
{
	__atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
}

#endif
