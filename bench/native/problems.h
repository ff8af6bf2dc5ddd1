// The problems that kernels_cuda.c and kernels_opencl.c solve, so that both do the same work on the same data: arguments, how a
// CUDA program launches each, and what must come out.
#ifndef WEIR_BENCH_PROBLEMS_H
#define WEIR_BENCH_PROBLEMS_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 11, MOST_ARGUMENTS = 7, MOST_PROBLEMS = 16 };

enum kind { BUFFER, INTEGER, NUMBER };

struct argument {
    enum kind kind;
    const void *data; // what a buffer holds at first; NULL: zeros
    size_t bytes;
    int integer;
    float number;
};

struct problem {
    const char *name, *kernel;
    struct argument arguments[MOST_ARGUMENTS];
    int count;
    unsigned grid[2], block[2]; // of the CUDA kernel; OpenCL has grid x block work items in groups of its own choice
    int dims;
    int fixed;  // the kernel is written for the group's size (GROUP, TILE)
    int result; // the argument that is looked at
    void (*check)(const struct problem *, const void *result, int launches, unsigned group);
};

// Small integers in floats: sums stay exact, so results can be compared without a tolerance that hides errors.
static inline float input(size_t i) { return (float)((i * 7 + i / 13) % 16) - 7.0f; }

static void *reserve(size_t bytes) {
    void *memory = calloc(1, bytes);
    if (memory == NULL) {
        fprintf(stderr, "no memory for %zu bytes\n", bytes);
        exit(1);
    }
    return memory;
}

static float *make_input(size_t count) {
    float *data = reserve(count * sizeof *data);
    for (size_t i = 0; i < count; i++) data[i] = input(i);
    return data;
}

static void expect(const struct problem *p, double got, double want) {
    if (!(fabs(got - want) <= 1e-5 * fabs(want) + 1e-3)) {
        fprintf(stderr, "%s: wrong result %g, expected %g\n", p->name, got, want);
        exit(1);
    }
}

static struct argument buffer(const void *data, size_t bytes) { return (struct argument){BUFFER, data, bytes, 0, 0}; }

static struct argument integer(int value) { return (struct argument){INTEGER, NULL, 0, value, 0}; }

static struct argument number(float value) { return (struct argument){NUMBER, NULL, 0, 0, value}; }

enum {
    VECTOR = 16 << 20,  // elements of saxpy, triad and the reduction: 64 MiB each
    CACHED = 256 << 10, // 1 MiB: memory does not decide
    SIDE = 4096,        // of the stencil's and the transpose's matrices
    MATRIX = 512,       // of the products
    SCANNED = 4 << 20,
    COUNTED = 4 << 20, // values of the histogram
    BINS = 256,
    PICTURE = 1024,
    TRIPS = 256,
    BODIES = 4096,
    ROWS = 256 << 10, // of the sparse matrix, 16 entries each
    ENTRIES = 16,
};

static void check_saxpy(const struct problem *p, const void *result, int launches, unsigned group) {
    (void)group;
    const float *x = p->arguments[2].data, *y = result;
    for (int i = 0; i < VECTOR; i += 997) expect(p, y[i], x[i] + launches * 2.0 * x[i]);
}

static void check_triad(const struct problem *p, const void *result, int launches, unsigned group) {
    (void)launches, (void)group;
    const float *b = p->arguments[2].data, *c = p->arguments[3].data, *a = result;
    for (int i = 0; i < VECTOR; i += 997) expect(p, a[i], b[i] + 2.0 * c[i]);
}

static void check_stencil(const struct problem *p, const void *result, int launches, unsigned group) {
    (void)launches, (void)group;
    const float *in = p->arguments[1].data, *out = result;
    for (int y = 1; y < SIDE - 1; y += 61)
        for (int x = 1; x < SIDE - 1; x += 67) {
            size_t i = (size_t)y * SIDE + x;
            expect(p, out[i], 0.25 * (in[i - 1] + in[i + 1] + in[i - SIDE] + in[i + SIDE]) - in[i]);
        }
}

static void check_transpose(const struct problem *p, const void *result, int launches, unsigned group) {
    (void)launches, (void)group;
    const float *in = p->arguments[1].data, *out = result;
    for (size_t y = 0; y < SIDE; y += 61)
        for (size_t x = 0; x < SIDE; x += 67) expect(p, out[x * SIDE + y], in[y * SIDE + x]);
}

static double product(const float *a, const float *b, int row, int column) {
    double sum = 0;
    for (int k = 0; k < MATRIX; k++) sum += (double)a[row * MATRIX + k] * b[k * MATRIX + column];
    return sum;
}

