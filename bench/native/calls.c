// What calls and copies cost, seen from an ordinary client of libcuda.so.1.
//   first_call_ms     from main's first line to the end of the first completed call (cuInit + context + synchronise)
//   call_ns           cuCtxSynchronize with nothing to wait for, calls in close sequence
//   pingpong_ns       round trip of one cache line between two spinning processes, sampled in turn with it
//   call_silent_ns    cuCtxSynchronize after 10 ms of silence
//   futex_ns          round trip between two processes that sleep in futexes, after 10 ms of silence, sampled in turn with it
//   launch_ns         a million empty launches and the final synchronise, divided by their number
//   pinned_*_GBs, pageable_*_GBs, memcpy_*_GBs   copies of 64 MiB, beside memcpy between the same kind of buffers
//   shim_MiB          resident memory that the library added to this process (Pss, KiB counted once)
#define _GNU_SOURCE
#include "clock.h"
#include "driver.h"
#include "peer.h"
#include <unistd.h>

static const char *EMPTY =
    ".version 7.0\n.target sm_70\n.address_size 64\n.visible .entry empty() { ret; }\n";

// Proportional resident size of this process in KiB.
static double resident_kib(void) {
    FILE *f = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    double kib = 0;
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "Pss: %lf", &kib) == 1) break;
    if (f != NULL) fclose(f);
    return kib;
}

static double best_copy(int upload, CUdeviceptr device, void *host, size_t bytes) {
    enum { REPEATS = 15 };
    double samples[REPEATS];
    for (int r = 0; r < REPEATS; r++) {
        uint64_t start = now_ns();
        if (upload)
            CHECK(cuMemcpyHtoD(device, host, bytes));
        else
            CHECK(cuMemcpyDtoH(host, device, bytes));
        samples[r] = (double)bytes / (double)(now_ns() - start);
    }
    return median(samples, REPEATS);
}

static double best_memcpy(void *to, const void *from, size_t bytes) {
    enum { REPEATS = 15 };
    double samples[REPEATS];
    for (int r = 0; r < REPEATS; r++) {
        uint64_t start = now_ns();
        memcpy(to, from, bytes);
        __asm__ volatile("" ::: "memory");
        samples[r] = (double)bytes / (double)(now_ns() - start);
    }
    return median(samples, REPEATS);
}

static void calls(struct peer *peer) {
    enum { ROUNDS = 5000, REPEATS = 61, SILENT = 101 };
    double close[REPEATS], spin[REPEATS], silent[SILENT], futex[SILENT];
    for (int r = 0; r < REPEATS; r++) {
        for (int i = 0; i < 100; i++) CHECK(cuCtxSynchronize());
        uint64_t start = now_ns();
        for (int i = 0; i < ROUNDS; i++) cuCtxSynchronize();
        close[r] = (double)(now_ns() - start) / ROUNDS;
        spin[r] = peer_spin_ns(peer, ROUNDS);
    }
    report("call_ns", median(close, REPEATS));
    report("pingpong_ns", median(spin, REPEATS));
    for (int i = 0; i < SILENT; i++) {
        sleep_us(10000);
        uint64_t start = now_ns();
        CHECK(cuCtxSynchronize());
        silent[i] = (double)(now_ns() - start);
        sleep_us(10000);
        futex[i] = peer_futex_ns(peer);
    }
    report("call_silent_ns", median(silent, SILENT));
    report("futex_ns", median(futex, SILENT));
}

static void launches(void) {
    enum { COUNT = 1000000, REPEATS = 5 };
    CUmodule module;
    CUfunction empty;
    CHECK(cuModuleLoadData(&module, EMPTY));
    CHECK(cuModuleGetFunction(&empty, module, "empty"));
    CHECK(cuLaunchKernel(empty, 1, 1, 1, 1, 1, 1, 0, NULL, NULL, NULL));
    CHECK(cuCtxSynchronize());
    double samples[REPEATS];
    for (int r = 0; r < REPEATS; r++) {
        uint64_t start = now_ns();
        for (int i = 0; i < COUNT; i++) cuLaunchKernel(empty, 1, 1, 1, 1, 1, 1, 0, NULL, NULL, NULL);
        CHECK(cuCtxSynchronize());
        samples[r] = (double)(now_ns() - start) / COUNT;
    }
    report("launch_ns", median(samples, REPEATS));
    CHECK(cuModuleUnload(module));
}

static void copies(void) {
    size_t bytes = 64u << 20;
    CUdeviceptr device;
    void *pinned, *pageable = malloc(bytes), *other = malloc(bytes);
    CHECK(cuMemAlloc(&device, bytes));
    CHECK(cuMemAllocHost(&pinned, bytes));
    memset(pinned, 1, bytes);
    memset(pageable, 2, bytes);
    memset(other, 3, bytes);
    CHECK(cuMemsetD8Async(device, 0, bytes, NULL));
    CHECK(cuCtxSynchronize());
    report("pinned_up_GBs", best_copy(1, device, pinned, bytes));
    report("pinned_down_GBs", best_copy(0, device, pinned, bytes));
    report("pageable_up_GBs", best_copy(1, device, pageable, bytes));
    report("pageable_down_GBs", best_copy(0, device, pageable, bytes));
    report("memcpy_GBs", best_memcpy(other, pageable, bytes));
    CHECK(cuMemFree(device));
    CHECK(cuMemFreeHost(pinned));
}

int main(int argc, char **argv) {
    int only_first = argc > 1 && strcmp(argv[1], "first") == 0;
    struct peer *peer = only_first ? NULL : start_peer();
    uint64_t start = now_ns();
    double before = resident_kib();
    load_driver();
    CUdevice device;
    CUcontext context;
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuCtxCreate(&context, 0, device));
    CHECK(cuCtxSynchronize());
    report("first_call_ms", (double)(now_ns() - start) / 1e6);
    if (only_first) return 0;
    calls(peer);
    report("shim_MiB", (resident_kib() - before) / 1024);
    if (argc > 1 && strcmp(argv[1], "calls") == 0) return 0;
    launches();
    copies();
    return 0;
}
