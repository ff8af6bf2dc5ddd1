/* Bodies that attract each other, a Fourier transform in shared memory, a sparse matrix times a vector. */
#include "check.h"
#include <complex>

__global__ void forces(const float4 *bodies, float3 *out, int n)
{
    __shared__ float4 part[128];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float4 own = i < n ? bodies[i] : make_float4(0, 0, 0, 0);
    float3 sum = make_float3(0, 0, 0);
    for (int base = 0; base < n; base += blockDim.x) {
        part[threadIdx.x] = base + threadIdx.x < n ? bodies[base + threadIdx.x] : make_float4(0, 0, 0, 0);
        __syncthreads();
        for (int j = 0; j < blockDim.x; j++) {
            float dx = part[j].x - own.x, dy = part[j].y - own.y, dz = part[j].z - own.z;
            float r = dx * dx + dy * dy + dz * dz + 0.01f;
            float scale = part[j].w / (r * sqrtf(r));
            sum.x += dx * scale;
            sum.y += dy * scale;
            sum.z += dz * scale;
        }
        __syncthreads();
    }
    if (i < n)
        out[i] = sum;
}

__global__ void fft(float2 *data)
{
    /* One block per transform of 256: radix 2, in place, after the order of bits is reversed. */
    __shared__ float2 x[256];
    int t = threadIdx.x;
    float2 *mine = data + blockIdx.x * 256;
    x[__brev(t) >> 24] = mine[t];
    __syncthreads();
    for (int half = 1; half < 256; half *= 2) {
        int pair = t % half, group = t / half;
        if (group % 2 == 0) {
            float s, c;
            sincosf(-3.14159265358979f * (float)pair / (float)half, &s, &c);
            int low = group * half + pair, high = low + half;
            float2 a = x[low], b = x[high];
            float2 turned = make_float2(b.x * c - b.y * s, b.x * s + b.y * c);
            x[low] = make_float2(a.x + turned.x, a.y + turned.y);
            x[high] = make_float2(a.x - turned.x, a.y - turned.y);
        }
        __syncthreads();
    }
    mine[t] = x[t];
}

__global__ void spmv(const int *rows, const int *columns, const double *values, const double *x, double *y, int n)
{
    /* A warp per row. */
    int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x % 32;
    if (row >= n)
        return;
    double sum = 0;
    for (int i = rows[row] + lane; i < rows[row + 1]; i += 32)
        sum += values[i] * __ldg(&x[columns[i]]);
    for (int step = 16; step > 0; step /= 2)
        sum += __shfl_down_sync(0xffffffff, sum, step);
    if (lane == 0)
        y[row] = sum;
}

int main()
{
    int bad = 0;
    {
        const int n = 500;
        std::vector<float4> bodies(n);
        std::vector<float> want, got;
        for (auto &b : bodies)
            b = make_float4(next_float(), next_float(), next_float(), 1 + next_float());
        for (int i = 0; i < n; i++) {
            double sum[3] = {};
            for (auto &b : bodies) {
                double d[3] = {(double)b.x - bodies[i].x, (double)b.y - bodies[i].y, (double)b.z - bodies[i].z};
                double r = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + 0.01;
                for (int k = 0; k < 3; k++)
                    sum[k] += d[k] * b.w / (r * std::sqrt(r));
            }
            want.insert(want.end(), {(float)sum[0], (float)sum[1], (float)sum[2]});
        }
        Device<float4> in(bodies);
        Device<float3> out(n);
        forces<<<(n + 127) / 128, 128>>>(in.data, out.data, n);
        for (auto &f : out.read())
            got.insert(got.end(), {f.x, f.y, f.z});
        bad += compare("forces", got, want, 1e-4);
    }
    {
        const int n = 256, batch = 9;
        std::vector<float2> in(n * batch);
        std::vector<float> want, got;
        for (auto &z : in)
            z = make_float2(next_float(), next_float());
        for (int b = 0; b < batch; b++)
            for (int k = 0; k < n; k++) {
                std::complex<double> sum;
                for (int j = 0; j < n; j++)
                    sum += std::complex<double>(in[b * n + j].x, in[b * n + j].y) * std::polar(1.0, -2 * M_PI * k * j / n);
                want.insert(want.end(), {(float)sum.real(), (float)sum.imag()});
            }
        Device<float2> data(in);
        fft<<<batch, n>>>(data.data);
        for (auto &z : data.read())
            got.insert(got.end(), {z.x, z.y});
        bad += compare("transform", got, want, 1e-4);
    }
    {
        const int n = 1000;
        std::vector<int> rows = {0}, columns;
        std::vector<double> values, x(n), want(n);
        for (auto &v : x)
            v = next_float();
        for (int i = 0; i < n; i++) {
            for (unsigned int count = next_random() % 90; count > 0; count--) {
                columns.push_back((int)(next_random() % n));
                values.push_back(next_float());
                want[i] += values.back() * x[columns.back()];
            }
            rows.push_back((int)columns.size());
        }
        Device<int> r(rows), c(columns);
        Device<double> v(values), dx(x), y(n);
        spmv<<<(n * 32 + 127) / 128, 128>>>(r.data, c.data, v.data, dx.data, y.data, n);
        bad += compare("sparse", y.read(), want, 1e-12);
    }
    TRY(cudaGetLastError());
    return bad;
}
