// A client that opens a context, says so, and keeps still until it is ended.
#include "driver.h"
#include <unistd.h>

int main(void) {
    load_driver();
    CUdevice device;
    CUcontext context;
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuCtxCreate(&context, 0, device));
    CHECK(cuCtxSynchronize());
    puts("ready");
    fflush(stdout);
    pause();
    return 0;
}
