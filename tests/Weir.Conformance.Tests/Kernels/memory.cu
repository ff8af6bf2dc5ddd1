#include "device.cuh"

// Shared, local, const and global memory, atomics, accesses of every width.

#define __constant__ __attribute__((constant))
#define INDEX (blockIdxX * blockDimX + threadIdxX)

__constant__ float weights[5] = {0.0625f, 0.25f, 0.375f, 0.25f, 0.0625f};
__device__ unsigned launches = 7;
__device__ int table[16] = {3, -1, 4, 1, -5, 9, 2, -6, 5, 3, 5, -8, 9, 7, 9, 3};

extern "C" __global__ void blur(unsigned n, const float *in, float *out)
{
    __shared__ float tile[128 + 4];
    unsigned i = INDEX, t = threadIdxX;
    tile[t + 2] = i < n ? in[i] : 0;
    if (t < 2) {
        tile[t] = i >= 2 ? in[i - 2] : 0;
        unsigned right = i + blockDimX;
        tile[blockDimX + 2 + t] = right < n ? in[right] : 0;
    }
    syncthreads();
    if (i >= n)
        return;
    float sum = 0;
    for (int k = 0; k < 5; k++)
        sum += weights[k] * tile[t + k];
    out[i] = sum;
}

extern "C" __global__ void histogram(unsigned n, const unsigned char *in, unsigned *bins, unsigned *total)
{
    __shared__ unsigned local[256];
    for (unsigned i = threadIdxX; i < 256; i += blockDimX)
        local[i] = 0;
    syncthreads();
    for (unsigned i = INDEX; i < n; i += gridDimX * blockDimX)
        __nvvm_atom_add_gen_i((int *)&local[in[i]], 1);
    syncthreads();
    for (unsigned i = threadIdxX; i < 256; i += blockDimX)
        if (local[i])
            __nvvm_atom_add_gen_i((int *)&bins[i], local[i]);
    if (threadIdxX == 0)
        __nvvm_atom_max_gen_ui(total, __nvvm_atom_add_gen_i((int *)&launches, 0) + n);
}

extern "C" __global__ void sort(unsigned n, const int *in, int *out)
{
    unsigned i = INDEX;
    if (i >= n)
        return;
    int values[24];
    unsigned count = 8 + i % 17;
    for (unsigned k = 0; k < count; k++)
        values[k] = in[(i * 7 + k * 13) % n] + table[k % 16];
    for (unsigned k = 1; k < count; k++) {
        int value = values[k];
        unsigned j = k;
        for (; j > 0 && values[j - 1] > value; j--)
            values[j] = values[j - 1];
        values[j] = value;
    }
    out[i] = values[count / 2] * 1000 + values[0] - values[count - 1];
}

extern __shared__ int dynamic[];

extern "C" __global__ void transpose(unsigned n, const int *in, int *out)
{
    unsigned tx = threadIdxX, ty = threadIdxY, pitch = blockDimX + 1;
    unsigned x = blockIdxX * blockDimX + tx, y = blockIdxY * blockDimX + ty;
    if (x < n && y < n)
        dynamic[ty * pitch + tx] = in[y * n + x];
    syncthreads();
    x = blockIdxY * blockDimX + tx;
    y = blockIdxX * blockDimX + ty;
    if (x < n && y < n)
        out[y * n + x] = dynamic[tx * pitch + ty];
}

typedef float float4 __attribute__((ext_vector_type(4)));
typedef unsigned char uchar4 __attribute__((ext_vector_type(4)));
typedef short short2 __attribute__((ext_vector_type(2)));

extern "C" __global__ void widths(unsigned n, float4 *f, uchar4 *bytes, short2 *shorts, long long *longs, double *doubles)
{
    unsigned i = INDEX;
    if (i >= n)
        return;
    float4 v = f[i];
    f[i] = v.wzyx + (float)i;
    uchar4 b = bytes[i];
    bytes[i] = {(unsigned char)(b.x + b.y), (unsigned char)(b.z >> 1), (unsigned char)-b.w, (unsigned char)(i * 3)};
    short2 s = shorts[i];
    shorts[i] = {s.y, (short)(s.x * s.y)};
    longs[i] = longs[i] * -7 + (signed char)b.x;
    doubles[i] = doubles[i] / (i + 1) + longs[i];
}

// Prefix sums of a block through shared memory, doubling the distance.
extern "C" __global__ void scan(const int *in, int *out)
{
    __shared__ int sums[2][256];
    unsigned t = threadIdxX, side = 0;
    sums[0][t] = in[INDEX];
    syncthreads();
    for (unsigned distance = 1; distance < blockDimX; distance *= 2) {
        sums[1 - side][t] = sums[side][t] + (t >= distance ? sums[side][t - distance] : 0);
        side = 1 - side;
        syncthreads();
    }
    out[INDEX] = sums[side][t];
}
