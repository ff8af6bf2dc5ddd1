/* y = a*x + y on the device, compared bit for bit with the same on the CPU.
 *   gcc -O2 samples/saxpy.c -o saxpy -ldl -lm && ./weir run -- ./saxpy [elements] */
#include "driver.h"

#include <math.h>

EMBED_PTX;

int main(int argc, char **argv)
{
    unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1u << 20, wrong = 0, seed = 1;
    float a = 1.7f, *x = malloc(n * sizeof *x), *y = malloc(n * sizeof *y), *result = malloc(n * sizeof *y);
    char device[256];
    CUmodule module;
    if (x == NULL || y == NULL || result == NULL || n == 0)
        return 1;
    for (unsigned i = 0; i < n; i++) {
        x[i] = (float)nextRandom(&seed) / 65536 - 128;
        y[i] = (float)nextRandom(&seed) / 65536 - 128;
    }

    CUcontext context = openDevice(device);
    CUfunction saxpy = loadKernel(&module, "saxpy");
    CUdeviceptr xDevice = upload(x, n * sizeof *x), yDevice = upload(y, n * sizeof *y);
    void *arguments[] = {&n, &a, &xDevice, &yDevice};
    CHECK(cuLaunchKernel(saxpy, 256, 1, 1, 256, 1, 1, 0, NULL, arguments, NULL));
    CHECK(cuMemcpyDtoH(result, yDevice, n * sizeof *y));
    CHECK(cuMemFree(xDevice));
    CHECK(cuMemFree(yDevice));
    CHECK(cuModuleUnload(module));
    CHECK(cuCtxDestroy(context));

    for (unsigned i = 0; i < n; i++)
        wrong += result[i] != fmaf(a, x[i], y[i]);
    printf("saxpy: %u elements on %s: %u of them differ from the CPU's\n", n, device, wrong);
    return wrong != 0;
}
