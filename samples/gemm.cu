#include "device.cuh"

enum { tile = 16 };

// C = A*B, row-major, n×n; each block computes one tile of C from tiles of A and B in shared memory.
extern "C" __global__ void gemm(unsigned n, const float *a, const float *b, float *c)
{
    __shared__ float aTile[tile][tile], bTile[tile][tile];
    unsigned tx = threadIdxX, ty = threadIdxY;
    unsigned column = blockIdxX * tile + tx, row = blockIdxY * tile + ty;
    float sum = 0;
    for (unsigned k0 = 0; k0 < n; k0 += tile) {
        aTile[ty][tx] = row < n && k0 + tx < n ? a[row * n + k0 + tx] : 0;
        bTile[ty][tx] = column < n && k0 + ty < n ? b[(k0 + ty) * n + column] : 0;
        syncthreads();
        for (unsigned k = 0; k < tile; k++)
            sum = __builtin_fmaf(aTile[ty][k], bTile[k][tx], sum);
        syncthreads();
    }
    if (row < n && column < n)
        c[row * n + column] = sum;
}
