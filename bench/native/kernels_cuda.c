// The benchmark kernels through libcuda.so.1: argument 1 is kernels.ptx. Prints "<kernel>_ms value" per kernel, the
// median of the repeats, and checks every result. A device may run quick code first and better code later (Weir does): what
// is measured is what a program sees after its first second.
#include "clock.h"
#include "driver.h"
#include "kernels.h"
#include <unistd.h>

struct launch {
    CUfunction function;
    unsigned grid[2], block[2];
    void **arguments;
};

static void run(const struct launch *l) {
    CHECK(cuLaunchKernel(l->function, l->grid[0], l->grid[1], 1, l->block[0], l->block[1], 1, 0, NULL, l->arguments, NULL));
    CHECK(cuCtxSynchronize());
}

// Gives the number of launches.
static int measure(const char *name, const struct launch *l) {
    double samples[REPEATS];
    int launches = REPEATS;
    for (uint64_t start = now_ns(); now_ns() - start < 1500000000u; launches++) {
        run(l);
        usleep(50000); // leaves the cores to whoever compiles
    }
    for (int r = 0; r < REPEATS; r++) {
        uint64_t start = now_ns();
        run(l);
        samples[r] = (double)(now_ns() - start) / 1e6;
    }
    report(name, median(samples, REPEATS));
    return launches;
}

static CUdeviceptr upload(const float *data, size_t count) {
    CUdeviceptr p;
    CHECK(cuMemAlloc(&p, count * sizeof(float)));
    if (data != NULL)
        CHECK(cuMemcpyHtoD(p, data, count * sizeof(float)));
    return p;
}

static CUfunction find(CUmodule module, const char *name) {
    CUfunction f;
    CHECK(cuModuleGetFunction(&f, module, name));
    return f;
}

static void saxpy(CUmodule module) {
    int n = SAXPY_COUNT;
    float a = 2, *x = make_input((size_t)n);
    CUdeviceptr dx = upload(x, (size_t)n), dy = upload(x, (size_t)n);
    void *arguments[] = {&n, &a, &dx, &dy};
    struct launch l = {find(module, "saxpy"), {(unsigned)n / 256, 1}, {256, 1}, arguments};
    int launches = measure("saxpy_ms", &l);
    float *y = malloc((size_t)n * sizeof *y);
    CHECK(cuMemcpyDtoH(y, dy, (size_t)n * sizeof *y));
    for (int i = 0; i < n; i += 997) expect("saxpy", y[i], x[i] + launches * a * x[i]);
    CHECK(cuMemFree(dx));
    CHECK(cuMemFree(dy));
    free(x);
    free(y);
}

static void gemm(CUmodule module) {
    int n = GEMM_SIZE;
    size_t count = (size_t)n * n;
    float *a = make_input(count), *c = malloc(count * sizeof *c);
    CUdeviceptr da = upload(a, count), db = upload(a, count), dc = upload(NULL, count);
    void *arguments[] = {&n, &da, &db, &dc};
    struct launch l = {find(module, "gemm"), {(unsigned)n / 16, (unsigned)n / 16}, {16, 16}, arguments};
    measure("gemm_ms", &l);
    CHECK(cuMemcpyDtoH(c, dc, count * sizeof *c));
    for (int i = 0; i < n; i += 37)
        for (int k = 0; k < n; k += 41) expect("gemm", c[i * n + k], expected_gemm(a, a, i, k));
    CHECK(cuMemFree(da));
    CHECK(cuMemFree(db));
    CHECK(cuMemFree(dc));
    free(a);
    free(c);
}

static void reduce(CUmodule module, const char *figure, int n) {
    unsigned blocks = (unsigned)n / 2048;
    float *x = make_input((size_t)n), *sums = malloc(blocks * sizeof *sums);
    CUdeviceptr dx = upload(x, (size_t)n), ds = upload(NULL, blocks);
    void *arguments[] = {&n, &dx, &ds};
    struct launch l = {find(module, "reduce"), {blocks, 1}, {256, 1}, arguments};
    measure(figure, &l);
    CHECK(cuMemcpyDtoH(sums, ds, blocks * sizeof *sums));
    double got = 0, want = 0;
    for (unsigned i = 0; i < blocks; i++) got += sums[i];
    for (int i = 0; i < n; i++) want += x[i];
    expect(figure, got, want);
    CHECK(cuMemFree(dx));
    CHECK(cuMemFree(ds));
    free(x);
    free(sums);
}

static void mandelbrot(CUmodule module) {
    int size = MANDELBROT_SIZE, trips = MANDELBROT_TRIPS;
    size_t count = (size_t)size * size;
    int *out = malloc(count * sizeof *out);
    CUdeviceptr d = upload(NULL, count);
    void *arguments[] = {&size, &size, &trips, &d};
    struct launch l = {find(module, "mandelbrot"), {(unsigned)size / 16, (unsigned)size / 16}, {16, 16}, arguments};
    measure("mandelbrot_ms", &l);
    CHECK(cuMemcpyDtoH(out, d, count * sizeof *out));
    expect("mandelbrot, inside", out[512 * size + 704], trips);
    if (out[0] > 4) expect("mandelbrot, outside", out[0], 1);
    CHECK(cuMemFree(d));
    free(out);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: kernels_cuda kernels.ptx\n");
        return 2;
    }
    load_driver();
    CUdevice device;
    CUcontext context;
    CUmodule module;
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuCtxCreate(&context, 0, device));
    CHECK(cuModuleLoadData(&module, read_file(argv[1])));
    saxpy(module);
    gemm(module);
    reduce(module, "reduce_ms", REDUCE_COUNT);
    reduce(module, "reduce_cached_ms", CACHED_REDUCE_COUNT);
    mandelbrot(module);
    return 0;
}
