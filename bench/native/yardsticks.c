// What the machine itself can do: the figures that Weir's own are divided by.
//   memcpy_GBs         one thread, 64 MiB blocks (bytes copied per time)
//   update_GBs, update1_GBs  a[i] += s*b[i] over 2 x 64 MiB, all cores / one core (bytes read and written per time)
//   triad_GBs, triad1_GBs    a[i] = b[i] + s*c[i] over 3 x 64 MiB
//   move_GBs, move1_GBs      a[i] = b[i] over 2 x 64 MiB
//   read_GBs, read1_GBs      the sum of 64 MiB of floats, all cores / one core (bytes read per time)
#define _GNU_SOURCE
#include "clock.h"
#include <pthread.h>
#include <unistd.h>

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

enum { COUNT = 16 << 20 };
static float *first, *second, *third;

struct part {
    size_t from, to;
    float sum;
};

__attribute__((optimize("O3", "tree-vectorize"), target("avx2"))) static void *update_part(void *argument) {
    struct part *p = argument;
    for (size_t i = p->from; i < p->to; i++) first[i] += 3.0f * second[i];
    return NULL;
}

__attribute__((optimize("O3", "tree-vectorize"), target("avx2"))) static void *triad_part(void *argument) {
    struct part *p = argument;
    for (size_t i = p->from; i < p->to; i++) first[i] = second[i] + 3.0f * third[i];
    return NULL;
}

// Not memcpy, whose stores go past the cache.
__attribute__((optimize("O3", "tree-vectorize", "no-tree-loop-distribute-patterns"), target("avx2"))) static void *move_part(void *argument) {
    struct part *p = argument;
    for (size_t i = p->from; i < p->to; i++) first[i] = second[i];
    return NULL;
}

// As wide and with as many sums side by side as the additions' latency asks for: only memory is left to wait for.
__attribute__((optimize("O3"), target("avx2"))) static void *read_part(void *argument) {
    typedef float vector __attribute__((vector_size(32), aligned(4)));
    struct part *p = argument;
    vector sums[8] = {0};
    for (size_t i = p->from; i + 64 <= p->to; i += 64)
        for (int k = 0; k < 8; k++) sums[k] += *(const vector *)(first + i + 8 * k);
    for (int k = 0; k < 8; k++)
        for (int lane = 0; lane < 8; lane++) p->sum += sums[k][lane];
    return NULL;
}

// The median of bytes per nanosecond; every thread gets its part of the arrays.
static void measure(const char *name, int threads, void *(*work)(void *), double bytes) {
    enum { REPEATS = 11 };
    double samples[REPEATS];
    for (int r = 0; r < REPEATS; r++) {
        pthread_t ids[256];
        struct part parts[256];
        uint64_t start = now_ns();
        for (int t = 0; t < threads; t++) {
            parts[t] = (struct part){(size_t)COUNT * t / threads, (size_t)COUNT * (t + 1) / threads, 0};
            pthread_create(&ids[t], NULL, work, &parts[t]);
        }
        for (int t = 0; t < threads; t++) pthread_join(ids[t], NULL);
        samples[r] = bytes / (double)(now_ns() - start);
        for (int t = 0; t < threads; t++)
            if (parts[t].sum < 0) abort(); // the sums are used
    }
    report(name, median(samples, REPEATS));
}

int main(void) {
    copy();
    size_t bytes = sizeof(float) * COUNT;
    first = malloc(bytes);
    second = malloc(bytes);
    third = malloc(bytes);
    // Not zero: fresh memory that is set to zero may stay one shared page, which is read from the cache.
    for (size_t i = 0; i < COUNT; i++) {
        first[i] = 1;
        second[i] = 1e-3f;
        third[i] = 2;
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int threads = cores > 256 ? 256 : (int)cores;
    measure("update1_GBs", 1, update_part, 3.0 * (double)bytes);
    measure("update_GBs", threads, update_part, 3.0 * (double)bytes);
    measure("triad1_GBs", 1, triad_part, 3.0 * (double)bytes);
    measure("triad_GBs", threads, triad_part, 3.0 * (double)bytes);
    measure("move1_GBs", 1, move_part, 2.0 * (double)bytes);
    measure("move_GBs", threads, move_part, 2.0 * (double)bytes);
    measure("read1_GBs", 1, read_part, (double)bytes);
    measure("read_GBs", threads, read_part, (double)bytes);
    return 0;
}
