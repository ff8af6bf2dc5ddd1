// Kernels that make the compiler emit as many different instructions as ordinary CUDA code does. They are only
// lowered, never run, so what they compute means nothing.
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __noinline __attribute__((noinline))
#define KERNEL extern "C" __global__ void
typedef unsigned u32;
typedef unsigned long long u64;
typedef float f2 __attribute__((ext_vector_type(2)));
typedef float f4 __attribute__((ext_vector_type(4)));
typedef unsigned char u8x4 __attribute__((ext_vector_type(4)));

__constant__ float coefficients[4] = {1, 2, 3, 4};
__device__ int counter = 5;
__device__ int *pointer = &counter;
__device__ float table[16];
__device__ unsigned char bytes[5] = {1, 2, 3};
extern __shared__ float dynamic[];

static inline __device__ int tid() { return __nvvm_read_ptx_sreg_tid_x(); }
static inline __device__ int bid() { return __nvvm_read_ptx_sreg_ctaid_x(); }
static inline __device__ int bdim() { return __nvvm_read_ptx_sreg_ntid_x(); }

KERNEL saxpy(float a, float *x, float *y, int n) {
  int i = bid() * bdim() + tid();
  if (i < n) y[i] = a * x[i] + y[i];
}

KERNEL gemm(float *A, float *B, float *C, int n) {
  __shared__ float as[16][16], bs[16][16];
  int tx = tid(), ty = __nvvm_read_ptx_sreg_tid_y();
  int r = __nvvm_read_ptx_sreg_ctaid_y() * 16 + ty, c = bid() * 16 + tx;
  float s = 0;
  for (int k = 0; k < n; k += 16) {
    as[ty][tx] = A[r * n + k + tx];
    bs[ty][tx] = B[(k + ty) * n + c];
    __syncthreads();
    for (int j = 0; j < 16; j++) s += as[ty][j] * bs[j][tx];
    __syncthreads();
  }
  C[r * n + c] = s;
}

KERNEL reduce(float *x, float *o, int n) {
  float v = 0;
  for (int i = bid() * bdim() + tid(); i < n; i += bdim() * __nvvm_read_ptx_sreg_nctaid_x()) v += x[i];
  for (int d = 16; d; d >>= 1) v += __nvvm_shfl_sync_down_f32(0xffffffff, v, d, 31);
  __shared__ float w[32];
  if ((tid() & 31) == 0) w[tid() >> 5] = v;
  __syncthreads();
  if (tid() < 32) {
    v = tid() < bdim() / 32 ? w[tid()] : 0;
    for (int d = 16; d; d >>= 1) v += __nvvm_shfl_sync_down_f32(0xffffffff, v, d, 31);
    if (tid() == 0) __nvvm_atom_add_gen_f(o, v);
  }
}

KERNEL mandelbrot(u32 *o, int w, int h, int m) {
  int x = bid() * bdim() + tid(), y = __nvvm_read_ptx_sreg_ctaid_y(), i = 0;
  float cx = x * 3.f / w - 2, cy = y * 2.f / h - 1, zx = 0, zy = 0;
  while (i < m && zx * zx + zy * zy < 4) {
    float t = zx * zx - zy * zy + cx;
    zy = 2 * zx * zy + cy;
    zx = t;
    i++;
  }
  o[y * w + x] = i;
}

struct S {
  int a;
  float b;
  char c[5];
  double d;
};

__device__ __noinline int factorial(int a, int *p, double d) {
  int r = 1;
  for (int i = 1; i <= a; i++) r *= i + (int)d;
  *p += r;
  return r;
}

__device__ __noinline S change(S s, int k) {
  s.a += k;
  s.c[k % 5] = k;
  s.d = s.b;
  return s;
}

KERNEL calls(int *o, double d, S s) {
  int local[8];
  for (int i = 0; i < 8; i++) local[i] = o[i];
  o[tid()] = factorial(tid(), &local[tid() & 7], d) + local[(tid() + 1) & 7];
  S t = change(s, tid());
  o[tid() + 32] = t.a + t.c[2] + (int)t.d;
}

KERNEL choose(int *o, int k) {
  int v = o[tid()];
  switch (v) {
    case 0: v = k * 7; break;
    case 1: v = k / 3; break;
    case 2: v = k % 5; break;
    case 3: v = k >> 2; break;
    case 4: v ^= k; break;
    case 5: v |= k << 3; break;
    case 6: v = __builtin_clz(k); break;
    case 7: v = __builtin_popcount(k); break;
    default: v = -1;
  }
  o[tid()] = v;
}

KERNEL integers(u64 *o, u64 a, u64 b, u32 c, short s, signed char q) {
  o[0] = a * b;
  o[1] = __nvvm_mulhi_ull(a, b);
  o[2] = a / b;
  o[3] = a % b;
  o[4] = (long long)a >> c;
  o[5] = a << c | a >> (64 - c);
  o[6] = __builtin_bitreverse32(c);
  o[7] = __builtin_bitreverse64(a);
  o[8] = __builtin_clzll(a);
  o[9] = __builtin_popcountll(b);
  o[10] = (u32)(c << 7 | c >> 25);
  o[11] = __nvvm_prmt(c, c, 0x3210);
  o[12] = s * q;
  o[13] = (short)(s + q);
  o[14] = a < b ? a : b;
  o[15] = (unsigned __int128)a * b >> 64;
  unsigned __int128 z = ((unsigned __int128)a << 64 | b) + ((unsigned __int128)b << 64 | a);
  o[16] = z;
  o[17] = z >> 64;
  o[18] = __builtin_ctz(c);
  o[19] = s > 0 && q < 3 || c == 5;
  o[20] = __builtin_abs(q) + (s < q ? s : q);
}

