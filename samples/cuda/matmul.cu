/* Matrix product in tiles, float and half; the transpose with a padded tile and with one whose banks conflict. */
#include "check.h"
#include <cuda_fp16.h>

enum { tile = 16 };

template <class T> __global__ void product(const T *a, const T *b, float *c, int m, int n, int k)
{
    __shared__ T left[tile][tile], right[tile][tile + 1];
    int row = blockIdx.y * tile + threadIdx.y, column = blockIdx.x * tile + threadIdx.x;
    float sum = 0;
    for (int base = 0; base < k; base += tile) {
        left[threadIdx.y][threadIdx.x] = row < m && base + threadIdx.x < k ? a[row * k + base + threadIdx.x] : T(0.0f);
        right[threadIdx.y][threadIdx.x] = base + threadIdx.y < k && column < n ? b[(base + threadIdx.y) * n + column] : T(0.0f);
        __syncthreads();
        for (int i = 0; i < tile; i++)
            sum = fmaf((float)left[threadIdx.y][i], (float)right[i][threadIdx.x], sum);
        __syncthreads();
    }
    if (row < m && column < n)
        c[row * n + column] = sum;
}

template <int padding> __global__ void transpose(const float *in, float *out, int width, int height)
{
    __shared__ float part[tile][tile + padding];
    int x = blockIdx.x * tile + threadIdx.x, y = blockIdx.y * tile + threadIdx.y;
    if (x < width && y < height)
        part[threadIdx.y][threadIdx.x] = in[y * width + x];
    __syncthreads();
    x = blockIdx.y * tile + threadIdx.x;
    y = blockIdx.x * tile + threadIdx.y;
    if (x < height && y < width)
        out[y * height + x] = part[threadIdx.x][threadIdx.y];
}

template <class T> static int multiply(const char *name, int m, int n, int k)
{
    std::vector<T> a(m * k), b(k * n);
    std::vector<float> want(m * n);
    for (auto &value : a)
        value = T(next_float());
    for (auto &value : b)
        value = T(next_float());
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            float sum = 0;
            for (int l = 0; l < k; l++)
                sum = std::fmaf((float)a[i * k + l], (float)b[l * n + j], sum);
            want[i * n + j] = sum;
        }
    Device<T> da(a), db(b);
    Device<float> c(m * n);
    dim3 blocks((n + tile - 1) / tile, (m + tile - 1) / tile), threads(tile, tile);
    product<T><<<blocks, threads>>>(da.data, db.data, c.data, m, n, k);
    TRY(cudaGetLastError());
    /* The same operations in the same order: not a bit may differ. */
    return compare(name, c.read(), want);
}

int main()
{
    const int width = 150, height = 77;
    std::vector<float> in(width * height), want(width * height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            want[x * height + y] = in[y * width + x] = next_float();
    Device<float> a(in), b(in.size()), c(in.size());
    dim3 blocks((width + tile - 1) / tile, (height + tile - 1) / tile), threads(tile, tile);
    transpose<0><<<blocks, threads>>>(a.data, b.data, width, height);
    transpose<1><<<blocks, threads>>>(a.data, c.data, width, height);
    TRY(cudaGetLastError());
    return multiply<float>("product", 65, 70, 83) + multiply<__half>("half product", 48, 33, 40) +
           compare("transpose", b.read(), want) + compare("padded transpose", c.read(), want);
}
