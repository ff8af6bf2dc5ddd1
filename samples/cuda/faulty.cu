// What `weir run --check` finds: each kernel has one mistake, in the order of the words of this program's output.
#include <stdio.h>

#include "check.h"

__global__ void beyond(int *values, int count)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i <= count)
        values[i] = i;
}

__global__ void reversed(int *values)
{
    __shared__ int room[256];
    room[threadIdx.x] = values[threadIdx.x];
    // A __syncthreads() is missing here.
    values[threadIdx.x] = room[255 - threadIdx.x];
}

__global__ void unwritten(int *values)
{
    __shared__ int room[256];
    if (threadIdx.x < 128)
        room[threadIdx.x] = values[threadIdx.x];
    __syncthreads();
    values[threadIdx.x] = room[threadIdx.x];
}

__global__ void crooked(char *bytes)
{
    *(volatile int *)(bytes + 4 * threadIdx.x + 1) = 1;
}

__global__ void late(int *values)
{
    values[threadIdx.x] = 1;
}

int main()
{
    int *values, *gone;
    TRY(cudaMalloc(&values, 1000 * sizeof(int)));
    TRY(cudaMemset(values, 0, 1000 * sizeof(int)));
    beyond<<<4, 256>>>(values, 1000);
    reversed<<<1, 256>>>(values);
    unwritten<<<1, 256>>>(values);
    crooked<<<1, 32>>>((char *)values);
    TRY(cudaMalloc(&gone, 4096));
    TRY(cudaFree(gone));
    late<<<1, 32>>>(gone);
    TRY(cudaDeviceSynchronize());
    printf("beyond reversed unwritten crooked late\n");
    return 0;
}
