/* Locks between harts. All are held for short, bounded work and never across a guest entry. */
#ifndef FIRMWARE_LIB_LOCK_H
#define FIRMWARE_LIB_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whoever comes first gets it. Not a ticket lock: its strict order means that on a machine emulated with more
 * harts than cores, everyone waits for a hart that is not running.
 */
struct spinlock {
	uint32_t held;
};

static inline void spin_lock(struct spinlock *lock)
{
	while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED))
			;
}

static inline void spin_unlock(struct spinlock *lock) { __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE); }

/* Many readers or one writer. `holders` counts readers; -1 is the writer. */
struct rwlock {
	int32_t holders;
};

static inline bool rwlock_try_(struct rwlock *lock, int32_t expected, int32_t desired)
{
	return __atomic_compare_exchange_n(&lock->holders, &expected, desired, false, __ATOMIC_ACQUIRE,
	                                   __ATOMIC_RELAXED);
}

static inline void read_lock(struct rwlock *lock)
{
	int32_t seen;

	do
		seen = __atomic_load_n(&lock->holders, __ATOMIC_RELAXED);
	while (seen < 0 || !rwlock_try_(lock, seen, seen + 1));
}

static inline void read_unlock(struct rwlock *lock) { __atomic_fetch_sub(&lock->holders, 1, __ATOMIC_RELEASE); }

static inline void write_lock(struct rwlock *lock)
{
	while (!rwlock_try_(lock, 0, -1))
		;
}

static inline void write_unlock(struct rwlock *lock) { __atomic_store_n(&lock->holders, 0, __ATOMIC_RELEASE); }

#endif
