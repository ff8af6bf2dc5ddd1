// One of several programs on the same device: keeps it as busy as it can and says how much it got done.
//   share KIND BLOCKS_PER_LONG ITERATIONS START_NS SECONDS
// KIND: short (kernels of 64 blocks, 64 or more always under way), sync (the same, each awaited), long (kernels of so many
// blocks), mixed (20 short ones, then a long one). A block loops
// ITERATIONS times; one iteration count is used by all, so blocks are the unit of work. START_NS is on the monotonic clock.
// Prints "TIME_NS BLOCKS" every 5 ms, blocks done so far, as the device counts them in memory that both can see.
#define _GNU_SOURCE
#include "clock.h"
#include "driver.h"
#include <pthread.h>

static const char *LOOP =
    ".version 7.0\n.target sm_70\n.address_size 64\n"
    ".visible .entry loop(.param .u64 counter, .param .u32 iterations) {\n"
    ".reg .u64 %rd<3>; .reg .u32 %r<5>; .reg .f32 %f<4>; .reg .pred %p<3>;\n"
    "ld.param.u64 %rd1, [counter]; ld.param.u32 %r1, [iterations];\n"
    "mov.u32 %r2, %tid.x; cvt.rn.f32.u32 %f1, %r2; mov.u32 %r3, 0;\n"
    "again:\n"
    "fma.rn.f32 %f1, %f1, 0f3F7FFFEF, 0f3F800000; fma.rn.f32 %f1, %f1, 0f3F7FFFEF, 0f3F800000;\n"
    "add.u32 %r3, %r3, 1; setp.lt.u32 %p1, %r3, %r1; @%p1 bra again;\n"
    "setp.ne.u32 %p1, %r2, 0; @%p1 bra done; setp.lt.f32 %p2, %f1, 0f00000000; @%p2 bra done;\n"
    "red.global.add.u32 [%rd1], 1;\n"
    "done: ret; }\n";

static volatile uint32_t *counter;
static uint64_t stop_ns;
static volatile int finished;

static void *watch(void *unused) {
    (void)unused;
    while (!finished && now_ns() < stop_ns) {
        printf("%llu %u\n", (unsigned long long)now_ns(), *counter);
        sleep_us(5000);
    }
    fflush(stdout);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: share KIND BLOCKS_PER_LONG ITERATIONS START_NS SECONDS\n");
        return 2;
    }
    unsigned long_blocks = (unsigned)atoi(argv[2]), iterations = (unsigned)atoi(argv[3]), short_blocks = 64;
    int is_sync = strcmp(argv[1], "sync") == 0, is_short = strcmp(argv[1], "short") == 0 || is_sync;
    int is_mixed = strcmp(argv[1], "mixed") == 0;
    uint64_t start = strtoull(argv[4], NULL, 10);
    CUdevice device;
    CUcontext context;
    CUmodule module;
    CUfunction loop;
    CUdeviceptr address;
    pthread_t watcher;
    void *host;
    load_driver();
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuCtxCreate(&context, 0, device));
    CHECK(cuMemAllocHost(&host, 4096));
    memset(host, 0, 4096);
    counter = host;
    address = (CUdeviceptr)host;
    CHECK(cuModuleLoadData(&module, LOOP));
    CHECK(cuModuleGetFunction(&loop, module, "loop"));
    const int ahead = is_short ? 64 : is_mixed ? 21 : 1;
    CUevent done[2];
    for (int i = 0; i < 2; i++) CHECK(cuEventCreate(&done[i], 0));
    void *parameters[] = {&address, &iterations};
    for (int i = 0; i < 3; i++) {
        CHECK(cuLaunchKernel(loop, short_blocks, 1, 1, 32, 1, 1, 0, NULL, parameters, NULL));
        CHECK(cuCtxSynchronize());
    }
    *counter = 0;
    if (start == 0) start = now_ns();
    stop_ns = start + (uint64_t)(atof(argv[5]) * 1e9);
    while (now_ns() < start) sleep_us((long)((start - now_ns()) / 1000 > 2000 ? 1000 : 50));
    pthread_create(&watcher, NULL, watch, NULL);
    for (int i = 0; now_ns() < stop_ns; i++) {
        unsigned blocks = is_short || (is_mixed && i % 21 != 20) ? short_blocks : long_blocks;
        CHECK(cuLaunchKernel(loop, blocks, 1, 1, 32, 1, 1, 0, NULL, parameters, NULL));
        if (is_sync)
            CHECK(cuCtxSynchronize());
        else if (i % ahead == ahead - 1) {
            // Waits for the batch before this one, so that the device always has the next.
            CHECK(cuEventRecord(done[i / ahead % 2], NULL));
            if (i >= ahead) CHECK(cuEventSynchronize(done[(i / ahead + 1) % 2]));
        }
    }
    finished = 1;
    pthread_join(watcher, NULL);
    return 0;
}
