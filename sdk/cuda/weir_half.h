/* Half precision: __half and __half2 in the names of cuda_fp16.h. Arithmetic is done in float and rounded back, which gives the
 * same results as half instructions for single operations. */
#pragma once

#define WEIR_BOTH static __inline__ __host__ __device__

struct __half {
    unsigned short bits;
    __half() = default;
    WEIR_BOTH float to_float(unsigned short bits)
    {
#if defined(__CUDA_ARCH__)
        float value;
        asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
        return value;
#else
        unsigned int sign = (unsigned int)(bits & 0x8000) << 16, exponent = bits >> 10 & 31, fraction = bits & 0x3ff, word;
        if (exponent == 31)
            word = sign | 0x7f800000 | fraction << 13;
        else if (exponent != 0)
            word = sign | (exponent + 112) << 23 | fraction << 13;
        else {
            float value = (float)fraction * 0x1p-24f;
            __builtin_memcpy(&word, &value, 4);
            word |= sign;
        }
        float value;
        __builtin_memcpy(&value, &word, 4);
        return value;
#endif
    }
    WEIR_BOTH unsigned short from_float(float value)
    {
#if defined(__CUDA_ARCH__)
        unsigned short bits;
        asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
        return bits;
#else
        unsigned int word;
        __builtin_memcpy(&word, &value, 4);
        unsigned int sign = word >> 16 & 0x8000, rest = word & 0x7fffffff;
        if (rest > 0x7f800000)
            return 0x7fff;
        if (rest >= 0x477ff000)
            return (unsigned short)(sign | 0x7c00);
        if (rest < 0x38800000) {
            /* Subnormal: in units of 2^-24, to nearest even by the addition. */
            float magnitude;
            __builtin_memcpy(&magnitude, &rest, 4);
            magnitude += 0.5f;
            __builtin_memcpy(&rest, &magnitude, 4);
            return (unsigned short)(sign | (rest - 0x3f000000));
        }
        rest += 0xfff + (rest >> 13 & 1);
        return (unsigned short)(sign | (rest - 0x38000000) >> 13);
#endif
    }
    __host__ __device__ __half(float value) : bits(from_float(value)) {}
    __host__ __device__ operator float() const { return to_float(bits); }
};
struct __attribute__((aligned(4))) __half2 {
    __half x, y;
};
typedef __half half;
typedef __half2 half2;

WEIR_BOTH __half __float2half(float value) { return __half(value); }
WEIR_BOTH __half __float2half_rn(float value) { return __half(value); }
WEIR_BOTH float __half2float(__half value) { return (float)value; }
WEIR_BOTH __half __ushort_as_half(unsigned short bits)
{
    __half value;
    value.bits = bits;
    return value;
}
WEIR_BOTH unsigned short __half_as_ushort(__half value) { return value.bits; }
WEIR_BOTH __half2 __halves2half2(__half x, __half y) { return __half2{x, y}; }
WEIR_BOTH __half2 __floats2half2_rn(float x, float y) { return __half2{__half(x), __half(y)}; }
WEIR_BOTH __half2 __float2half2_rn(float value) { return __half2{__half(value), __half(value)}; }
WEIR_BOTH float __low2float(__half2 value) { return (float)value.x; }
WEIR_BOTH float __high2float(__half2 value) { return (float)value.y; }
WEIR_BOTH float2 __half22float2(__half2 value) { return float2{(float)value.x, (float)value.y}; }

#define WEIR_HALF(name, operation)                                                                                             \
    WEIR_BOTH __half name(__half a, __half b) { return __half((float)a operation(float) b); }                                  \
    WEIR_BOTH __half2 name##2(__half2 a, __half2 b) { return __half2{name(a.x, b.x), name(a.y, b.y)}; }                        \
    WEIR_BOTH __half operator operation(__half a, __half b) { return name(a, b); }
WEIR_HALF(__hadd, +)
WEIR_HALF(__hsub, -)
WEIR_HALF(__hmul, *)
WEIR_HALF(__hdiv, /)
#undef WEIR_HALF
WEIR_BOTH __half __hfma(__half a, __half b, __half c)
{
    /* The sum is exact in double. It is rounded once: the float in between keeps in its last bit that something was cut off. */
    double sum = (double)(float)a * (double)(float)b + (double)(float)c;
    float value = (float)sum;
    if ((double)value != sum && sum == sum) {
        unsigned int word;
        __builtin_memcpy(&word, &value, 4);
        word -= __builtin_fabs((double)value) > __builtin_fabs(sum) ? 1 : 0;
        word |= 1;
        __builtin_memcpy(&value, &word, 4);
    }
    return __half(value);
}
WEIR_BOTH __half2 __hfma2(__half2 a, __half2 b, __half2 c) { return __half2{__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y)}; }
WEIR_BOTH bool __hlt(__half a, __half b) { return (float)a < (float)b; }
WEIR_BOTH bool __hgt(__half a, __half b) { return (float)a > (float)b; }
WEIR_BOTH bool __heq(__half a, __half b) { return (float)a == (float)b; }
#undef WEIR_BOTH
