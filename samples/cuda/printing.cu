// printf, assert, new and malloc in kernels; the same text from the device and from the host.
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

struct Node {
    int value;
    Node *next;
};

static __host__ __device__ void conversions()
{
    printf("%d %5d|%-5d|%05d|%+d|% d\n", -7, 42, 42, 42, 42, 42);
    printf("%u %x %X %#x %o %#o\n", 4000000000u, 48879u, 48879u, 255u, 8u, 8u);
    printf("%lld %llu %llx %ld\n", -1234567890123LL, 18446744073709551615ULL, 0x123456789abcdefULL, 5L);
    printf("%f %.2f %10.3f|%-10.3f|%010.3f\n", 3.14159265, 2.5, -1.5, -1.5, -1.5);
    printf("%e %.3E %g %g %g %G\n", 12345.678, 0.00012, 100000.0, 1000000.0, 0.0001, 1e-10);
    printf("%a %.2a %a\n", 1.0, 3.14159265, 0.1);
    printf("%s|%10s|%-10s|%.2s|%c|%%|%*d|%.*f\n", "text", "right", "left", "cut", 'c', 6, 42, 1, 2.25);
    printf("%hd %hhd %hu\n", (short)-3, (signed char)-4, (unsigned short)65535);
}

__global__ void print() { conversions(); }

__global__ void everyone(int *counts)
{
    counts[threadIdx.x] = printf("[%u,%u]\n", blockIdx.x, threadIdx.x);
}

__global__ void lists(int *sums, Node **kept)
{
    Node *head = nullptr;
    for (int i = 0; i <= (int)threadIdx.x; i++)
        head = new Node{i, head};
    int sum = 0;
    for (Node *node = head; node != nullptr; node = node->next)
        sum += node->value;
    sums[threadIdx.x] = sum;
    kept[threadIdx.x] = head;
}

__global__ void release(int *sums, Node **kept)
{
    for (Node *node = kept[threadIdx.x]; node != nullptr;) {
        Node *next = node->next;
        sums[threadIdx.x] += node->value;
        delete node;
        node = next;
    }
    if (threadIdx.x == 0) {
        void *volatile tooMuch = malloc((size_t)1 << 40);
        sums[0] += tooMuch == nullptr ? 1000 : 0;
    }
}

__global__ void broken(int limit)
{
    assert((int)threadIdx.x < limit);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "assert") == 0) {
        broken<<<2, 64>>>(40);
        cudaError_t error = cudaDeviceSynchronize();
        printf("%d %s\n", (int)error, cudaGetErrorName(error));
        return error == cudaErrorAssert ? 0 : 1;
    }
    printf("device:\n");
    print<<<1, 1>>>();
    TRY(cudaDeviceSynchronize());
    printf("host:\n");
    conversions();
    printf("everyone:\n");

    int *counts, results[64];
    Node **kept;
    TRY(cudaMalloc(&counts, sizeof results));
    TRY(cudaMalloc(&kept, 64 * sizeof(Node *)));
    everyone<<<2, 3>>>(counts);
    TRY(cudaMemcpy(results, counts, sizeof results, cudaMemcpyDeviceToHost));
    printf("answers %d %d\n", results[0], results[2]);

    lists<<<1, 64>>>(counts, kept);
    release<<<1, 64>>>(counts, kept);
    TRY(cudaMemcpy(results, counts, sizeof results, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 64; i++)
        if (results[i] != i * (i + 1) + (i == 0 ? 1000 : 0)) {
            printf("list %d: %d\n", i, results[i]);
            return 1;
        }
    printf("after\n");
    return 0;
}
