// What the first launch of a kernel costs, compile process warm: kernels that no cache has seen.
//   first_launch_200_ms, first_launch_5000_ms   first cuLaunchKernel + synchronise of a kernel of that many instructions
//   cached_launch_200_ms                        the same kernels again, loaded anew: the disk cache
//   first_launch_{gemm,reduce}_ms               the benchmark's kernels with barriers (argument 1: kernels.ptx)
#include "clock.h"
#include "driver.h"
#include <unistd.h>

// A kernel of `count` arithmetic instructions over eight registers with a branch every 40, so that it cannot be folded.
static char *make_kernel(int count, unsigned seed) {
    size_t capacity = 4096 + (size_t)count * 64, used = 0;
    char *text = malloc(capacity);
#define EMIT(...) used += (size_t)snprintf(text + used, capacity - used, __VA_ARGS__)
    EMIT(".version 7.0\n.target sm_70\n.address_size 64\n.visible .entry work(.param .u64 p) {\n"
         ".reg .f32 %%f<9>; .reg .b64 %%rd<4>; .reg .b32 %%r<4>; .reg .pred %%p<2>;\n"
         "ld.param.u64 %%rd1, [p];\ncvta.to.global.u64 %%rd1, %%rd1;\nmov.u32 %%r1, %%tid.x;\n"
         "mul.wide.u32 %%rd2, %%r1, 4;\nadd.s64 %%rd1, %%rd1, %%rd2;\nld.global.f32 %%f0, [%%rd1];\n");
    for (int i = 1; i < 8; i++) EMIT("add.f32 %%f%d, %%f0, 0f%08X;\n", i, 0x3f800000u + seed * 16 + (unsigned)i);
    unsigned state = seed * 2654435761u + 12345;
    for (int i = 0, label = 0; i < count - 18; i++) {
        state = state * 1664525u + 1013904223u;
        unsigned a = state >> 8 & 7, b = state >> 12 & 7, c = state >> 16 & 7, op = state >> 20 & 3;
        if (i % 40 == 39) {
            EMIT("setp.gt.f32 %%p1, %%f%u, %%f%u;\n@%%p1 bra L%d;\nmul.f32 %%f%u, %%f%u, 0f3f000000;\nL%d:\n", a, b, label, c, c, label);
            label++;
            i += 2;
        } else if (op == 0)
            EMIT("add.f32 %%f%u, %%f%u, %%f%u;\n", a, b, c);
        else if (op == 1)
            EMIT("mul.f32 %%f%u, %%f%u, %%f%u;\n", a, b, c);
        else
            EMIT("fma.rn.f32 %%f%u, %%f%u, %%f%u, %%f%u;\n", a, b, c, (a + 1) & 7);
    }
    for (int i = 1; i < 8; i++) EMIT("add.f32 %%f0, %%f0, %%f%d;\n", i);
    EMIT("st.global.f32 [%%rd1], %%f0;\nret;\n}\n");
#undef EMIT
    return text;
}

static double first_launch(CUdeviceptr data, int count, unsigned seed) {
    CUmodule module;
    CUfunction f;
    char *text = make_kernel(count, seed);
    CHECK(cuModuleLoadData(&module, text));
    CHECK(cuModuleGetFunction(&f, module, "work"));
    void *arguments[] = {&data};
    uint64_t start = now_ns();
    CHECK(cuLaunchKernel(f, 1, 1, 1, 64, 1, 1, 0, NULL, arguments, NULL));
    CHECK(cuCtxSynchronize());
    double ms = (double)(now_ns() - start) / 1e6;
    CHECK(cuModuleUnload(module));
    free(text);
    return ms;
}

// A kernel of a file, with a constant in it that no cache has seen.
static double first_launch_of(const char *file, const char *name, unsigned seed) {
    char entry[64], extra[64];
    snprintf(entry, sizeof entry, ".entry %s(", name);
    snprintf(extra, sizeof extra, ".reg .b32 %%seed; mov.u32 %%seed, %u;\n", seed);
    char *text = read_file(file), *at = strstr(text, entry);
    at = at == NULL ? NULL : strstr(at, "// %bb.0:\n");
    if (at == NULL) {
        fprintf(stderr, "%s: no kernel %s\n", file, name);
        exit(1);
    }
    at += strlen("// %bb.0:\n");
    char *changed = malloc(strlen(text) + sizeof extra);
    sprintf(changed, "%.*s%s%s", (int)(at - text), text, extra, at);
    CUmodule module;
    CUfunction f;
    CUdeviceptr data;
    int n = 0; // nothing to add up, nothing to multiply
    CHECK(cuModuleLoadData(&module, changed));
    CHECK(cuModuleGetFunction(&f, module, name));
    CHECK(cuMemAlloc(&data, 4096));
    void *arguments[] = {&n, &data, &data, &data};
    uint64_t start = now_ns();
    CHECK(cuLaunchKernel(f, 1, 1, 1, 16, 16, 1, 0, NULL, arguments, NULL));
    CHECK(cuCtxSynchronize());
    double ms = (double)(now_ns() - start) / 1e6;
    CHECK(cuMemFree(data));
    CHECK(cuModuleUnload(module));
    free(changed);
    return ms;
}

int main(int argc, char **argv) {
    enum { KERNELS = 7 };
    if (argc < 2) {
        fprintf(stderr, "usage: compile kernels.ptx\n");
        return 2;
    }
    load_driver();
    CUdevice device;
    CUcontext context;
    CUdeviceptr data;
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuCtxCreate(&context, 0, device));
    CHECK(cuMemAlloc(&data, 4096));
    CHECK(cuMemsetD8Async(data, 0, 4096, NULL));
    unsigned seed = (unsigned)now_ns() & 0xffff; // kernels that nobody compiled before
    first_launch(data, 50, seed);                // starts the compile process
    double samples[KERNELS];
    for (int i = 0; i < KERNELS; i++) samples[i] = first_launch(data, 200, seed + 1 + (unsigned)i);
    report("first_launch_200_ms", median(samples, KERNELS));
    for (int i = 0; i < KERNELS; i++) samples[i] = first_launch(data, 200, seed + 1 + (unsigned)i);
    report("cached_launch_200_ms", median(samples, KERNELS));
    for (int i = 0; i < 3; i++) samples[i] = first_launch(data, 5000, seed + 100 + (unsigned)i);
    report("first_launch_5000_ms", median(samples, 3));
    const char *named[] = {"gemm", "reduce"};
    for (int k = 0; k < 2; k++) {
        char what[64];
        for (int i = 0; i < 5; i++) samples[i] = first_launch_of(argv[1], named[k], seed + 200 + (unsigned)i);
        snprintf(what, sizeof what, "first_launch_%s_ms", named[k]);
        report(what, median(samples, 5));
    }
    return 0;
}
