#include "device.cuh"

// y = a*x + y, a grid-stride loop.
extern "C" __global__ void saxpy(unsigned n, float a, const float *x, float *y)
{
    for (unsigned i = blockIdxX * blockDimX + threadIdxX; i < n; i += gridDimX * blockDimX)
        y[i] = __builtin_fmaf(a, x[i], y[i]);
}