KERNEL doubles(double *x, float *f, int n) {
  double a = x[tid()];
  x[tid()] = __builtin_sqrt(a) + a / 3 + (double)n;
  f[tid()] = (float)a + __builtin_sqrtf(f[0]) / f[1] + __builtin_fabsf(f[2]) + __builtin_floorf(f[3]) + __builtin_truncf(f[4]) +
             __builtin_ceilf(f[5]) + __builtin_rintf(f[7]);
  x[1] = (long long)a;
  x[2] = (u32)f[1];
  x[3] = __builtin_fmin(a, x[4]);
  x[5] = __builtin_fma(a, a, x[6]);
}

KERNEL floats(float *f, int n) {
  f[0] = __nvvm_sin_approx_f(f[0]) + __nvvm_cos_approx_ftz_f(f[1]) + __nvvm_ex2_approx_f(f[2]) + __nvvm_lg2_approx_f(f[3]) +
         __nvvm_rsqrt_approx_f(f[4]) + __nvvm_rcp_rn_f(f[5]) + __nvvm_div_approx_f(f[6], f[7]) + __nvvm_fma_rn_f(f[1], f[2], f[3]) +
         __nvvm_add_rn_f(f[3], f[4]) + __nvvm_saturate_f(f[1]) + __nvvm_sqrt_rn_ftz_f(f[5]);
  f[1] = __nvvm_f2i_rn(f[2]);
  f[3] = __nvvm_ui2f_rp(n);
  f[5] = __builtin_copysignf(f[6], f[7]);
  f[8] = f[8] != f[8];
  f[9] = __builtin_isinf(f[9]);
}

KERNEL atomics(int *i, u32 *u, float *f, double *d, u64 *l) {
  __nvvm_atom_add_gen_i(i, 1);
  __nvvm_atom_max_gen_i(i + 1, tid());
  __nvvm_atom_min_gen_ui(u, 3);
  __nvvm_atom_inc_gen_ui(u, 7);
  __nvvm_atom_dec_gen_ui(u + 1, 7);
  i[3] = __nvvm_atom_cas_gen_i(i + 4, 1, 2);
  __nvvm_atom_xchg_gen_ll((long long *)l, 5);
  __nvvm_atom_add_gen_d(d, 1.0);
  __nvvm_atom_or_gen_i(i, 4);
  __nvvm_atom_xor_gen_i(i, 4);
  __nvvm_atom_and_gen_i(i, 4);
  __shared__ int sh;
  sh = 0;
  __nvvm_bar_sync(1);
  __nvvm_atom_add_gen_i(&sh, 2);
  __nvvm_membar_gl();
  __nvvm_membar_cta();
  __nvvm_membar_sys();
  __atomic_store_n(i + 9, 1, __ATOMIC_RELAXED);
  i[10] = __atomic_load_n(i + 9, __ATOMIC_RELAXED);
  __atomic_fetch_add(u + 9, 3u, __ATOMIC_ACQ_REL);
  i[8] = sh;
  i[20] = __nvvm_bar0_popc(i[8]) + __nvvm_bar0_and(i[9]) + __nvvm_bar0_or(i[7]);
  *(volatile int *)i = 7;
}

KERNEL warps(u32 *o) {
  u32 t = tid();
  int p;
  o[0] = __nvvm_vote_all_sync(~0u, t < 5);
  o[1] = __nvvm_vote_any_sync(~0u, t < 5);
  o[2] = __nvvm_vote_uni_sync(~0u, t < 5);
  o[3] = __nvvm_vote_ballot_sync(~0u, t < 5);
  o[4] = __nvvm_match_any_sync_i32(~0u, t);
  o[5] = __nvvm_match_all_sync_i32p(~0u, t, &p);
  o[6] = p;
  o[7] = __nvvm_redux_sync_umax(t, ~0);
  o[8] = __nvvm_shfl_sync_idx_i32(~0u, t, 3, 31);
  o[9] = __nvvm_shfl_sync_up_i32(~0u, t, 3, 0);
  o[10] = __nvvm_shfl_sync_bfly_i32(~0u, t, 3, 31);
  __nvvm_bar_warp_sync(~0u);
  o[11] = __nvvm_activemask();
  o[12] = __nvvm_read_ptx_sreg_laneid() + __nvvm_read_ptx_sreg_warpid() + __nvvm_read_ptx_sreg_lanemask_lt() + __nvvm_read_ptx_sreg_clock();
  o[13] = __nvvm_read_ptx_sreg_clock64();
  o[14] = __nvvm_match_any_sync_i64(~0u, t);
  o[15] = __nvvm_redux_sync_add(t, ~0) + __nvvm_redux_sync_xor(t, ~0);
  __nvvm_barrier_sync(0);
  __nvvm_barrier_sync_cnt(1, 64);
}

KERNEL variables(int *o, float *f) {
  o[tid()] = *pointer + bytes[tid() % 5];
  f[0] = coefficients[tid() & 3] + table[tid()];
  counter = 3;
  dynamic[tid()] = f[tid()];
  __syncthreads();
  f[tid()] = dynamic[tid() ^ 1];
}

KERNEL halves(_Float16 *h, float *f) {
  h[0] = f[0];
  f[1] = h[1];
  h[2] = (float)h[3] * (float)h[4] + f[5];
  f[2] = (float)h[7] < f[8];
  h[9] = (int)f[3];
}

KERNEL vectors(f4 *p, u8x4 *q, f2 *r) {
  p[0] = p[1] * p[2];
  q[0] = q[1] + q[2];
  r[0] = r[1] + r[2];
  __builtin_trap();
}
