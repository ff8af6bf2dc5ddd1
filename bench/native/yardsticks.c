// What the machine itself can do: the figures that Weir's own are divided by.
//   pingpong_ns        round trip of one cache line between two spinning processes
//   futex_ns           round trip between two processes that sleep in a futex, first message after 10 ms of silence
//   memcpy_GBs         one thread, 64 MiB blocks (bytes copied per time)
//   triad_GBs, triad1_GBs  a[i] = b[i] + s*c[i] over 3 x 64 MiB, all cores / one core (bytes read and written per time)
#define _GNU_SOURCE
#include "clock.h"
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    _Alignas(128) _Atomic uint32_t ping;
    _Alignas(128) _Atomic uint32_t pong;
};

static struct shared *map_shared(void) {
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return p;
}

static void cache_line(void) {
    enum { ROUNDS = 100000, REPEATS = 9 };
    struct shared *s = map_shared();
    pid_t child = fork();
    if (child == 0) {
        for (uint32_t i = 1; i <= (uint32_t)ROUNDS * REPEATS; i++) {
            while (atomic_load_explicit(&s->ping, memory_order_acquire) != i) __builtin_ia32_pause();
            atomic_store_explicit(&s->pong, i, memory_order_release);
        }
        _exit(0);
    }
    double samples[REPEATS];
    uint32_t n = 0;
    for (int r = 0; r < REPEATS; r++) {
        uint64_t start = now_ns();
        for (int i = 0; i < ROUNDS; i++) {
            n++;
            atomic_store_explicit(&s->ping, n, memory_order_release);
            while (atomic_load_explicit(&s->pong, memory_order_acquire) != n) __builtin_ia32_pause();
        }
        samples[r] = (double)(now_ns() - start) / ROUNDS;
    }
    waitpid(child, NULL, 0);
    report("pingpong_ns", median(samples, REPEATS));
}

static void futex_wait(_Atomic uint32_t *word, uint32_t seen) {
    syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void futex_silence(void) {
    enum { ROUNDS = 101 };
    struct shared *s = map_shared();
    pid_t child = fork();
    if (child == 0) {
        for (uint32_t i = 1; i <= ROUNDS; i++) {
            uint32_t seen;
            while ((seen = atomic_load(&s->ping)) != i) futex_wait(&s->ping, seen);
            atomic_store(&s->pong, i);
            futex_wake(&s->pong);
        }
        _exit(0);
    }
    double samples[ROUNDS];
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        sleep_us(10000);
        uint64_t start = now_ns();
        atomic_store(&s->ping, i);
        futex_wake(&s->ping);
        uint32_t seen;
        while ((seen = atomic_load(&s->pong)) != i) futex_wait(&s->pong, seen);
        samples[i - 1] = (double)(now_ns() - start);
    }
    waitpid(child, NULL, 0);
    report("futex_ns", median(samples, ROUNDS));
}

static void copy(void) {
    enum { REPEATS = 15 };
    size_t bytes = 64u << 20;
    char *from = malloc(bytes), *to = malloc(bytes);
    memset(from, 1, bytes);
    memset(to, 2, bytes);
    double samples[REPEATS];
    for (int r = 0; r < REPEATS; r++) {
        uint64_t start = now_ns();
        memcpy(to, from, bytes);
        samples[r] = (double)bytes / (double)(now_ns() - start);
    }
    report("memcpy_GBs", median(samples, REPEATS));
    free(from);
    free(to);
}

enum { TRIAD_COUNT = 16 << 20 };
static float *triad_a, *triad_b, *triad_c;

struct part {
    size_t from, to;
};

__attribute__((optimize("O3", "tree-vectorize"), target("avx2"))) static void *triad_part(void *argument) {
    struct part *p = argument;
    for (size_t i = p->from; i < p->to; i++) triad_a[i] = triad_b[i] + 3.0f * triad_c[i];
    return NULL;
}

static void triad(const char *name, int threads) {
    enum { REPEATS = 11 };
    double samples[REPEATS];
    for (int r = 0; r < REPEATS; r++) {
        pthread_t ids[256];
        struct part parts[256];
        uint64_t start = now_ns();
        for (int t = 0; t < threads; t++) {
            parts[t] = (struct part){(size_t)TRIAD_COUNT * t / threads, (size_t)TRIAD_COUNT * (t + 1) / threads};
            pthread_create(&ids[t], NULL, triad_part, &parts[t]);
        }
        for (int t = 0; t < threads; t++) pthread_join(ids[t], NULL);
        samples[r] = 3.0 * sizeof(float) * TRIAD_COUNT / (double)(now_ns() - start);
    }
    report(name, median(samples, REPEATS));
}

int main(void) {
    cache_line();
    futex_silence();
    copy();
    size_t bytes = sizeof(float) * TRIAD_COUNT;
    triad_a = malloc(bytes);
    triad_b = malloc(bytes);
    triad_c = malloc(bytes);
    memset(triad_a, 0, bytes);
    memset(triad_b, 0, bytes);
    memset(triad_c, 0, bytes);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    triad("triad1_GBs", 1);
    triad("triad_GBs", cores > 256 ? 256 : (int)cores);
    return 0;
}
