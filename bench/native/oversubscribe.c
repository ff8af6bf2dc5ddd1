// A program that uses a lot of device memory, knows what must be in it, and says how long its work took.
//   oversubscribe MIB PARTS PASSES ITERATIONS ROUNDS IDLE_MS START_NS SALT
// Allocates MIB of memory in PARTS allocations; what they contain at first must not be another session's. Then ROUNDS times: works
// through the parts one after another, PASSES kernels over each (every word becomes a function of itself, ITERATIONS times),
// waits for the end, sleeps IDLE_MS. START_NS is on the monotonic clock (0: at once); SALT tells this program's words from others'.
// Prints "memory ADDRESS BYTES" per part, "round START_NS END_NS" per round, "busy SECONDS", "elapsed SECONDS", "verified WORDS".
#define _GNU_SOURCE
#include "clock.h"
#include "driver.h"

static const char *STEP =
    ".version 7.0\n.target sm_70\n.address_size 64\n"
    ".visible .entry step(.param .u64 words, .param .u32 iterations) {\n"
    ".reg .u64 %rd<4>; .reg .u32 %r<8>; .reg .pred %p<2>;\n"
    "ld.param.u64 %rd1, [words]; ld.param.u32 %r1, [iterations];\n"
    "mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x; mad.lo.u32 %r5, %r2, %r3, %r4;\n"
    "mul.wide.u32 %rd2, %r5, 4; add.u64 %rd3, %rd1, %rd2; ld.global.u32 %r6, [%rd3]; mov.u32 %r7, 0;\n"
    "again:\n"
    "mad.lo.u32 %r6, %r6, 1664525, 1013904223;\n"
    "add.u32 %r7, %r7, 1; setp.lt.u32 %p1, %r7, %r1; @%p1 bra again;\n"
    "st.global.u32 [%rd3], %r6; ret; }\n"
    // Every program's first words are salt + number: told from what another one left by their upper bits.
    ".visible .entry first(.param .u64 words, .param .u32 salt, .param .u64 foreign) {\n"
    ".reg .u64 %rd<5>; .reg .u32 %r<8>; .reg .pred %p<2>;\n"
    "ld.param.u64 %rd1, [words]; ld.param.u32 %r1, [salt]; ld.param.u64 %rd4, [foreign];\n"
    "mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x; mad.lo.u32 %r5, %r2, %r3, %r4;\n"
    "mul.wide.u32 %rd2, %r5, 4; add.u64 %rd3, %rd1, %rd2;\n"
    "ld.global.u32 %r6, [%rd3]; setp.eq.u32 %p1, %r6, 0; @%p1 bra clean;\n"
    "red.global.add.u32 [%rd4], 1;\n"
    "clean: add.u32 %r7, %r5, %r1; st.global.u32 [%rd3], %r7; ret; }\n";

int main(int argc, char **argv) {
    if (argc != 9) {
        fprintf(stderr, "usage: oversubscribe MIB PARTS PASSES ITERATIONS ROUNDS IDLE_MS START_NS SALT\n");
        return 2;
    }
    size_t bytes = (size_t)strtoull(argv[1], NULL, 10) << 20;
    unsigned parts = (unsigned)atoi(argv[2]), passes = (unsigned)atoi(argv[3]), iterations = (unsigned)atoi(argv[4]);
    unsigned rounds = (unsigned)atoi(argv[5]), idle_ms = (unsigned)atoi(argv[6]);
    uint64_t start = strtoull(argv[7], NULL, 10), busy = 0;
    uint32_t salt = (uint32_t)strtoul(argv[8], NULL, 0);
    size_t part_bytes = bytes / parts & ~(size_t)4095, words = part_bytes / 4;
    CUdevice device;
    CUcontext context;
    CUmodule module;
    CUfunction step, first;
    CUdeviceptr *memory = calloc(parts, sizeof *memory), foreign;
    uint32_t *host = malloc(part_bytes), strangers = 0;
    load_driver();
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuCtxCreate(&context, 0, device));
    CHECK(cuModuleLoadData(&module, STEP));
    CHECK(cuModuleGetFunction(&step, module, "step"));
    CHECK(cuModuleGetFunction(&first, module, "first"));
    CHECK(cuMemAlloc(&foreign, 4));
    CHECK(cuMemcpyHtoD(foreign, &strangers, 4));
    for (unsigned part = 0; part < parts; part++) {
        CHECK(cuMemAlloc(&memory[part], part_bytes));
        printf("memory %llu %zu\n", (unsigned long long)memory[part], part_bytes);
    }
    fflush(stdout);
    while (now_ns() < start) {
        sleep_us(1000);
    }
    uint64_t began = now_ns();
    for (unsigned part = 0; part < parts; part++) {
        uint32_t own = salt + (uint32_t)(part * words);
        void *arguments[] = {&memory[part], &own, &foreign};
        CHECK(cuLaunchKernel(first, (unsigned)(words / 256), 1, 1, 256, 1, 1, 0, NULL, arguments, NULL));
    }
    CHECK(cuMemcpyDtoH(&strangers, foreign, 4));
    if (strangers != 0) {
        fprintf(stderr, "%u words of new memory were not zero\n", strangers);
        return 1;
    }
    for (unsigned round = 0; round < rounds; round++) {
        uint64_t from = now_ns();
        for (unsigned part = 0; part < parts; part++) {
            for (unsigned pass = 0; pass < passes; pass++) {
                void *arguments[] = {&memory[part], &iterations};
                CHECK(cuLaunchKernel(step, (unsigned)(words / 256), 1, 1, 256, 1, 1, 0, NULL, arguments, NULL));
            }
        }
        CHECK(cuCtxSynchronize());
        uint64_t to = now_ns();
        busy += to - from;
        printf("round %llu %llu\n", (unsigned long long)from, (unsigned long long)to);
        fflush(stdout);
        if (idle_ms > 0) {
            sleep_us(idle_ms * 1000);
        }
    }
    printf("busy %.6f\nelapsed %.6f\n", busy / 1e9, (now_ns() - began) / 1e9);
    // All steps together are one step: x becomes factor * x + summand.
    uint32_t factor = 1, summand = 0;
    for (uint64_t i = 0; i < (uint64_t)rounds * passes * iterations; i++) {
        factor *= 1664525u;
        summand = summand * 1664525u + 1013904223u;
    }
    for (unsigned part = 0; part < parts; part++) {
        CHECK(cuMemcpyDtoH(host, memory[part], part_bytes));
        for (size_t word = 0; word < words / 256 * 256; word++) {
            uint32_t wanted = factor * (salt + (uint32_t)(part * words + word)) + summand;
            if (host[word] != wanted) {
                fprintf(stderr, "part %u, word %zu: %08x instead of %08x\n", part, word, host[word], wanted);
                return 1;
            }
        }
    }
    printf("verified %zu\n", words * parts);
    return 0;
}
