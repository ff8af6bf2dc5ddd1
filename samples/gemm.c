/* C = A*B in 16x16 tiles through shared memory, compared bit for bit with the same order of additions on the CPU.
 *   gcc -O2 samples/gemm.c -o gemm -ldl -lm && ./weir run -- ./gemm [size] */
#include "driver.h"

#include <math.h>

EMBED_PTX;

int main(int argc, char **argv)
{
    /* Not a multiple of the tile, so that the kernel's edges are run too. */
    unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 250, wrong = 0, seed = 2;
    size_t bytes = (size_t)n * n * sizeof(float);
    float *a = malloc(bytes), *b = malloc(bytes), *c = malloc(bytes);
    char device[256];
    CUmodule module;
    CUdeviceptr cDevice;
    if (a == NULL || b == NULL || c == NULL || n == 0)
        return 1;
    for (size_t i = 0; i < (size_t)n * n; i++) {
        a[i] = (float)nextRandom(&seed) / 8388608 - 1;
        b[i] = (float)nextRandom(&seed) / 8388608 - 1;
    }

    CUcontext context = openDevice(device);
    CUfunction gemm = loadKernel(&module, "gemm");
    CUdeviceptr aDevice = upload(a, bytes), bDevice = upload(b, bytes);
    CHECK(cuMemAlloc(&cDevice, bytes));
    void *arguments[] = {&n, &aDevice, &bDevice, &cDevice};
    unsigned tiles = (n + 15) / 16;
    CHECK(cuLaunchKernel(gemm, tiles, tiles, 1, 16, 16, 1, 0, NULL, arguments, NULL));
    CHECK(cuMemcpyDtoH(c, cDevice, bytes));
    CHECK(cuMemFree(aDevice));
    CHECK(cuMemFree(bDevice));
    CHECK(cuMemFree(cDevice));
    CHECK(cuModuleUnload(module));
    CHECK(cuCtxDestroy(context));

    for (unsigned row = 0; row < n; row++)
        for (unsigned column = 0; column < n; column++) {
            float sum = 0;
            for (unsigned k = 0; k < n; k++)
                sum = fmaf(a[(size_t)row * n + k], b[(size_t)k * n + column], sum);
            wrong += c[(size_t)row * n + column] != sum;
        }
    printf("gemm: %u x %u on %s: %u elements differ from the CPU's\n", n, n, device, wrong);
    return wrong != 0;
}
