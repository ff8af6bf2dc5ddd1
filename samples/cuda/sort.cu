/* Bitonic sort in global memory, its small steps in shared memory. */
#include "check.h"
#include <algorithm>

__global__ void step(unsigned int *data, int size, int stride)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x, other = i ^ stride;
    if (other > i) {
        unsigned int a = data[i], b = data[other];
        if (((i & size) == 0) == (a > b)) {
            data[i] = b;
            data[other] = a;
        }
    }
}

__global__ void small_steps(unsigned int *data, int size, int stride)
{
    extern __shared__ unsigned int tile[];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    tile[threadIdx.x] = data[i];
    __syncthreads();
    for (; stride > 0; stride /= 2) {
        int other = threadIdx.x ^ stride;
        unsigned int a = tile[threadIdx.x], b = tile[other];
        bool up = (i & size) == 0, first = other > threadIdx.x;
        __syncthreads();
        tile[threadIdx.x] = (first == up) ? min(a, b) : max(a, b);
        __syncthreads();
    }
    data[i] = tile[threadIdx.x];
}

int main()
{
    const int n = 1 << 16, threads = 256;
    std::vector<unsigned int> in(n);
    for (auto &value : in)
        value = next_random();
    Device<unsigned int> data(in);
    for (int size = 2; size <= n; size *= 2)
        for (int stride = size / 2; stride > 0; stride /= 2) {
            if (stride < threads) {
                small_steps<<<n / threads, threads, threads * sizeof(int)>>>(data.data, size, stride);
                break;
            }
            step<<<n / threads, threads>>>(data.data, size, stride);
        }
    TRY(cudaGetLastError());
    std::sort(in.begin(), in.end());
    return compare("sort", data.read(), in);
}
