/* What the programs here share: a number generator that is the same everywhere, and a way to say whether results agree. */
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#define TRY(call)                                                                                                              \
    do {                                                                                                                       \
        cudaError_t error = (call);                                                                                            \
        if (error != cudaSuccess) {                                                                                            \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, cudaGetErrorString(error));                          \
            exit(1);                                                                                                           \
        }                                                                                                                      \
    } while (0)

static unsigned int seed = 12345;

static inline unsigned int next_random()
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static inline float next_float() { return (float)next_random() / (1 << 23) - 1.0f; }

/* A vector on the device, filled from and read back to the host's. */
template <class T> struct Device {
    T *data = nullptr;
    size_t count;
    explicit Device(size_t count) : count(count)
    {
        TRY(cudaMalloc(&data, count * sizeof(T)));
        TRY(cudaMemset(data, 0, count * sizeof(T)));
    }
    explicit Device(const std::vector<T> &from) : count(from.size())
    {
        TRY(cudaMalloc(&data, count * sizeof(T)));
        TRY(cudaMemcpy(data, from.data(), count * sizeof(T), cudaMemcpyHostToDevice));
    }
    ~Device() { cudaFree(data); }
    Device(const Device &) = delete;
    std::vector<T> read() const
    {
        std::vector<T> host(count);
        TRY(cudaMemcpy(host.data(), data, count * sizeof(T), cudaMemcpyDeviceToHost));
        return host;
    }
};

/* 0 when all differ by at most tolerance (of the larger magnitude, at least 1); the program's exit code. */
template <class T>
static int compare(const char *what, const std::vector<T> &got, const std::vector<T> &want, double tolerance = 0)
{
    size_t wrong = got.size() == want.size() ? 0 : 1;
    for (size_t i = 0; i < got.size() && i < want.size(); i++) {
        double a = (double)got[i], b = (double)want[i];
        bool same = a == b || (a != a && b != b) || std::fabs(a - b) <= tolerance * std::fmax(1.0, std::fabs(b));
        if (!same && wrong++ < 5)
            fprintf(stderr, "%s[%zu]: %.9g instead of %.9g\n", what, i, a, b);
    }
    printf("%s: %zu values, %zu wrong\n", what, got.size(), wrong);
    return wrong == 0 ? 0 : 1;
}
