/* Maths in kernels. What the hardware has is one instruction; the rest is computed in double precision, so that float results
 * are rounded once (error below 1 ulp of float). Double functions are good to about 2 ulp; sin, cos and tan for arguments up to
 * 2^50. The __names are the fast forms of the programming guide. */
#pragma once

/* Reinterpretations and conversions. */
WEIR_DEVICE long long __double_as_longlong(double x) { long long bits; __builtin_memcpy(&bits, &x, 8); return bits; }
WEIR_DEVICE double __longlong_as_double(long long x) { double bits; __builtin_memcpy(&bits, &x, 8); return bits; }
WEIR_DEVICE int __double2hiint(double x) { return (int)(__double_as_longlong(x) >> 32); }
WEIR_DEVICE int __double2loint(double x) { return (int)__double_as_longlong(x); }
WEIR_DEVICE double __hiloint2double(int high, int low)
{
    return __longlong_as_double((long long)high << 32 | (unsigned int)low);
}
WEIR_DEVICE int __float2int_rn(float x) { return __nvvm_f2i_rn(x); }
WEIR_DEVICE int __float2int_rz(float x) { return __nvvm_f2i_rz(x); }
WEIR_DEVICE int __float2int_rd(float x) { return __nvvm_f2i_rm(x); }
WEIR_DEVICE int __float2int_ru(float x) { return __nvvm_f2i_rp(x); }
WEIR_DEVICE unsigned int __float2uint_rn(float x) { return __nvvm_f2ui_rn(x); }
WEIR_DEVICE unsigned int __float2uint_rz(float x) { return __nvvm_f2ui_rz(x); }
WEIR_DEVICE float __int2float_rn(int x) { return (float)x; }
WEIR_DEVICE float __uint2float_rn(unsigned int x) { return (float)x; }
WEIR_DEVICE float __double2float_rn(double x) { return (float)x; }

