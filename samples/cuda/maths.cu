/* The header's maths against the C library's, over ranges and corner values. */
#include "check.h"
#include <cfloat>

#define EACH_FUNCTION(X)                                                                                                       \
    X(exp) X(exp2) X(expm1) X(log) X(log2) X(log10) X(log1p) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh) X(cosh)      \
    X(tanh) X(asinh) X(acosh) X(atanh) X(cbrt) X(erf) X(erfc) X(sqrt) X(floor) X(ceil) X(trunc) X(rint) X(round) X(fabs)

#define KERNEL(name)                                                                                                              \
    __global__ void name##_double(const double *in, double *out, int n)                                                           \
    {                                                                                                                          \
        int i = blockIdx.x * blockDim.x + threadIdx.x;                                                                         \
        if (i < n)                                                                                                             \
            out[i] = name(in[i]);                                                                                                 \
    }                                                                                                                          \
    __global__ void name##_float(const float *in, float *out, int n)                                                              \
    {                                                                                                                          \
        int i = blockIdx.x * blockDim.x + threadIdx.x;                                                                         \
        if (i < n)                                                                                                             \
            out[i] = name##f(in[i]);                                                                                              \
    }
EACH_FUNCTION(KERNEL)

__global__ void two_double(const double *in, double *power, double *angle, double *rest, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        double x = in[i], y = in[(i * 7 + 3) % n];
        power[i] = pow(x, y);
        angle[i] = atan2(x, y);
        rest[i] = fmod(x, y);
    }
}

__global__ void halves(const float *in, unsigned short *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = __half_as_ushort(__hfma(__half(in[i]), __half(in[(i + 1) % n]), __half(in[(i + 2) % n])));
}

template <class T> static std::vector<T> arguments()
{
    std::vector<T> all = {0, (T)-0.0, 1, -1, (T)0.5, 2, (T)1e-8, (T)-1e-8, 30, -30, 700, -700, (T)INFINITY, (T)-INFINITY, (T)NAN};
    for (int i = 0; i < 2000; i++)
        all.push_back((T)next_float() * (T)std::pow(10.0, (double)(next_random() % 9) - 4));
    return all;
}

int main()
{
    int bad = 0;
    std::vector<double> d = arguments<double>();
    std::vector<float> f = arguments<float>();
    const int n = (int)d.size();
    Device<double> in(d), out(n), out2(n), out3(n);
    Device<float> in32(f), out32(n);
#define CHECK(name)                                                                                                            \
    {                                                                                                                          \
        std::vector<double> want;                                                                                              \
        std::vector<float> want32;                                                                                             \
        for (double x : d)                                                                                                     \
            want.push_back(std::name(x));                                                                                      \
        for (float x : f)                                                                                                      \
            want32.push_back((float)std::name((double)x));                                                                     \
        name##_double<<<(n + 127) / 128, 128>>>(in.data, out.data, n);                                                         \
        name##_float<<<(n + 127) / 128, 128>>>(in32.data, out32.data, n);                                                      \
        bad += compare(#name, out.read(), want, 2e-14) + compare(#name "f", out32.read(), want32, 2e-7);                       \
    }
    EACH_FUNCTION(CHECK)
    std::vector<double> power, angle, rest;
    for (int i = 0; i < n; i++) {
        double x = d[i], y = d[(i * 7 + 3) % n];
        power.push_back(std::pow(x, y));
        angle.push_back(std::atan2(x, y));
        rest.push_back(std::fmod(x, y));
    }
    two_double<<<(n + 127) / 128, 128>>>(in.data, out.data, out2.data, out3.data, n);
    bad += compare("pow", out.read(), power, 1e-12) + compare("atan2", out2.read(), angle, 1e-14) +
           compare("fmod", out3.read(), rest);
    std::vector<unsigned short> want16;
    for (int i = 0; i < n; i++)
        want16.push_back(__half_as_ushort(__hfma(__half(f[i]), __half(f[(i + 1) % n]), __half(f[(i + 2) % n]))));
    Device<unsigned short> out16(n);
    halves<<<(n + 127) / 128, 128>>>(in32.data, out16.data, n);
    bad += compare("half", out16.read(), want16);
    TRY(cudaGetLastError());
    return bad == 0 ? 0 : 1;
}
