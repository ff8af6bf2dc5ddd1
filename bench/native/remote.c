// What a device on another node costs, seen from an ordinary client.
//   call_us                    cuCtxSynchronize with nothing to wait for, calls in close sequence
//   launch_ns                  20,000 empty launches and the final synchronise, divided by their number
//   step_us                    a step of a training-like loop: 64 KiB up, 200 launches, a synchronise, 4 bytes down
//   pinned_*_GBs, pageable_*_GBs   copies of 64 MiB
// With the argument `steps N` only N steps are made and step_us is printed.
#include "clock.h"
#include "driver.h"
#include <stdlib.h>

static const char *EMPTY = ".version 7.0\n.target sm_70\n.address_size 64\n.visible .entry empty() { ret; }\n";

static double copies(int upload, CUdeviceptr device, void *host, size_t bytes) {
    enum { REPEATS = 5 };
    double samples[REPEATS];
    for (int r = 0; r < REPEATS; r++) {
        uint64_t start = now_ns();
        if (upload) {
            CHECK(cuMemcpyHtoD(device, host, bytes));
            CHECK(cuCtxSynchronize());
        } else {
            CHECK(cuMemcpyDtoH(host, device, bytes));
        }
        samples[r] = (double)bytes / (double)(now_ns() - start);
    }
    return median(samples, REPEATS);
}

static double step(CUfunction empty, CUdeviceptr device, void *batch) {
    float loss;
    uint64_t start = now_ns();
    CHECK(cuMemcpyHtoDAsync(device, batch, 64 << 10, 0));
    for (int i = 0; i < 200; i++) CHECK(cuLaunchKernel(empty, 1, 1, 1, 1, 1, 1, 0, 0, NULL, NULL));
    CHECK(cuStreamSynchronize(0));
    CHECK(cuMemcpyDtoH(&loss, device, 4));
    return (double)(now_ns() - start) / 1e3;
}

int main(int argc, char **argv) {
    enum { BYTES = 64 << 20, STEPS = 30 };
    load_driver();
    CUdevice dev;
    CUcontext ctx;
    CUmodule module;
    CUfunction empty;
    CUdeviceptr device;
    void *pinned, *pageable = malloc(BYTES);
    double samples[STEPS];
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&dev, 0));
    CHECK(cuCtxCreate(&ctx, 0, dev));
    CHECK(cuModuleLoadData(&module, EMPTY));
    CHECK(cuModuleGetFunction(&empty, module, "empty"));
    CHECK(cuMemAlloc(&device, BYTES));
    CHECK(cuMemAllocHost(&pinned, BYTES));
    memset(pageable, 1, BYTES);
    memset(pinned, 2, BYTES);
    if (argc > 2) {
        int steps = atoi(argv[2]);
        double all = 0;
        step(empty, device, pageable);
        for (int i = 0; i < steps; i++) all += step(empty, device, pageable);
        printf("step_us %.1f\n", all / steps);
        return 0;
    }
    for (int r = 0; r < 5; r++) {
        for (int i = 0; i < 20; i++) CHECK(cuCtxSynchronize());
        uint64_t start = now_ns();
        for (int i = 0; i < 400; i++) CHECK(cuCtxSynchronize());
        samples[r] = (double)(now_ns() - start) / 400e3;
    }
    printf("call_us %.2f\n", median(samples, 5));
    uint64_t start = now_ns();
    for (int i = 0; i < 20000; i++) CHECK(cuLaunchKernel(empty, 1, 1, 1, 1, 1, 1, 0, 0, NULL, NULL));
    CHECK(cuCtxSynchronize());
    printf("launch_ns %.0f\n", (double)(now_ns() - start) / 20e3);
    for (int i = 0; i < STEPS; i++) samples[i] = step(empty, device, pageable);
    printf("step_us %.1f\n", median(samples, STEPS));
    printf("pinned_up_GBs %.3f\n", copies(1, device, pinned, BYTES));
    printf("pinned_down_GBs %.3f\n", copies(0, device, pinned, BYTES));
    printf("pageable_up_GBs %.3f\n", copies(1, device, pageable, BYTES));
    printf("pageable_down_GBs %.3f\n", copies(0, device, pageable, BYTES));
    return 0;
}