/* What one instruction does. */
WEIR_DEVICE float sqrtf(float x) { return __nvvm_sqrt_rn_f(x); }
WEIR_DEVICE double sqrt(double x) { return __nvvm_sqrt_rn_d(x); }
WEIR_DEVICE float sqrt(float x) { return __nvvm_sqrt_rn_f(x); }
WEIR_DEVICE float rsqrtf(float x) { return __nvvm_rsqrt_approx_f(x); }
WEIR_DEVICE double rsqrt(double x) { return 1.0 / __nvvm_sqrt_rn_d(x); }
WEIR_DEVICE float __frsqrt_rn(float x) { return (float)(1.0 / __nvvm_sqrt_rn_d(x)); }
WEIR_DEVICE float __fsqrt_rn(float x) { return __nvvm_sqrt_rn_f(x); }
WEIR_DEVICE float __frcp_rn(float x) { return 1.0f / x; }
WEIR_DEVICE float __fdividef(float x, float y) { return __nvvm_div_approx_f(x, y); }
WEIR_DEVICE float __fdiv_rn(float x, float y) { return x / y; }
WEIR_DEVICE float __saturatef(float x) { return __nvvm_saturate_f(x); }
WEIR_DEVICE float __sinf(float x) { return __nvvm_sin_approx_f(x); }
WEIR_DEVICE float __cosf(float x) { return __nvvm_cos_approx_f(x); }
WEIR_DEVICE float __tanf(float x) { return __nvvm_div_approx_f(__sinf(x), __cosf(x)); }
WEIR_DEVICE float __log2f(float x) { return __nvvm_lg2_approx_f(x); }
WEIR_DEVICE float __logf(float x) { return __nvvm_lg2_approx_f(x) * 0.69314718056f; }
WEIR_DEVICE float __log10f(float x) { return __nvvm_lg2_approx_f(x) * 0.30102999566f; }
WEIR_DEVICE float __expf(float x) { return __nvvm_ex2_approx_f(x * 1.44269504089f); }
WEIR_DEVICE float __exp10f(float x) { return __nvvm_ex2_approx_f(x * 3.32192809489f); }
WEIR_DEVICE float __powf(float x, float y) { return __nvvm_ex2_approx_f(y * __nvvm_lg2_approx_f(x)); }
WEIR_DEVICE float __fmaf_rn(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
WEIR_DEVICE double __fma_rn(double x, double y, double z) { return __builtin_fma(x, y, z); }
WEIR_DEVICE float __fadd_rn(float x, float y) { return __nvvm_add_rn_f(x, y); }
WEIR_DEVICE float __fsub_rn(float x, float y) { return __nvvm_add_rn_f(x, -y); }
WEIR_DEVICE float __fmul_rn(float x, float y) { return __nvvm_mul_rn_f(x, y); }
WEIR_DEVICE double __dadd_rn(double x, double y) { return __nvvm_add_rn_d(x, y); }
WEIR_DEVICE double __dmul_rn(double x, double y) { return __nvvm_mul_rn_d(x, y); }

WEIR_DEVICE double floor(double x) { return __builtin_floor(x); }
WEIR_DEVICE float floorf(float x) { return __builtin_floorf(x); }
WEIR_DEVICE float floor(float x) { return __builtin_floorf(x); }
WEIR_DEVICE double ceil(double x) { return __builtin_ceil(x); }
WEIR_DEVICE float ceilf(float x) { return __builtin_ceilf(x); }
WEIR_DEVICE float ceil(float x) { return __builtin_ceilf(x); }
WEIR_DEVICE double trunc(double x) { return __builtin_trunc(x); }
WEIR_DEVICE float truncf(float x) { return __builtin_truncf(x); }
WEIR_DEVICE float trunc(float x) { return __builtin_truncf(x); }
WEIR_DEVICE double rint(double x) { return __builtin_rint(x); }
WEIR_DEVICE float rintf(float x) { return __builtin_rintf(x); }
WEIR_DEVICE float rint(float x) { return __builtin_rintf(x); }
WEIR_DEVICE double fabs(double x) { return __builtin_fabs(x); }
WEIR_DEVICE float fabsf(float x) { return __builtin_fabsf(x); }
WEIR_DEVICE float fabs(float x) { return __builtin_fabsf(x); }
WEIR_DEVICE double round(double x) { return __builtin_round(x); }
WEIR_DEVICE float roundf(float x) { return __builtin_roundf(x); }
WEIR_DEVICE float round(float x) { return __builtin_roundf(x); }
WEIR_DEVICE double nearbyint(double x) { return __builtin_nearbyint(x); }
WEIR_DEVICE float nearbyintf(float x) { return __builtin_nearbyintf(x); }
WEIR_DEVICE double fma(double x, double y, double z) { return __builtin_fma(x, y, z); }
WEIR_DEVICE float fmaf(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
WEIR_DEVICE float fma(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
WEIR_DEVICE double fmin(double x, double y) { return __builtin_fmin(x, y); }
WEIR_DEVICE float fminf(float x, float y) { return __builtin_fminf(x, y); }
WEIR_DEVICE double fmax(double x, double y) { return __builtin_fmax(x, y); }
WEIR_DEVICE float fmaxf(float x, float y) { return __builtin_fmaxf(x, y); }
WEIR_DEVICE double copysign(double x, double y) { return __builtin_copysign(x, y); }
WEIR_DEVICE float copysignf(float x, float y) { return __builtin_copysignf(x, y); }
WEIR_DEVICE double fdim(double x, double y) { return x > y ? x - y : x <= y ? 0 : x + y; }
WEIR_DEVICE float fdimf(float x, float y) { return x > y ? x - y : x <= y ? 0 : x + y; }
WEIR_DEVICE int abs(int x) { return x < 0 ? -x : x; }
WEIR_DEVICE long labs(long x) { return x < 0 ? -x : x; }
WEIR_DEVICE long long llabs(long long x) { return x < 0 ? -x : x; }
WEIR_DEVICE float abs(float x) { return __builtin_fabsf(x); }
WEIR_DEVICE double abs(double x) { return __builtin_fabs(x); }
WEIR_DEVICE long lrint(double x) { return (long)__builtin_rint(x); }
WEIR_DEVICE long lrintf(float x) { return (long)__builtin_rintf(x); }
WEIR_DEVICE long lround(double x) { return (long)__builtin_round(x); }
WEIR_DEVICE long lroundf(float x) { return (long)__builtin_roundf(x); }
WEIR_DEVICE int min(int x, int y) { return x < y ? x : y; }
WEIR_DEVICE int max(int x, int y) { return x > y ? x : y; }
WEIR_DEVICE unsigned int min(unsigned int x, unsigned int y) { return x < y ? x : y; }
WEIR_DEVICE unsigned int max(unsigned int x, unsigned int y) { return x > y ? x : y; }
WEIR_DEVICE long min(long x, long y) { return x < y ? x : y; }
WEIR_DEVICE long max(long x, long y) { return x > y ? x : y; }
WEIR_DEVICE unsigned long min(unsigned long x, unsigned long y) { return x < y ? x : y; }
WEIR_DEVICE unsigned long max(unsigned long x, unsigned long y) { return x > y ? x : y; }
WEIR_DEVICE long long min(long long x, long long y) { return x < y ? x : y; }
WEIR_DEVICE long long max(long long x, long long y) { return x > y ? x : y; }
WEIR_DEVICE unsigned long long min(unsigned long long x, unsigned long long y) { return x < y ? x : y; }
WEIR_DEVICE unsigned long long max(unsigned long long x, unsigned long long y) { return x > y ? x : y; }
WEIR_DEVICE float min(float x, float y) { return __builtin_fminf(x, y); }
WEIR_DEVICE float max(float x, float y) { return __builtin_fmaxf(x, y); }
WEIR_DEVICE double min(double x, double y) { return __builtin_fmin(x, y); }
WEIR_DEVICE double max(double x, double y) { return __builtin_fmax(x, y); }
#if !defined(isnan)
WEIR_DEVICE bool isnan(float x) { return x != x; }
WEIR_DEVICE bool isnan(double x) { return x != x; }
WEIR_DEVICE bool isinf(float x) { return __builtin_fabsf(x) == __builtin_inff(); }
WEIR_DEVICE bool isinf(double x) { return __builtin_fabs(x) == __builtin_inf(); }
WEIR_DEVICE bool isfinite(float x) { return __builtin_fabsf(x) < __builtin_inff(); }
WEIR_DEVICE bool isfinite(double x) { return __builtin_fabs(x) < __builtin_inf(); }
WEIR_DEVICE bool signbit(float x) { return __builtin_signbitf(x); }
WEIR_DEVICE bool signbit(double x) { return __builtin_signbit(x); }
#endif

/* Exponents. */
WEIR_DEVICE double weir_power_of_two(int e) { return __longlong_as_double((long long)(e + 1023) << 52); }
WEIR_DEVICE double ldexp(double x, int e)
{
    /* In up to three steps, each with an exponent that a number can have. */
    e = e < -2200 ? -2200 : e > 2200 ? 2200 : e;
    int step = e / 3;
    return x * weir_power_of_two(step) * weir_power_of_two(step) * weir_power_of_two(e - 2 * step);
}
WEIR_DEVICE float ldexpf(float x, int e) { return (float)ldexp((double)x, e); }
WEIR_DEVICE double scalbn(double x, int e) { return ldexp(x, e); }
WEIR_DEVICE float scalbnf(float x, int e) { return ldexpf(x, e); }
WEIR_DEVICE double frexp(double x, int *e)
{
    if (x == 0 || !(__builtin_fabs(x) < __builtin_inf())) {
        *e = 0;
        return x;
    }
    int shift = 0;
    if (__builtin_fabs(x) < 0x1p-1022) {
        x *= 0x1p54;
        shift = -54;
    }
    long long bits = __double_as_longlong(x);
    *e = (int)((bits >> 52) & 0x7ff) - 1022 + shift;
    return __longlong_as_double((bits & 0x800fffffffffffffLL) | 0x3fe0000000000000LL);
}
WEIR_DEVICE float frexpf(float x, int *e) { return (float)frexp((double)x, e); }
WEIR_DEVICE double modf(double x, double *whole)
{
    *whole = __builtin_trunc(x);
    return __builtin_copysign(__builtin_fabs(x) == __builtin_inf() ? 0 : x - *whole, x);
}
WEIR_DEVICE double fmod(double x, double y)
{
    double a = __builtin_fabs(x), b = __builtin_fabs(y);
    if (!(a < __builtin_inf()) || b == 0 || b != b)
        return __builtin_nan("");
    /* Exact: multiples of y are taken off that have few bits. */
    while (a >= b) {
        double t = b;
        int ea, eb;
        frexp(a, &ea);
        frexp(b, &eb);
        if (ea > eb) {
            t = ldexp(b, ea - eb);
            t = t > a ? t * 0.5 : t;
        }
        a -= t;
    }
    return __builtin_copysign(a, x);
}
WEIR_DEVICE float fmodf(float x, float y) { return (float)fmod((double)x, (double)y); }

/* e^t for |t| <= ln 2 / 2 */
WEIR_DEVICE double weir_exp_series(double t)
{
    double p = 1.6059043836821613e-10;
    p = __builtin_fma(p, t, 2.08767569878681e-09);
    p = __builtin_fma(p, t, 2.505210838544172e-08);
    p = __builtin_fma(p, t, 2.755731922398589e-07);
    p = __builtin_fma(p, t, 2.7557319223985893e-06);
    p = __builtin_fma(p, t, 2.48015873015873e-05);
    p = __builtin_fma(p, t, 0.0001984126984126984);
    p = __builtin_fma(p, t, 0.001388888888888889);
    p = __builtin_fma(p, t, 0.008333333333333333);
    p = __builtin_fma(p, t, 0.041666666666666664);
    p = __builtin_fma(p, t, 0.16666666666666666);
    p = __builtin_fma(p, t, 0.5);
    p = __builtin_fma(p, t, 1.0);
    p = __builtin_fma(p, t, 1.0);
    return p;
}
/* (e^t - 1) / t for |t| <= 1/2 */
WEIR_DEVICE double weir_expm1_series(double t)
{
    double p = 4.779477332387385e-14;
    p = __builtin_fma(p, t, 7.647163731819816e-13);
    p = __builtin_fma(p, t, 1.1470745597729725e-11);
    p = __builtin_fma(p, t, 1.6059043836821613e-10);
    p = __builtin_fma(p, t, 2.08767569878681e-09);
    p = __builtin_fma(p, t, 2.505210838544172e-08);
    p = __builtin_fma(p, t, 2.755731922398589e-07);
    p = __builtin_fma(p, t, 2.7557319223985893e-06);
    p = __builtin_fma(p, t, 2.48015873015873e-05);
    p = __builtin_fma(p, t, 0.0001984126984126984);
    p = __builtin_fma(p, t, 0.001388888888888889);
    p = __builtin_fma(p, t, 0.008333333333333333);
    p = __builtin_fma(p, t, 0.041666666666666664);
    p = __builtin_fma(p, t, 0.16666666666666666);
    p = __builtin_fma(p, t, 0.5);
    p = __builtin_fma(p, t, 1.0);
    return p;
}
/* (atanh(s) / s - 1) / s^2, of t = s^2, for |s| <= 0.172 */
WEIR_DEVICE double weir_atanh_series(double t)
{
    double p = 0.04;
    p = __builtin_fma(p, t, 0.043478260869565216);
    p = __builtin_fma(p, t, 0.047619047619047616);
    p = __builtin_fma(p, t, 0.05263157894736842);
    p = __builtin_fma(p, t, 0.058823529411764705);
    p = __builtin_fma(p, t, 0.06666666666666667);
    p = __builtin_fma(p, t, 0.07692307692307693);
    p = __builtin_fma(p, t, 0.09090909090909091);
    p = __builtin_fma(p, t, 0.1111111111111111);
    p = __builtin_fma(p, t, 0.14285714285714285);
    p = __builtin_fma(p, t, 0.2);
    p = __builtin_fma(p, t, 0.3333333333333333);
    return p;
}
/* (sin(r) / r - 1) / r^2, of t = r^2, for |r| <= 0.79 */
WEIR_DEVICE double weir_sin_series(double t)
{
    double p = 2.8114572543455206e-15;
    p = __builtin_fma(p, t, -7.647163731819816e-13);
    p = __builtin_fma(p, t, 1.6059043836821613e-10);
    p = __builtin_fma(p, t, -2.505210838544172e-08);
    p = __builtin_fma(p, t, 2.7557319223985893e-06);
    p = __builtin_fma(p, t, -0.0001984126984126984);
    p = __builtin_fma(p, t, 0.008333333333333333);
    p = __builtin_fma(p, t, -0.16666666666666666);
    return p;
}
/* cos(r), of t = r^2, for |r| <= 0.79 */
WEIR_DEVICE double weir_cos_series(double t)
{
    double p = -1.5619206968586225e-16;
    p = __builtin_fma(p, t, 4.779477332387385e-14);
    p = __builtin_fma(p, t, -1.1470745597729725e-11);
    p = __builtin_fma(p, t, 2.08767569878681e-09);
    p = __builtin_fma(p, t, -2.755731922398589e-07);
    p = __builtin_fma(p, t, 2.48015873015873e-05);
    p = __builtin_fma(p, t, -0.001388888888888889);
    p = __builtin_fma(p, t, 0.041666666666666664);
    p = __builtin_fma(p, t, -0.5);
    p = __builtin_fma(p, t, 1.0);
    return p;
}
/* (atan(s) / s - 1) / s^2, of t = s^2, for |s| <= 0.42 */
WEIR_DEVICE double weir_atan_series(double t)
{
    double p = 0.022222222222222223;
    p = __builtin_fma(p, t, -0.023255813953488372);
    p = __builtin_fma(p, t, 0.024390243902439025);
    p = __builtin_fma(p, t, -0.02564102564102564);
    p = __builtin_fma(p, t, 0.02702702702702703);
    p = __builtin_fma(p, t, -0.02857142857142857);
    p = __builtin_fma(p, t, 0.030303030303030304);
    p = __builtin_fma(p, t, -0.03225806451612903);
    p = __builtin_fma(p, t, 0.034482758620689655);
    p = __builtin_fma(p, t, -0.037037037037037035);
    p = __builtin_fma(p, t, 0.04);
    p = __builtin_fma(p, t, -0.043478260869565216);
    p = __builtin_fma(p, t, 0.047619047619047616);
    p = __builtin_fma(p, t, -0.05263157894736842);
    p = __builtin_fma(p, t, 0.058823529411764705);
    p = __builtin_fma(p, t, -0.06666666666666667);
    p = __builtin_fma(p, t, 0.07692307692307693);
    p = __builtin_fma(p, t, -0.09090909090909091);
    p = __builtin_fma(p, t, 0.1111111111111111);
    p = __builtin_fma(p, t, -0.14285714285714285);
    p = __builtin_fma(p, t, 0.2);
    p = __builtin_fma(p, t, -0.3333333333333333);
    return p;
}

WEIR_DEVICE double exp(double x)
{
    if (x > 709.8)
        return __builtin_inf();
    if (x < -745.2)
        return 0;
    double k = __builtin_rint(x * 1.4426950408889634);
    double r = __builtin_fma(-k, 1.9082149292705877e-10, __builtin_fma(-k, 0.6931471803691238, x));
    return ldexp(weir_exp_series(r), (int)k);
}
WEIR_DEVICE double exp2(double x)
{
    if (x > 1025)
        return __builtin_inf();
    if (x < -1080)
        return 0;
    double k = __builtin_rint(x);
    return ldexp(weir_exp_series((x - k) * 0.6931471805599453), (int)k);
}
WEIR_DEVICE double exp10(double x)
{
    double k = __builtin_rint(x * 3.321928094887362);
    if (!(__builtin_fabs(x) < 400))
        return x > 0 ? __builtin_inf() : x < 0 ? 0 : x;
    double r = __builtin_fma(-k, -2.8363394551042263e-14, __builtin_fma(-k, 0.3010299956640095, x));
    return ldexp(weir_exp_series(r * 2.302585092994046), (int)k);
}
WEIR_DEVICE double expm1(double x)
{
    return __builtin_fabs(x) < 0.5 ? x * weir_expm1_series(x) : exp(x) - 1;
}
/* ln(x) in two parts, for what multiplies it. */
WEIR_DEVICE double weir_log(double x, double *low)
{
    int e;
    double m = frexp(x, &e);
    if (m < 0.7071067811865476) {
        m *= 2;
        e--;
    }
    double u = m - 1, v = m + 1, v_low = m - (v - 1);
    double s = u / v;
    double s_low = (__builtin_fma(-s, v, u) - s * v_low) / v;
    double t = s * s;
    double rest = 2 * (s_low + s * t * weir_atanh_series(t));
    double high = (double)e * 0.6931471803691238;
    double sum = high + 2 * s;
    rest += (2 * s - (sum - high)) + (double)e * 1.9082149292705877e-10;
    double whole = sum + rest;
    *low = rest - (whole - sum);
    return whole;
}
WEIR_DEVICE double log(double x)
{
    if (!(x > 0))
        return x == 0 ? -__builtin_inf() : __builtin_nan("");
    if (x == __builtin_inf())
        return x;
    double low, high = weir_log(x, &low);
    return high + low;
}
WEIR_DEVICE double log2(double x)
{
    if (!(x > 0) || x == __builtin_inf())
        return log(x);
    int e;
    double m = frexp(x, &e);
    if (m < 0.7071067811865476) {
        m *= 2;
        e--;
    }
    return (double)e + log(m) * 1.4426950408889634;
}
WEIR_DEVICE double log10(double x)
{
    if (!(x > 0) || x == __builtin_inf())
        return log(x);
    double low, high = weir_log(x, &low);
    return __builtin_fma(high, 0.4342944819032518, low * 0.4342944819032518 + high * 1.098319650216765e-17);
}
WEIR_DEVICE double log1p(double x)
{
    if (__builtin_fabs(x) < 0.29) {
        double s = x / (2 + x), t = s * s;
        return 2 * s + 2 * s * t * weir_atanh_series(t);
    }
    return log(1 + x);
}
WEIR_DEVICE double pow(double x, double y)
{
    if (y == 0 || x == 1)
        return 1;
    if (x != x || y != y)
        return __builtin_nan("");
    double size = __builtin_fabs(x);
    bool isInteger = __builtin_trunc(y) == y;
    bool isOdd = isInteger && __builtin_fabs(y) < 0x1p53 && ((long long)y & 1) != 0;
    double sign = x < 0 || (x == 0 && __builtin_signbit(x)) ? (isOdd ? -1 : 1) : 1;
    if (__builtin_fabs(y) == __builtin_inf())
        return size == 1 ? 1 : (size > 1) == (y > 0) ? __builtin_inf() : 0;
    if (x == 0 || size == __builtin_inf())
        return sign * ((x == 0) == (y > 0) ? 0 : __builtin_inf());
    if (x < 0 && !isInteger)
        return __builtin_nan("");
    double low, high = weir_log(size, &low);
    double product = y * high;
    double rest = __builtin_fma(y, high, -product) + y * low;
    if (product > 710)
        return sign * __builtin_inf();
    if (product < -746)
        return sign * 0;
    double power = exp(product);
    return sign * __builtin_fma(power, rest, power);
}
/* e^x / 2, also where e^x is too large. */
WEIR_DEVICE double weir_half_exp(double x)
{
    double root = exp(0.5 * x);
    return 0.5 * root * root;
}
WEIR_DEVICE double sinh(double x)
{
    if (__builtin_fabs(x) > 30)
        return __builtin_copysign(weir_half_exp(__builtin_fabs(x)), x);
    double m = expm1(__builtin_fabs(x));
    return __builtin_copysign(0.5 * (m + m / (m + 1)), x);
}
WEIR_DEVICE double cosh(double x)
{
    double a = __builtin_fabs(x);
    if (a > 30)
        return weir_half_exp(a);
    double e = exp(a);
    return 0.5 * (e + 1 / e);
}
WEIR_DEVICE double tanh(double x)
{
    double a = __builtin_fabs(x);
    if (a > 22)
        return __builtin_copysign(1.0, x);
    double m = expm1(2 * a);
    return __builtin_copysign(m / (m + 2), x);
}

/* x = quarter turns and a rest of at most an eighth. */
WEIR_DEVICE double weir_reduce(double x, int *quarters)
{
    double k = __builtin_rint(x * 0.6366197723675814);
    *quarters = (int)(k - 4 * __builtin_floor(k * 0.25));
    double r = __builtin_fma(-k, 1.5707963267948966, x);
    r = __builtin_fma(-k, 6.123233995736766e-17, r);
    return __builtin_fma(-k, -1.4973849048591833e-33, r);
}
WEIR_DEVICE double weir_sin_or_cos(double r, int quarters)
{
    double t = r * r;
    double value = (quarters & 1) != 0 ? weir_cos_series(t) : __builtin_fma(r * t, weir_sin_series(t), r);
    return (quarters & 2) != 0 ? -value : value;
}
WEIR_DEVICE double sin(double x)
{
    int quarters;
    double r = weir_reduce(x, &quarters);
    return x == 0 ? x : weir_sin_or_cos(r, quarters);
}
WEIR_DEVICE double cos(double x)
{
    int quarters;
    double r = weir_reduce(x, &quarters);
    return weir_sin_or_cos(r, quarters + 1);
}
WEIR_DEVICE double tan(double x)
{
    int quarters;
    double r = weir_reduce(x, &quarters);
    return x == 0 ? x : weir_sin_or_cos(r, quarters) / weir_sin_or_cos(r, quarters + 1);
}
WEIR_DEVICE void sincos(double x, double *s, double *c)
{
    int quarters;
    double r = weir_reduce(x, &quarters);
    *s = weir_sin_or_cos(r, quarters);
    *c = weir_sin_or_cos(r, quarters + 1);
}
WEIR_DEVICE double sinpi(double x)
{
    double k = __builtin_rint(2 * x);
    return weir_sin_or_cos((x - 0.5 * k) * 3.141592653589793, (int)(k - 4 * __builtin_floor(k * 0.25)));
}
WEIR_DEVICE double cospi(double x)
{
    double k = __builtin_rint(2 * x);
    return weir_sin_or_cos((x - 0.5 * k) * 3.141592653589793, (int)(k - 4 * __builtin_floor(k * 0.25)) + 1);
}
WEIR_DEVICE double atan(double x)
{
    double a = __builtin_fabs(x), offset = 0, s = a;
    if (a > 2.414213562373095) {
        offset = 1.5707963267948966;
        s = -1 / a;
    } else if (a > 0.4142135623730951) {
        offset = 0.7853981633974483;
        s = (a - 1) / (a + 1);
    }
    double t = s * s;
    return __builtin_copysign(offset + (s + s * t * weir_atan_series(t)), x);
}
WEIR_DEVICE double atan2(double y, double x)
{
    if (x != x || y != y)
        return __builtin_nan("");
    double ax = __builtin_fabs(x), ay = __builtin_fabs(y), angle;
    if (ax == __builtin_inf() && ay == __builtin_inf())
        angle = 0.7853981633974483;
    else if (ay > ax)
        angle = 1.5707963267948966 - atan(ax / ay);
    else
        angle = ay == 0 ? 0 : atan(ay / ax);
    return __builtin_copysign(__builtin_signbit(x) ? 3.141592653589793 - angle : angle, y);
}
WEIR_DEVICE double asin(double x) { return x == 0 ? x : atan2(x, sqrt((1 - x) * (1 + x))); }
WEIR_DEVICE double acos(double x) { return atan2(sqrt((1 - x) * (1 + x)), x); }
WEIR_DEVICE double asinh(double x)
{
    double a = __builtin_fabs(x);
    return __builtin_copysign(a > 1e8 ? log(a) + 0.6931471805599453 : log1p(a + a * a / (1 + sqrt(a * a + 1))), x);
}
WEIR_DEVICE double acosh(double x) { return x > 1e8 ? log(x) + 0.6931471805599453 : log1p(x - 1 + sqrt((x - 1) * (x + 1))); }
WEIR_DEVICE double atanh(double x) { return 0.5 * log1p(2 * x / (1 - x)); }
WEIR_DEVICE double hypot(double x, double y)
{
    double a = fmax(__builtin_fabs(x), __builtin_fabs(y)), b = fmin(__builtin_fabs(x), __builtin_fabs(y));
    if (a == __builtin_inf() || a == 0)
        return a;
    return a * sqrt(1 + (b / a) * (b / a));
}
WEIR_DEVICE double cbrt(double x)
{
    double a = __builtin_fabs(x);
    if (a == 0 || !(a < __builtin_inf()))
        return x;
    double r = exp(log(a) * (1.0 / 3));
    r -= (r * r * r - a) / (3 * r * r);
    return __builtin_copysign(r, x);
}
WEIR_DEVICE double erf(double x)
{
    double a = __builtin_fabs(x), sum, term;
    if (a < 2.5) {
        sum = term = a;
        for (int n = 1; n < 60; n++) {
            term *= -a * a / n;
            sum += term / (2 * n + 1);
        }
        return __builtin_copysign(sum * 1.1283791670955126, x);
    }
    if (a > 6)
        return __builtin_copysign(1.0, x);
    sum = 0;
    for (int n = 60; n > 0; n--)
        sum = n * 0.5 / (a + sum);
    return __builtin_copysign(1 - exp(-a * a) * 0.5641895835477563 / (a + sum), x);
}
WEIR_DEVICE double erfc(double x)
{
    if (x < 2.5)
        return 1 - erf(x);
    double sum = 0;
    for (int n = 60; n > 0; n--)
        sum = n * 0.5 / (x + sum);
    return exp(-x * x) * 0.5641895835477563 / (x + sum);
}

/* Float: rounded from double. */
WEIR_DEVICE float expf(float x) { return (float)exp((double)x); }
WEIR_DEVICE float exp2f(float x) { return (float)exp2((double)x); }
WEIR_DEVICE float exp10f(float x) { return (float)exp10((double)x); }
WEIR_DEVICE float expm1f(float x) { return (float)expm1((double)x); }
WEIR_DEVICE float logf(float x) { return (float)log((double)x); }
WEIR_DEVICE float log2f(float x) { return (float)log2((double)x); }
WEIR_DEVICE float log10f(float x) { return (float)log10((double)x); }
WEIR_DEVICE float log1pf(float x) { return (float)log1p((double)x); }
WEIR_DEVICE float sinf(float x) { return (float)sin((double)x); }
WEIR_DEVICE float cosf(float x) { return (float)cos((double)x); }
WEIR_DEVICE float tanf(float x) { return (float)tan((double)x); }
WEIR_DEVICE float sinpif(float x) { return (float)sinpi((double)x); }
WEIR_DEVICE float cospif(float x) { return (float)cospi((double)x); }
WEIR_DEVICE float asinf(float x) { return (float)asin((double)x); }
WEIR_DEVICE float acosf(float x) { return (float)acos((double)x); }
WEIR_DEVICE float atanf(float x) { return (float)atan((double)x); }
WEIR_DEVICE float sinhf(float x) { return (float)sinh((double)x); }
WEIR_DEVICE float coshf(float x) { return (float)cosh((double)x); }
WEIR_DEVICE float tanhf(float x) { return (float)tanh((double)x); }
WEIR_DEVICE float asinhf(float x) { return (float)asinh((double)x); }
WEIR_DEVICE float acoshf(float x) { return (float)acosh((double)x); }
WEIR_DEVICE float atanhf(float x) { return (float)atanh((double)x); }
WEIR_DEVICE float cbrtf(float x) { return (float)cbrt((double)x); }
WEIR_DEVICE float erff(float x) { return (float)erf((double)x); }
WEIR_DEVICE float erfcf(float x) { return (float)erfc((double)x); }
WEIR_DEVICE float exp(float x) { return expf(x); }
WEIR_DEVICE float exp2(float x) { return exp2f(x); }
WEIR_DEVICE float log(float x) { return logf(x); }
WEIR_DEVICE float log2(float x) { return log2f(x); }
WEIR_DEVICE float log10(float x) { return log10f(x); }
WEIR_DEVICE float sin(float x) { return sinf(x); }
WEIR_DEVICE float cos(float x) { return cosf(x); }
WEIR_DEVICE float tan(float x) { return tanf(x); }
WEIR_DEVICE float asin(float x) { return asinf(x); }
WEIR_DEVICE float acos(float x) { return acosf(x); }
WEIR_DEVICE float atan(float x) { return atanf(x); }
WEIR_DEVICE float sinh(float x) { return sinhf(x); }
WEIR_DEVICE float cosh(float x) { return coshf(x); }
WEIR_DEVICE float tanh(float x) { return tanhf(x); }
WEIR_DEVICE float powf(float x, float y) { return (float)pow((double)x, (double)y); }
WEIR_DEVICE float pow(float x, float y) { return powf(x, y); }
WEIR_DEVICE float atan2f(float y, float x) { return (float)atan2((double)y, (double)x); }
WEIR_DEVICE float hypotf(float x, float y) { return (float)hypot((double)x, (double)y); }
WEIR_DEVICE void sincosf(float x, float *s, float *c)
{
    double ds, dc;
    sincos((double)x, &ds, &dc);
    *s = (float)ds;
    *c = (float)dc;
}
WEIR_DEVICE void __sincosf(float x, float *s, float *c)
{
    *s = __sinf(x);
    *c = __cosf(x);
}
