/* CUDA C for clang without a CUDA toolkit: what `weir cc` puts before every .cu file. Language words, index variables, launches,
 * the runtime calls of weir_runtime.h; weir_device.h has what kernels call. */
#pragma once

#if !defined(__CUDA__)
#error "weir_cuda.h is for CUDA sources: compile with `weir cc FILE.cu`"
#endif

#include <stddef.h>
#include <stdint.h>

#define __host__ __attribute__((host))
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __managed__ _Static_assert(0, "weir cc: managed variables are not supported; use cudaMalloc and cudaMemcpy");
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
#define __forceinline__ __inline__ __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(bytes) __attribute__((aligned(bytes)))
#define CUDART_VERSION 12000
#define CUDART_INF_F __builtin_inff()
#define CUDART_NAN_F __builtin_nanf("")
#define CUDART_INF __builtin_inf()
#define CUDART_NAN __builtin_nan("")

#include "weir_vectors.h"
#include "weir_runtime.h"

/* The host pass reads kernels too, to check them. */
#include "weir_device.h"
#include "weir_math.h"
#include "weir_half.h"
#include "weir_host.h"