static void check_gemm(const struct problem *p, const void *result, int launches, unsigned group) {
    (void)launches, (void)group;
    const float *a = p->arguments[1].data, *b = p->arguments[2].data, *c = result;
    for (int i = 0; i < MATRIX; i += 37)
        for (int k = 0; k < MATRIX; k += 41) expect(p, c[i * MATRIX + k], product(a, b, i, k));
}

static const float *half_inputs; // what the halves were made from

static void check_gemm_half(const struct problem *p, const void *result, int launches, unsigned group) {
    (void)launches, (void)group;
    const float *c = result;
    for (int i = 0; i < MATRIX; i += 37)
        for (int k = 0; k < MATRIX; k += 41) expect(p, c[i * MATRIX + k], product(half_inputs, half_inputs, i, k));
}

static void check_reduce(const struct problem *p, const void *result, int launches, unsigned group) {
    (void)launches;
    const float *x = p->arguments[1].data, *sums = result;
    size_t n = (size_t)p->arguments[0].integer;
    double got = 0, want = 0;
    for (size_t i = 0; i < n / 8 / group; i++) got += sums[i];
    for (size_t i = 0; i < n; i++) want += x[i];
    expect(p, got, want);
}

// Running sums within each group.
static void check_scan(const struct problem *p, const void *result, int launches, unsigned group) {
    (void)launches;
    const float *x = p->arguments[1].data, *sums = result;
    double sum = 0;
    for (size_t i = 0; i < SCANNED; i++) {
        sum = i % group == 0 ? x[i] : sum + x[i];
        if (i % 61 == 0) expect(p, sums[i], sum);
    }
}

static void check_histogram(const struct problem *p, const void *result, int launches, unsigned group) {
    (void)group;
    const uint32_t *values = p->arguments[1].data, *bins = result;
    uint32_t want[BINS] = {0};
    for (size_t i = 0; i < COUNTED; i++) want[values[i] % BINS]++;
    for (int i = 0; i < BINS; i++) expect(p, bins[i], (double)want[i] * launches);
}

static void check_mandelbrot(const struct problem *p, const void *result, int launches, unsigned group) {
    (void)launches, (void)group;
    const int *out = result;
    expect(p, out[512 * PICTURE + 704], TRIPS);
    if (out[0] > 4) expect(p, out[0], 1);
}

static void check_nbody(const struct problem *p, const void *result, int launches, unsigned group) {
    (void)launches, (void)group;
    const float *bodies = p->arguments[1].data, *forces = result;
    for (int i = 0; i < BODIES; i += 997) {
        double fx = 0;
        for (int k = 0; k < BODIES; k++) {
            double dx = bodies[4 * k] - bodies[4 * i], dy = bodies[4 * k + 1] - bodies[4 * i + 1],
                   dz = bodies[4 * k + 2] - bodies[4 * i + 2];
            double d = dx * dx + dy * dy + dz * dz + 0.01;
            fx += bodies[4 * k + 3] * dx / (d * sqrt(d));
        }
        // Reciprocal roots are approximations on both sides.
        if (!(fabs(forces[4 * i] - fx) <= 1e-3 * fabs(fx) + 0.5)) expect(p, forces[4 * i], fx);
    }
}

static void check_spmv(const struct problem *p, const void *result, int launches, unsigned group) {
    (void)launches, (void)group;
    const int *starts = p->arguments[1].data, *columns = p->arguments[2].data;
    const float *values = p->arguments[3].data, *x = p->arguments[4].data, *y = result;
    for (int row = 0; row < ROWS; row += 997) {
        double sum = 0;
        for (int i = starts[row]; i < starts[row + 1]; i++) sum += (double)values[i] * x[columns[i]];
        expect(p, y[row], sum);
    }
}

// Small integers as halves: sign, exponent and mantissa written by hand, exact.
static uint16_t half(float value) {
    if (value == 0) return 0;
    int exponent;
    float fraction = frexpf(fabsf(value), &exponent); // 0.5 <= fraction < 1
    return (uint16_t)((value < 0 ? 0x8000 : 0) | (exponent + 14) << 10 | ((int)(fraction * 2048) & 0x3ff));
}

static uint32_t mixed(uint32_t i) {
    i *= 2654435761u;
    i ^= i >> 15;
    i *= 2246822519u;
    return i ^ i >> 13;
}

