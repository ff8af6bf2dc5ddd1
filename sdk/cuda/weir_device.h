/* What kernels call: index variables, barriers, warp operations, atomics, bit operations. Each is one PTX instruction or a few;
 * meanings are those of the CUDA C++ Programming Guide. */
#pragma once

#define WEIR_DEVICE static __inline__ __device__ __attribute__((always_inline))

/* threadIdx and its like are objects without storage: reading a field reads the special register. */
#define WEIR_INDEX(type, variable, register)                                                                                   \
    struct type {                                                                                                              \
        __declspec(property(get = get_x)) unsigned int x;                                                                      \
        __declspec(property(get = get_y)) unsigned int y;                                                                      \
        __declspec(property(get = get_z)) unsigned int z;                                                                      \
        WEIR_DEVICE unsigned int get_x() { return __nvvm_read_ptx_sreg_##register##_x(); }                                     \
        WEIR_DEVICE unsigned int get_y() { return __nvvm_read_ptx_sreg_##register##_y(); }                                     \
        WEIR_DEVICE unsigned int get_z() { return __nvvm_read_ptx_sreg_##register##_z(); }                                     \
        __device__ operator dim3() const { return dim3(get_x(), get_y(), get_z()); }                                           \
        __device__ operator uint3() const { return uint3{get_x(), get_y(), get_z()}; }                                         \
    };                                                                                                                         \
    extern const __device__ __attribute__((weak)) type variable
WEIR_INDEX(weir_threadIdx, threadIdx, tid);
WEIR_INDEX(weir_blockIdx, blockIdx, ctaid);
WEIR_INDEX(weir_blockDim, blockDim, ntid);
WEIR_INDEX(weir_gridDim, gridDim, nctaid);
#undef WEIR_INDEX
#define warpSize 32

/* Barriers and fences; __syncthreads is the compiler's own. */
WEIR_DEVICE int __syncthreads_count(int p) { return __nvvm_bar0_popc(p); }
WEIR_DEVICE int __syncthreads_and(int p) { return __nvvm_bar0_and(p); }
WEIR_DEVICE int __syncthreads_or(int p) { return __nvvm_bar0_or(p); }
WEIR_DEVICE void __syncwarp(unsigned int mask = 0xffffffff) { __nvvm_bar_warp_sync(mask); }
WEIR_DEVICE void __threadfence_block() { __nvvm_membar_cta(); }
WEIR_DEVICE void __threadfence() { __nvvm_membar_gl(); }
WEIR_DEVICE void __threadfence_system() { __nvvm_membar_sys(); }

/* Warp: votes, shuffles, matches. */
WEIR_DEVICE unsigned int __activemask() { return __nvvm_activemask(); }
WEIR_DEVICE int __all_sync(unsigned int mask, int p) { return __nvvm_vote_all_sync(mask, p); }
WEIR_DEVICE int __any_sync(unsigned int mask, int p) { return __nvvm_vote_any_sync(mask, p); }
WEIR_DEVICE unsigned int __ballot_sync(unsigned int mask, int p) { return __nvvm_vote_ballot_sync(mask, p); }

#define WEIR_SHUFFLE(name, instruction, lane, clamp)                                                                           \
    WEIR_DEVICE int name(unsigned int mask, int value, lane, int width = 32)                                                   \
    {                                                                                                                          \
        return __nvvm_shfl_sync_##instruction##_i32(mask, value, at, ((32 - width) << 8) | clamp);                             \
    }                                                                                                                          \
    WEIR_DEVICE float name(unsigned int mask, float value, lane, int width = 32)                                               \
    {                                                                                                                          \
        return __nvvm_shfl_sync_##instruction##_f32(mask, value, at, ((32 - width) << 8) | clamp);                             \
    }                                                                                                                          \
    WEIR_DEVICE unsigned int name(unsigned int mask, unsigned int value, lane, int width = 32)                                 \
    {                                                                                                                          \
        return (unsigned int)name(mask, (int)value, at, width);                                                                \
    }                                                                                                                          \
    WEIR_DEVICE unsigned long long name(unsigned int mask, unsigned long long value, lane, int width = 32)                     \
    {                                                                                                                          \
        unsigned int low = name(mask, (unsigned int)value, at, width);                                                         \
        unsigned int high = name(mask, (unsigned int)(value >> 32), at, width);                                                \
        return (unsigned long long)high << 32 | low;                                                                           \
    }                                                                                                                          \
    WEIR_DEVICE long long name(unsigned int mask, long long value, lane, int width = 32)                                       \
    {                                                                                                                          \
        return (long long)name(mask, (unsigned long long)value, at, width);                                                    \
    }                                                                                                                          \
    WEIR_DEVICE unsigned long name(unsigned int mask, unsigned long value, lane, int width = 32)                               \
    {                                                                                                                          \
        return name(mask, (unsigned long long)value, at, width);                                                               \
    }                                                                                                                          \
    WEIR_DEVICE double name(unsigned int mask, double value, lane, int width = 32)                                             \
    {                                                                                                                          \
        unsigned long long bits;                                                                                               \
        __builtin_memcpy(&bits, &value, 8);                                                                                    \
        bits = name(mask, bits, at, width);                                                                                    \
        __builtin_memcpy(&value, &bits, 8);                                                                                    \
        return value;                                                                                                          \
    }
WEIR_SHUFFLE(__shfl_sync, idx, int at, 0x1f)
WEIR_SHUFFLE(__shfl_up_sync, up, unsigned int at, 0)
WEIR_SHUFFLE(__shfl_down_sync, down, unsigned int at, 0x1f)
WEIR_SHUFFLE(__shfl_xor_sync, bfly, int at, 0x1f)
#undef WEIR_SHUFFLE

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 700
WEIR_DEVICE unsigned int __match_any_sync(unsigned int mask, unsigned int value)
{
    return __nvvm_match_any_sync_i32(mask, value);
}
WEIR_DEVICE unsigned int __match_any_sync(unsigned int mask, unsigned long long value)
{
    return __nvvm_match_any_sync_i64(mask, value);
}
#endif
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
WEIR_DEVICE unsigned int __reduce_add_sync(unsigned int mask, unsigned int value)
{
    return __nvvm_redux_sync_add(value, mask);
}
WEIR_DEVICE unsigned int __reduce_min_sync(unsigned int mask, unsigned int value)
{
    return __nvvm_redux_sync_umin(value, mask);
}
WEIR_DEVICE unsigned int __reduce_max_sync(unsigned int mask, unsigned int value)
{
    return __nvvm_redux_sync_umax(value, mask);
}
#endif

WEIR_DEVICE int __float_as_int(float x) { int bits; __builtin_memcpy(&bits, &x, 4); return bits; }
WEIR_DEVICE unsigned int __float_as_uint(float x) { unsigned int bits; __builtin_memcpy(&bits, &x, 4); return bits; }
WEIR_DEVICE float __int_as_float(int x) { float bits; __builtin_memcpy(&bits, &x, 4); return bits; }
WEIR_DEVICE float __uint_as_float(unsigned int x) { float bits; __builtin_memcpy(&bits, &x, 4); return bits; }

/* Atomics: relaxed, of the device, as atom without further words. */
#define WEIR_ATOMIC(name, type, cast, builtin)                                                                                 \
    WEIR_DEVICE type name(type *address, type value) { return (type)builtin((cast *)address, (cast)value, __ATOMIC_RELAXED); }
#define WEIR_ATOMIC_INTEGERS(name, builtin)                                                                                    \
    WEIR_ATOMIC(name, int, int, builtin)                                                                                       \
    WEIR_ATOMIC(name, unsigned int, unsigned int, builtin)                                                                     \
    WEIR_ATOMIC(name, unsigned long long, unsigned long long, builtin)                                                         \
    WEIR_ATOMIC(name, long long, long long, builtin)
WEIR_ATOMIC_INTEGERS(atomicAdd, __atomic_fetch_add)
WEIR_ATOMIC_INTEGERS(atomicSub, __atomic_fetch_sub)
WEIR_ATOMIC_INTEGERS(atomicAnd, __atomic_fetch_and)
WEIR_ATOMIC_INTEGERS(atomicOr, __atomic_fetch_or)
WEIR_ATOMIC_INTEGERS(atomicXor, __atomic_fetch_xor)
WEIR_ATOMIC_INTEGERS(atomicMin, __atomic_fetch_min)
WEIR_ATOMIC_INTEGERS(atomicMax, __atomic_fetch_max)
WEIR_ATOMIC_INTEGERS(atomicExch, __atomic_exchange_n)
#undef WEIR_ATOMIC_INTEGERS
#undef WEIR_ATOMIC
WEIR_DEVICE float atomicExch(float *address, float value)
{
    return __int_as_float(atomicExch((int *)address, __float_as_int(value)));
}
WEIR_DEVICE float atomicAdd(float *address, float value) { return __nvvm_atom_add_gen_f(address, value); }
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 600
WEIR_DEVICE double atomicAdd(double *address, double value) { return __nvvm_atom_add_gen_d(address, value); }
#endif
WEIR_DEVICE unsigned int atomicInc(unsigned int *address, unsigned int limit)
{
    return __nvvm_atom_inc_gen_ui(address, limit);
}
WEIR_DEVICE unsigned int atomicDec(unsigned int *address, unsigned int limit)
{
    return __nvvm_atom_dec_gen_ui(address, limit);
}
#define WEIR_CAS(type)                                                                                                         \
    WEIR_DEVICE type atomicCAS(type *address, type expected, type value)                                                       \
    {                                                                                                                          \
        __atomic_compare_exchange_n(address, &expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);                     \
        return expected;                                                                                                       \
    }
WEIR_CAS(int)
WEIR_CAS(unsigned int)
WEIR_CAS(unsigned long long)
#undef WEIR_CAS

/* Bits. */
WEIR_DEVICE int __popc(unsigned int x) { return __builtin_popcount(x); }
WEIR_DEVICE int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
WEIR_DEVICE int __clz(int x) { return x == 0 ? 32 : __builtin_clz(x); }
WEIR_DEVICE int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(x); }
WEIR_DEVICE int __ffs(int x) { return __builtin_ffs(x); }
WEIR_DEVICE int __ffsll(long long x) { return __builtin_ffsll(x); }
WEIR_DEVICE unsigned int __brev(unsigned int x) { return __builtin_bitreverse32(x); }
WEIR_DEVICE unsigned long long __brevll(unsigned long long x) { return __builtin_bitreverse64(x); }
WEIR_DEVICE unsigned int __byte_perm(unsigned int a, unsigned int b, unsigned int s) { return __nvvm_prmt(a, b, s); }
WEIR_DEVICE unsigned int __funnelshift_l(unsigned int low, unsigned int high, unsigned int shift)
{
    return (unsigned int)((((unsigned long long)high << 32 | low) << (shift & 31)) >> 32);
}
WEIR_DEVICE unsigned int __funnelshift_r(unsigned int low, unsigned int high, unsigned int shift)
{
    return (unsigned int)(((unsigned long long)high << 32 | low) >> (shift & 31));
}
WEIR_DEVICE int __mulhi(int a, int b) { return (int)(((long long)a * b) >> 32); }
WEIR_DEVICE unsigned int __umulhi(unsigned int a, unsigned int b) { return (unsigned int)(((unsigned long long)a * b) >> 32); }
WEIR_DEVICE unsigned long long __umul64hi(unsigned long long a, unsigned long long b) { return __nvvm_mulhi_ull(a, b); }
WEIR_DEVICE int __mul24(int a, int b) { return ((a << 8) >> 8) * ((b << 8) >> 8); }
WEIR_DEVICE unsigned int __sad(int a, int b, unsigned int c) { return c + (unsigned int)(a < b ? b - a : a - b); }

/* Read-only loads and time. */
template <class T> WEIR_DEVICE T __ldg(const T *address) { return *address; }
WEIR_DEVICE long long clock64() { return __nvvm_read_ptx_sreg_clock64(); }
WEIR_DEVICE int clock() { return __nvvm_read_ptx_sreg_clock(); }
WEIR_DEVICE void __trap() { __builtin_trap(); }

/* What the device does for a kernel: text on the program's standard output at the next synchronisation, memory, assertions. */
extern "C" {
__device__ int vprintf(const char *format, const char *arguments);
__device__ int printf(const char *format, ...);
__device__ void *malloc(size_t bytes) __attribute__((nothrow, malloc));
__device__ void free(void *memory) __attribute__((nothrow));
__device__ void __assertfail(const char *message, const char *file, unsigned int line, const char *function, size_t characterBytes)
    __attribute__((noreturn));
__device__ static __inline__ __attribute__((noreturn)) void __assert_fail(const char *message, const char *file, unsigned int line,
                                                                         const char *function)
{
    __assertfail(message, file, line, function, sizeof(char));
}
}
/* new and delete in kernels: clang's own header makes them of malloc and free. */
#include <new>
