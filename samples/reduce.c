/* The sum of many numbers: warp shuffles, then shared memory, one partial sum per block. The numbers are multiples of
 * 1/8 and small enough that every order of additions gives the same sum, so the result must be equal to the CPU's.
 *   gcc -O2 samples/reduce.c -o reduce -ldl -lm && ./weir run -- ./reduce [elements] */
#include "driver.h"

EMBED_PTX;

enum { blocks = 64, threads = 256 };

int main(int argc, char **argv)
{
    unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000003, seed = 3;
    float *in = malloc(n * sizeof *in), partial[blocks];
    double expected = 0, sum = 0;
    char device[256];
    CUmodule module;
    CUdeviceptr sums;
    if (in == NULL || n == 0)
        return 1;
    for (unsigned i = 0; i < n; i++) {
        in[i] = (float)((int)(nextRandom(&seed) % 129) - 64) / 8;
        expected += in[i];
    }

    CUcontext context = openDevice(device);
    CUfunction reduce = loadKernel(&module, "reduce");
    CUdeviceptr inDevice = upload(in, n * sizeof *in);
    CHECK(cuMemAlloc(&sums, sizeof partial));
    void *arguments[] = {&n, &inDevice, &sums};
    CHECK(cuLaunchKernel(reduce, blocks, 1, 1, threads, 1, 1, 0, NULL, arguments, NULL));
    CHECK(cuMemcpyDtoH(partial, sums, sizeof partial));
    CHECK(cuMemFree(inDevice));
    CHECK(cuMemFree(sums));
    CHECK(cuModuleUnload(module));
    CHECK(cuCtxDestroy(context));

    for (int i = 0; i < blocks; i++)
        sum += partial[i];
    printf("reduce: %u elements on %s: %.3f, on the CPU %.3f\n", n, device, sum, expected);
    return sum != expected;
}
