#include "device.cuh"

// Divergent loops, early exits, switches, calls.

#define NOINLINE __attribute__((noinline))
#define INDEX (blockIdxX * blockDimX + threadIdxX)

extern "C" __global__ void mandelbrot(unsigned width, unsigned height, unsigned limit, unsigned *out)
{
    unsigned x = INDEX, y = blockIdxY;
    if (x >= width)
        return;
    float cx = (float)x / width * 3 - 2, cy = (float)y / height * 2 - 1, zx = 0, zy = 0;
    unsigned i = 0;
    while (i < limit && zx * zx + zy * zy < 4) {
        float next = zx * zx - zy * zy + cx;
        zy = 2 * zx * zy + cy;
        zx = next;
        i++;
    }
    out[y * width + x] = i;
}

extern "C" __global__ void collatz(unsigned n, unsigned *steps)
{
    unsigned i = INDEX;
    if (i >= n)
        return;
    unsigned long long value = i + 1;
    unsigned count = 0;
    for (;;) {
        if (value == 1)
            break;
        if (count > 200) {
            count = 0xffffffff;
            break;
        }
        if (value & 1) {
            value = 3 * value + 1;
            if (value % 5 == 0) {
                count += 2;
                continue;
            }
        } else
            value >>= 1;
        count++;
    }
    steps[i] = count;
}

extern "C" __global__ void interpret(unsigned n, const unsigned char *program, unsigned length, int *out)
{
    unsigned i = INDEX;
    if (i >= n)
        return;
    int a = i, b = 1;
    for (unsigned pc = 0; pc < length; pc++)
        switch ((program[pc] + i) % 8) {
        case 0: a += b; break;
        case 1: a *= 3; break;
        case 2: b = a ^ b; break;
        case 3: if (a & 1) return; break;
        case 4: a = b - a; break;
        case 5: for (int k = 0; k < (a & 7); k++) b += k * a;
                break;
        case 6: a = __builtin_popcount(a) + b;
        default: b++;
        }
    out[i] = a * 31 + b;
}

struct Vector { float x, y, z; };

__device__ NOINLINE static Vector cross(Vector a, Vector b)
{
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

__device__ NOINLINE static int gcd(int a, int b)
{
    while (b) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

__device__ NOINLINE static void bump(int *counter, int by) { *counter += by; }

extern "C" __global__ void calls(unsigned n, Vector *vectors, int *divisors)
{
    unsigned i = INDEX;
    if (i >= n)
        return;
    Vector v = cross(vectors[i], {1, (float)i, -2});
    vectors[i] = i % 3 ? v : cross(v, vectors[i]);
    int counter = gcd(i * 12, 90 + i % 7);
    if (i & 1)
        bump(&counter, gcd(i, 8));
    divisors[i] = counter;
}
