// Sizes and inputs that kernels_cuda.c and kernels_opencl.c share, so that both do the same work.
#ifndef WEIR_BENCH_KERNELS_H
#define WEIR_BENCH_KERNELS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SAXPY_COUNT = 16 << 20,
    GEMM_SIZE = 512,
    REDUCE_COUNT = 16 << 20,
    CACHED_REDUCE_COUNT = 256 << 10, // 1 MiB: memory does not decide
    MANDELBROT_SIZE = 1024,
    MANDELBROT_TRIPS = 256,
    REPEATS = 11,
};

// Small integers in floats: sums stay exact, so results can be compared without a tolerance that hides errors.
static inline float input(size_t i) { return (float)((i * 7 + i / 13) % 16) - 7.0f; }

static float *make_input(size_t count) {
    float *data = malloc(count * sizeof *data);
    for (size_t i = 0; i < count; i++) data[i] = input(i);
    return data;
}

static void expect(const char *what, double got, double want) {
    if (!(fabs(got - want) <= 1e-5 * fabs(want) + 1e-3)) {
        fprintf(stderr, "%s: wrong result %g, expected %g\n", what, got, want);
        exit(1);
    }
}

static double expected_gemm(const float *a, const float *b, int row, int column) {
    double sum = 0;
    for (int k = 0; k < GEMM_SIZE; k++) sum += (double)a[row * GEMM_SIZE + k] * b[k * GEMM_SIZE + column];
    return sum;
}

#endif
