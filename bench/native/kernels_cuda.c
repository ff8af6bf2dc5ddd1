// The benchmark kernels through libcuda.so.1: argument 1 is kernels.ptx, argument 2 for how many milliseconds each kernel is
// launched before it is measured. Prints "<problem>_ms value" per problem, the median of the repeats, and checks every result.
// A device may run quick code first and better code later (Weir does): what is measured is what a program sees after its first second.
#include "clock.h"
#include "driver.h"
#include "problems.h"
#include <unistd.h>

static void solve(CUmodule module, const struct problem *p, double warm_ms) {
    CUfunction function;
    CHECK(cuModuleGetFunction(&function, module, p->kernel));
    CUdeviceptr buffers[MOST_ARGUMENTS];
    void *arguments[MOST_ARGUMENTS];
    for (int i = 0; i < p->count; i++) {
        const struct argument *a = &p->arguments[i];
        arguments[i] = a->kind == BUFFER ? (void *)&buffers[i] : a->kind == INTEGER ? (void *)&a->integer : (void *)&a->number;
        if (a->kind != BUFFER) continue;
        CHECK(cuMemAlloc(&buffers[i], a->bytes));
        if (a->data != NULL)
            CHECK(cuMemcpyHtoD(buffers[i], a->data, a->bytes));
        else
            CHECK(cuMemsetD8Async(buffers[i], 0, a->bytes, NULL));
    }
    double samples[REPEATS];
    int launches = 0;
    uint64_t begun = now_ns();
    for (int r = 0; r < REPEATS;) {
        uint64_t start = now_ns();
        CHECK(cuLaunchKernel(function, p->grid[0], p->grid[1], 1, p->block[0], p->block[1], 1, 0, NULL, arguments, NULL));
        CHECK(cuCtxSynchronize());
        launches++;
        if ((double)(start - begun) / 1e6 >= warm_ms)
            samples[r++] = (double)(now_ns() - start) / 1e6;
        else
            usleep(50000); // leaves the cores to whoever compiles
    }
    char figure[64];
    snprintf(figure, sizeof figure, "%s_ms", p->name);
    report(figure, median(samples, REPEATS));
    size_t bytes = p->arguments[p->result].bytes;
    void *result = reserve(bytes);
    CHECK(cuMemcpyDtoH(result, buffers[p->result], bytes));
    p->check(p, result, launches, p->block[0]);
    free(result);
    for (int i = 0; i < p->count; i++)
        if (p->arguments[i].kind == BUFFER) CHECK(cuMemFree(buffers[i]));
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: kernels_cuda kernels.ptx warm-up-milliseconds\n");
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
    struct problem all[MOST_PROBLEMS];
    int count = make_problems(all);
    for (int i = 0; i < count; i++) solve(module, &all[i], atof(argv[2]));
    return 0;
}
