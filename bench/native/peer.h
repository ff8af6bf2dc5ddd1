// A second process to exchange messages with, by a spinning cache line or by futexes: what a call is compared with. Samples of
// both are taken in turn with those of the call, because on a virtual machine the distance between two cores may change.
#ifndef WEIR_BENCH_PEER_H
#define WEIR_BENCH_PEER_H

#include "clock.h"
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct peer {
    _Alignas(128) _Atomic uint32_t rounds; // that the peer shall spin for; 0: none
    _Alignas(128) _Atomic uint32_t ping;
    _Alignas(128) _Atomic uint32_t pong;
};

static inline void peer_wait(_Atomic uint32_t *word, uint32_t seen) {
    syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static inline void peer_wake(_Atomic uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

// Started before anything else: a child of a process without threads. It ends with its parent.
static struct peer *start_peer(void) {
    struct peer *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    if (fork() != 0) return p;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (uint32_t i = 1;; i++) {
        uint32_t seen;
        while ((seen = atomic_load(&p->ping)) != i) peer_wait(&p->ping, seen);
        uint32_t rounds = atomic_exchange(&p->rounds, 0);
        atomic_store(&p->pong, i);
        peer_wake(&p->pong);
        for (; rounds > 0; rounds--) {
            i++;
            while (atomic_load_explicit(&p->ping, memory_order_acquire) != i) __builtin_ia32_pause();
            atomic_store_explicit(&p->pong, i, memory_order_release);
        }
    }
}

// One exchange in which both sides sleep; nanoseconds.
static double peer_futex_ns(struct peer *p) {
    uint32_t i = atomic_load(&p->ping) + 1, seen;
    uint64_t start = now_ns();
    atomic_store(&p->ping, i);
    peer_wake(&p->ping);
    while ((seen = atomic_load(&p->pong)) != i) peer_wait(&p->pong, seen);
    return (double)(now_ns() - start);
}

// A round trip of one cache line between two spinning processes, mean of that many; nanoseconds.
static double peer_spin_ns(struct peer *p, uint32_t rounds) {
    atomic_store(&p->rounds, rounds);
    peer_futex_ns(p);
    uint32_t n = atomic_load(&p->ping);
    uint64_t start = now_ns();
    for (uint32_t i = 0; i < rounds; i++) {
        n++;
        atomic_store_explicit(&p->ping, n, memory_order_release);
        while (atomic_load_explicit(&p->pong, memory_order_acquire) != n) __builtin_ia32_pause();
    }
    return (double)(now_ns() - start) / rounds;
}

#endif
