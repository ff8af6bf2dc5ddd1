/* Histograms: atomics in shared memory, then in global memory; and the same with warps that gather equal values first. */
#include "check.h"

enum { bins = 128 };

__global__ void count(const unsigned char *in, unsigned int *out, int n)
{
    __shared__ unsigned int local[bins];
    for (int i = threadIdx.x; i < bins; i += blockDim.x)
        local[i] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        atomicAdd(&local[in[i] % bins], 1u);
    __syncthreads();
    for (int i = threadIdx.x; i < bins; i += blockDim.x)
        atomicAdd(&out[i], local[i]);
}

__global__ void extremes(const unsigned char *in, int *least, int *most, unsigned long long *sum, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        atomicMin(least, (int)in[i] - 7);
        atomicMax(most, (int)in[i] + 7);
        atomicAdd(sum, (unsigned long long)in[i]);
    }
}

__global__ void locked(int *lock, int *value)
{
    /* One thread of each block at a time. */
    if (threadIdx.x == 0) {
        while (atomicCAS(lock, 0, 1) != 0)
            ;
        __threadfence();
        *value = *value + 1;
        __threadfence();
        atomicExch(lock, 0);
    }
}

int main()
{
    const int n = 300007;
    std::vector<unsigned char> in(n);
    std::vector<unsigned int> want(bins);
    std::vector<int> edges = {1000, -1000};
    unsigned long long total = 0;
    for (auto &value : in) {
        value = (unsigned char)next_random();
        want[value % bins]++;
        total += value;
    }
    Device<unsigned char> data(in);
    Device<unsigned int> out(bins);
    Device<int> ends(edges), words(2);
    Device<unsigned long long> sum(1);
    count<<<16, 256>>>(data.data, out.data, n);
    extremes<<<(n + 255) / 256, 256>>>(data.data, ends.data, ends.data + 1, sum.data, n);
    locked<<<64, 32>>>(words.data, words.data + 1);
    TRY(cudaGetLastError());
    return compare("histogram", out.read(), want) + compare("extremes", ends.read(), {-7, 262}) +
           compare("sum", sum.read(), {total}) + compare("lock", words.read(), {0, 64});
}
