/* Prefix sums: within a block by warp shuffles and shared memory, across blocks by a second launch on the blocks' sums. */
#include "check.h"

__global__ void scan_blocks(const int *in, int *out, int *sums, int n)
{
    __shared__ int warps[32];
    int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    int value = i < n ? in[i] : 0;
    for (int step = 1; step < 32; step *= 2) {
        int other = __shfl_up_sync(0xffffffff, value, step);
        value += lane >= step ? other : 0;
    }
    if (lane == 31)
        warps[warp] = value;
    __syncthreads();
    if (warp == 0) {
        int sum = lane < blockDim.x / 32 ? warps[lane] : 0;
        for (int step = 1; step < 32; step *= 2) {
            int other = __shfl_up_sync(0xffffffff, sum, step);
            sum += lane >= step ? other : 0;
        }
        warps[lane] = sum;
    }
    __syncthreads();
    value += warp > 0 ? warps[warp - 1] : 0;
    if (i < n)
        out[i] = value;
    if (sums != nullptr && threadIdx.x == blockDim.x - 1)
        sums[blockIdx.x] = value;
}

__global__ void add_sums(int *out, const int *sums, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (blockIdx.x > 0 && i < n)
        out[i] += sums[blockIdx.x - 1];
}

int main()
{
    const int n = 200003, threads = 512, blocks = (n + threads - 1) / threads;
    std::vector<int> in(n), want(n);
    for (int i = 0, sum = 0; i < n; i++) {
        in[i] = (int)(next_random() % 1000) - 500;
        want[i] = sum += in[i];
    }
    Device<int> a(in), b(n), sums(blocks), scanned(blocks);
    scan_blocks<<<blocks, threads>>>(a.data, b.data, sums.data, n);
    scan_blocks<<<1, threads>>>(sums.data, scanned.data, nullptr, blocks);
    add_sums<<<blocks, threads>>>(b.data, scanned.data, n);
    TRY(cudaGetLastError());
    return compare("scan", b.read(), want);
}
