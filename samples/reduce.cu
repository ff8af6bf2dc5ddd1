#include "device.cuh"

enum { allLanes = 0xffffffff };

__device__ static float warpSum(float value)
{
    for (int distance = 16; distance > 0; distance /= 2)
        value += __nvvm_shfl_sync_down_f32(allLanes, value, distance, 31);
    return value;
}

// One sum per block: shuffles within warps, shared memory between them.
extern "C" __global__ void reduce(unsigned n, const float *in, float *sums)
{
    __shared__ float warps[32];
    float sum = 0;
    for (unsigned i = blockIdxX * blockDimX + threadIdxX; i < n; i += gridDimX * blockDimX)
        sum += in[i];
    sum = warpSum(sum);
    if (threadIdxX % 32 == 0)
        warps[threadIdxX / 32] = sum;
    syncthreads();
    if (threadIdxX < 32) {
        sum = warpSum(threadIdxX < blockDimX / 32 ? warps[threadIdxX] : 0);
        if (threadIdxX == 0)
            sums[blockIdxX] = sum;
    }
}
