#include "device.cuh"

// Arithmetic that compilers spread over many instructions.

#define INDEX (blockIdxX * blockDimX + threadIdxX)

__device__ static unsigned rotate(unsigned x, int n) { return x << n | x >> (32 - n); }

extern "C" __global__ void hash(unsigned n, const unsigned *in, unsigned *out)
{
    unsigned i = INDEX;
    if (i >= n)
        return;
    unsigned a = in[i], b = i, c = 0x9e3779b9;
    for (int k = 0; k < 8; k++) {
        a = rotate(a + (b ^ c), 7);
        b = __builtin_bswap32(b) ^ (a & c | ~a & b);
        c += __builtin_popcount(a) * __builtin_clz(b | 1) + (a >> (b & 31));
        c ^= __builtin_bitreverse32(a) * 0x85ebca6b;
    }
    out[i] = a ^ b ^ c;
}

extern "C" __global__ void modular(unsigned n, const unsigned long long *in, unsigned long long *out)
{
    unsigned i = INDEX;
    if (i >= n)
        return;
    unsigned long long base = in[i] % 1000003, result = 1, modulus = 998244353 + i;
    for (unsigned exponent = i * 37 + 5; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = result * base % modulus;
        base = base * base % modulus;
    }
    long long s = (long long)in[i];
    out[i] = result + (unsigned long long)(s / (long long)(i + 3)) * 31 + (unsigned long long)(s % 97)
             + (unsigned long long)((unsigned __int128)in[i] * result >> 64);
}

extern "C" __global__ void bodies(unsigned n, const double *x, double *force)
{
    unsigned i = INDEX;
    if (i >= n)
        return;
    double sum = 0;
    for (unsigned k = 0; k < n; k++) {
        double d = x[k] - x[i], r2 = d * d + 1e-3;
        sum += d / (r2 * __builtin_sqrt(r2));
    }
    force[i] = sum;
}

extern "C" __global__ void rounding(unsigned n, const float *in, int *out)
{
    unsigned i = INDEX;
    if (i >= n)
        return;
    float v = in[i];
    int sum = (int)v + (int)__builtin_floorf(v) * 3 + (int)__builtin_ceilf(v) * 5 + (int)__builtin_truncf(v) * 7
              + (int)__builtin_rintf(v) * 11;
    sum += (unsigned char)(v * 0.5f) + (short)(int)(v * 100);
    sum += v > 0 ? (int)(__builtin_sqrtf(v) * 1000 / (v + 1)) : (int)(__builtin_fabsf(v) + __builtin_fmaxf(v, -3));
    out[i] = sum + (int)(long long)((double)v * 1e6);
}