// All problems; their number.
static int make_problems(struct problem *all) {
    int n = 0;
    float *x = make_input(VECTOR);
    size_t bytes = (size_t)VECTOR * 4, matrix = (size_t)MATRIX * MATRIX * 4, plane = (size_t)SIDE * SIDE * 4;
    all[n++] = (struct problem){"saxpy", "saxpy", {integer(VECTOR), number(2), buffer(x, bytes), buffer(x, bytes)},
                                4, {VECTOR / 256, 1}, {256, 1}, 1, 0, 3, check_saxpy};
    all[n++] = (struct problem){"triad", "triad",
                                {integer(VECTOR), number(2), buffer(x, bytes), buffer(x, bytes), buffer(NULL, bytes)},
                                5, {VECTOR / 256, 1}, {256, 1}, 1, 0, 4, check_triad};
    all[n++] = (struct problem){"stencil", "stencil", {integer(SIDE), buffer(x, plane), buffer(NULL, plane)},
                                3, {SIDE / 32, SIDE / 8}, {32, 8}, 2, 0, 2, check_stencil};
    all[n++] = (struct problem){"transpose", "transpose", {integer(SIDE), buffer(x, plane), buffer(NULL, plane)},
                                3, {SIDE / 16, SIDE / 16}, {16, 16}, 2, 1, 2, check_transpose};
    all[n++] = (struct problem){"gemm", "gemm", {integer(MATRIX), buffer(x, matrix), buffer(x, matrix), buffer(NULL, matrix)},
                                4, {MATRIX / 16, MATRIX / 16}, {16, 16}, 2, 1, 3, check_gemm};
    uint16_t *halves = reserve(matrix / 2);
    for (int i = 0; i < MATRIX * MATRIX; i++) halves[i] = half(x[i]);
    half_inputs = x;
    all[n++] = (struct problem){"gemm_half", "gemm_half",
                                {integer(MATRIX), buffer(halves, matrix / 2), buffer(halves, matrix / 2), buffer(NULL, matrix)},
                                4, {MATRIX / 16, MATRIX / 16}, {16, 16}, 2, 1, 3, check_gemm_half};
    all[n++] = (struct problem){"reduce", "reduce", {integer(VECTOR), buffer(x, bytes), buffer(NULL, VECTOR / 2)},
                                3, {VECTOR / 2048, 1}, {256, 1}, 1, 1, 2, check_reduce};
    all[n++] = (struct problem){"reduce_cached", "reduce", {integer(CACHED), buffer(x, (size_t)CACHED * 4), buffer(NULL, CACHED / 2)},
                                3, {CACHED / 2048, 1}, {256, 1}, 1, 1, 2, check_reduce};
    all[n++] = (struct problem){"scan", "scan", {integer(SCANNED), buffer(x, (size_t)SCANNED * 4), buffer(NULL, (size_t)SCANNED * 4)},
                                3, {SCANNED / 256, 1}, {256, 1}, 1, 1, 2, check_scan};
    uint32_t *values = reserve((size_t)COUNTED * 4);
    for (uint32_t i = 0; i < COUNTED; i++) values[i] = mixed(i);
    all[n++] = (struct problem){"histogram", "histogram", {integer(COUNTED), buffer(values, (size_t)COUNTED * 4), buffer(NULL, BINS * 4)},
                                3, {64, 1}, {256, 1}, 1, 1, 2, check_histogram};
    all[n++] = (struct problem){"mandelbrot", "mandelbrot",
                                {integer(PICTURE), integer(PICTURE), integer(TRIPS), buffer(NULL, (size_t)PICTURE * PICTURE * 4)},
                                4, {PICTURE / 16, PICTURE / 16}, {16, 16}, 2, 0, 3, check_mandelbrot};
    float *bodies = reserve((size_t)BODIES * 16);
    for (uint32_t i = 0; i < BODIES * 4; i++) bodies[i] = (float)(mixed(i) % 1024) / 64;
    all[n++] = (struct problem){"nbody", "nbody", {integer(BODIES), buffer(bodies, (size_t)BODIES * 16), buffer(NULL, (size_t)BODIES * 16)},
                                3, {BODIES / 256, 1}, {256, 1}, 1, 1, 2, check_nbody};
    int *starts = reserve((ROWS + 1) * sizeof *starts), *columns = reserve((size_t)ROWS * ENTRIES * sizeof *columns);
    for (int row = 0; row <= ROWS; row++) starts[row] = row * ENTRIES;
    for (uint32_t i = 0; i < ROWS * ENTRIES; i++) columns[i] = (int)(mixed(i) % ROWS);
    all[n++] = (struct problem){"spmv", "spmv",
                                {integer(ROWS), buffer(starts, (ROWS + 1) * sizeof *starts),
                                 buffer(columns, (size_t)ROWS * ENTRIES * sizeof *columns), buffer(x, (size_t)ROWS * ENTRIES * 4),
                                 buffer(x, (size_t)ROWS * 4), buffer(NULL, (size_t)ROWS * 4)},
                                6, {ROWS / 256, 1}, {256, 1}, 1, 0, 5, check_spmv};
    return n;
}

#endif
