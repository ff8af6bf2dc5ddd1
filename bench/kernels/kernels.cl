// The benchmark kernels in OpenCL C, each in three spellings (_a, _b, _c) of the same algorithm, so that the comparison
// takes the one that the other implementation likes best. TILE and GROUP are given at build time.
#ifndef TILE
#define TILE 16
#endif
#ifndef GROUP
#define GROUP 256
#endif

kernel void saxpy_a(int n, float a, global const float *x, global float *y) {
    int i = get_global_id(0);
    if (i < n) y[i] = a * x[i] + y[i];
}

kernel void saxpy_b(int n, float a, global const float *restrict x, global float *restrict y) {
    size_t i = get_global_id(0);
    y[i] = mad(a, x[i], y[i]);
}

kernel void saxpy_c(int n, float a, global const float *restrict x, global float *restrict y) {
    int i = get_group_id(0) * get_local_size(0) + get_local_id(0);
    if (i >= n) return;
    y[i] = fma(a, x[i], y[i]);
}

kernel void triad_a(int n, float s, global const float *b, global const float *c, global float *a) {
    int i = get_global_id(0);
    if (i < n) a[i] = b[i] + s * c[i];
}

kernel void triad_b(int n, float s, global const float *restrict b, global const float *restrict c, global float *restrict a) {
    size_t i = get_global_id(0);
    a[i] = mad(s, c[i], b[i]);
}

kernel void triad_c(int n, float s, global const float *restrict b, global const float *restrict c, global float *restrict a) {
    int i = get_group_id(0) * get_local_size(0) + get_local_id(0);
    if (i >= n) return;
    a[i] = fma(s, c[i], b[i]);
}

kernel void stencil_a(int n, global const float *in, global float *out) {
    int x = get_global_id(0), y = get_global_id(1);
    if (x < 1 || y < 1 || x >= n - 1 || y >= n - 1) return;
    int i = y * n + x;
    out[i] = 0.25f * (in[i - 1] + in[i + 1] + in[i - n] + in[i + n]) - in[i];
}

kernel void stencil_b(int n, global const float *restrict in, global float *restrict out) {
    size_t x = get_global_id(0), y = get_global_id(1), w = n, i = y * w + x;
    if (x >= 1 && y >= 1 && x < w - 1 && y < w - 1)
        out[i] = mad(0.25f, in[i - 1] + in[i + 1] + in[i - w] + in[i + w], -in[i]);
}

kernel void stencil_c(int n, global const float *restrict in, global float *restrict out) {
    int x = get_global_id(0), y = get_global_id(1);
    // Without a branch: the border reads inside and writes back what is there.
    int inside = (x >= 1) & (y >= 1) & (x < n - 1) & (y < n - 1);
    int i = clamp(y, 1, n - 2) * n + clamp(x, 1, n - 2);
    float value = 0.25f * (in[i - 1] + in[i + 1] + in[i - n] + in[i + n]) - in[i];
    out[y * n + x] = inside ? value : 0;
}

kernel void transpose_a(int n, global const float *in, global float *out) {
    local float tile[TILE][TILE + 1];
    int tx = get_local_id(0), ty = get_local_id(1);
    tile[ty][tx] = in[(get_group_id(1) * TILE + ty) * n + get_group_id(0) * TILE + tx];
    barrier(CLK_LOCAL_MEM_FENCE);
    out[(get_group_id(0) * TILE + ty) * n + get_group_id(1) * TILE + tx] = tile[tx][ty];
}

kernel void transpose_b(int n, global const float *restrict in, global float *restrict out) {
    size_t x = get_global_id(0), y = get_global_id(1);
    out[x * n + y] = in[y * n + x];
}

kernel void transpose_c(int n, global const float *restrict in, global float *restrict out) {
    size_t x = get_global_id(0), y = get_global_id(1);
    out[y * n + x] = in[x * n + y];
}

kernel void gemm_a(int n, global const float *a, global const float *b, global float *c) {
    local float ta[TILE][TILE], tb[TILE][TILE];
    int tx = get_local_id(0), ty = get_local_id(1);
    int row = get_global_id(1), column = get_global_id(0);
    float sum = 0;
    for (int t = 0; t < n; t += TILE) {
        ta[ty][tx] = a[row * n + t + tx];
        tb[ty][tx] = b[(t + ty) * n + column];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < TILE; k++) sum += ta[ty][k] * tb[k][tx];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + column] = sum;
}

kernel void gemm_b(int n, global const float *restrict a, global const float *restrict b, global float *restrict c) {
    local float ta[TILE * TILE], tb[TILE * TILE];
    size_t tx = get_local_id(0), ty = get_local_id(1);
    size_t row = get_global_id(1), column = get_global_id(0);
    float sum = 0;
    for (int t = 0; t < n; t += TILE) {
        ta[ty * TILE + tx] = a[row * n + t + tx];
        tb[ty * TILE + tx] = b[(t + ty) * n + column];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < TILE; k++) sum = mad(ta[ty * TILE + k], tb[k * TILE + tx], sum);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + column] = sum;
}

kernel void gemm_c(int n, global const float *restrict a, global const float *restrict b, global float *restrict c) {
    local float ta[TILE][TILE + 1], tb[TILE][TILE + 1];
    int tx = get_local_id(0), ty = get_local_id(1);
    int row = get_group_id(1) * TILE + ty, column = get_group_id(0) * TILE + tx;
    float sum = 0;
    for (int t = 0; t < n; t += TILE) {
        ta[ty][tx] = a[row * n + t + tx];
        tb[ty][tx] = b[(t + ty) * n + column];
        barrier(CLK_LOCAL_MEM_FENCE);
        float part = 0;
#pragma unroll 4
        for (int k = 0; k < TILE; k++) part += ta[ty][k] * tb[k][tx];
        sum += part;
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + column] = sum;
}

kernel void gemm_half_a(int n, global const half *a, global const half *b, global float *c) {
    local float ta[TILE][TILE], tb[TILE][TILE];
    int tx = get_local_id(0), ty = get_local_id(1);
    int row = get_global_id(1), column = get_global_id(0);
    float sum = 0;
    for (int t = 0; t < n; t += TILE) {
        ta[ty][tx] = vload_half(row * n + t + tx, a);
        tb[ty][tx] = vload_half((t + ty) * n + column, b);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < TILE; k++) sum += ta[ty][k] * tb[k][tx];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + column] = sum;
}

kernel void gemm_half_b(int n, global const half *restrict a, global const half *restrict b, global float *restrict c) {
    local ushort bits_a[TILE * TILE], bits_b[TILE * TILE];
    local half *ta = (local half *)bits_a, *tb = (local half *)bits_b;
    size_t tx = get_local_id(0), ty = get_local_id(1);
    size_t row = get_global_id(1), column = get_global_id(0);
    float sum = 0;
    for (int t = 0; t < n; t += TILE) {
        vstore_half(vload_half(row * n + t + tx, a), ty * TILE + tx, ta);
        vstore_half(vload_half((t + ty) * n + column, b), ty * TILE + tx, tb);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < TILE; k++) sum = mad(vload_half(ty * TILE + k, ta), vload_half(k * TILE + tx, tb), sum);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + column] = sum;
}

kernel void gemm_half_c(int n, global const half *restrict a, global const half *restrict b, global float *restrict c) {
    int row = get_global_id(1), column = get_global_id(0);
    float sum = 0;
    for (int k = 0; k < n; k++) sum += vload_half(row * n + k, a) * vload_half(k * n + column, b);
    c[row * n + column] = sum;
}

kernel void scan_a(int n, global const float *x, global float *sums) {
    local float part[2][GROUP];
    int tid = get_local_id(0), i = get_global_id(0), side = 0;
    part[0][tid] = i < n ? x[i] : 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int reach = 1; reach < GROUP; reach <<= 1) {
        part[1 - side][tid] = part[side][tid] + (tid >= reach ? part[side][tid - reach] : 0);
        side = 1 - side;
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (i < n) sums[i] = part[side][tid];
}

// Up the tree and down again.
kernel void scan_b(int n, global const float *restrict x, global float *restrict sums) {
    local float part[GROUP];
    int tid = get_local_id(0), i = get_global_id(0);
    float own = x[i];
    part[tid] = own;
    for (int reach = 1; reach < GROUP; reach <<= 1) {
        barrier(CLK_LOCAL_MEM_FENCE);
        int at = (tid + 1) * reach * 2 - 1;
        if (at < GROUP) part[at] += part[at - reach];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (tid == 0) part[GROUP - 1] = 0;
    for (int reach = GROUP / 2; reach > 0; reach >>= 1) {
        barrier(CLK_LOCAL_MEM_FENCE);
        int at = (tid + 1) * reach * 2 - 1;
        if (at < GROUP) {
            float left = part[at - reach];
            part[at - reach] = part[at];
            part[at] += left;
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    sums[i] = part[tid] + own;
}

// One work item does it: no barriers worth the name.
kernel void scan_c(int n, global const float *restrict x, global float *restrict sums) {
    if (get_local_id(0) != 0) return;
    size_t start = get_group_id(0) * GROUP;
    float sum = 0;
    for (int k = 0; k < GROUP; k++) {
        sum += x[start + k];
        sums[start + k] = sum;
    }
}

kernel void histogram_a(int n, global const uint *values, global uint *bins) {
    local uint own[256];
    for (int k = get_local_id(0); k < 256; k += GROUP) own[k] = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = get_global_id(0); i < n; i += get_global_size(0)) atomic_inc(&own[values[i] % 256]);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = get_local_id(0); k < 256; k += GROUP) atomic_add(&bins[k], own[k]);
}

kernel void histogram_b(int n, global const uint *restrict values, global uint *bins) {
    for (int i = get_global_id(0); i < n; i += get_global_size(0)) atomic_inc(&bins[values[i] & 255]);
}

// Neighbouring values by one work item.
kernel void histogram_c(int n, global const uint *restrict values, global uint *bins) {
    local uint own[256];
    for (int k = get_local_id(0); k < 256; k += GROUP) own[k] = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    int each = n / (int)get_global_size(0), start = get_global_id(0) * each;
    for (int i = 0; i < each; i++) atomic_inc(&own[values[start + i] & 255]);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = get_local_id(0); k < 256; k += GROUP) atomic_add(&bins[k], own[k]);
}

kernel void nbody_a(int n, global const float4 *bodies, global float4 *forces) {
    local float4 tile[GROUP];
    int i = get_global_id(0);
    float4 me = bodies[i];
    float fx = 0, fy = 0, fz = 0;
    for (int t = 0; t < n; t += GROUP) {
        tile[get_local_id(0)] = bodies[t + get_local_id(0)];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < GROUP; k++) {
            float dx = tile[k].x - me.x, dy = tile[k].y - me.y, dz = tile[k].z - me.z;
            float r = rsqrt(dx * dx + dy * dy + dz * dz + 0.01f);
            float f = tile[k].w * r * r * r;
            fx += f * dx;
            fy += f * dy;
            fz += f * dz;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    forces[i] = (float4)(fx, fy, fz, 0);
}

kernel void nbody_b(int n, global const float4 *restrict bodies, global float4 *restrict forces) {
    int i = get_global_id(0);
    float4 me = bodies[i], force = 0;
    for (int k = 0; k < n; k++) {
        float4 other = bodies[k], d = other - me;
        float r = native_rsqrt(d.x * d.x + d.y * d.y + d.z * d.z + 0.01f);
        force += other.w * r * r * r * d;
    }
    forces[i] = force;
}

kernel void nbody_c(int n, global const float4 *restrict bodies, global float4 *restrict forces) {
    int i = get_global_id(0);
    global const float *flat = (global const float *)bodies;
    float x = flat[4 * i], y = flat[4 * i + 1], z = flat[4 * i + 2], fx = 0, fy = 0, fz = 0;
    for (int k = 0; k < n; k++) {
        float dx = flat[4 * k] - x, dy = flat[4 * k + 1] - y, dz = flat[4 * k + 2] - z;
        float r = native_rsqrt(mad(dx, dx, mad(dy, dy, mad(dz, dz, 0.01f))));
        float f = flat[4 * k + 3] * r * r * r;
        fx = mad(f, dx, fx);
        fy = mad(f, dy, fy);
        fz = mad(f, dz, fz);
    }
    forces[i] = (float4)(fx, fy, fz, 0);
}

kernel void spmv_a(int rows, global const int *starts, global const int *columns, global const float *values,
                   global const float *x, global float *y) {
    int row = get_global_id(0);
    if (row >= rows) return;
    float sum = 0;
    for (int i = starts[row]; i < starts[row + 1]; i++) sum += values[i] * x[columns[i]];
    y[row] = sum;
}

kernel void spmv_b(int rows, global const int *restrict starts, global const int *restrict columns,
                   global const float *restrict values, global const float *restrict x, global float *restrict y) {
    size_t row = get_global_id(0);
    int end = starts[row + 1];
    float sum = 0;
    for (int i = starts[row]; i < end; i++) sum = mad(values[i], x[columns[i]], sum);
    y[row] = sum;
}

kernel void spmv_c(int rows, global const int *restrict starts, global const int *restrict columns,
                   global const float *restrict values, global const float *restrict x, global float *restrict y) {
    size_t row = get_global_id(0);
    int start = starts[row], count = starts[row + 1] - start;
    float even = 0, odd = 0;
    int k = 0;
    for (; k + 1 < count; k += 2) {
        even = mad(values[start + k], x[columns[start + k]], even);
        odd = mad(values[start + k + 1], x[columns[start + k + 1]], odd);
    }
    if (k < count) even = mad(values[start + k], x[columns[start + k]], even);
    y[row] = even + odd;
}

kernel void reduce_a(int n, global const float *x, global float *sums) {
    local float part[GROUP];
    int tid = get_local_id(0);
    float sum = 0;
    for (int i = get_group_id(0) * GROUP * 8 + tid, end = i + GROUP * 8; i < end; i += GROUP)
        if (i < n) sum += x[i];
    part[tid] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_ = GROUP / 2; half_ > 0; half_ >>= 1) {
        if (tid < half_) part[tid] += part[tid + half_];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (tid == 0) sums[get_group_id(0)] = part[0];
}

kernel void reduce_b(int n, global const float *restrict x, global float *restrict sums) {
    local float part[GROUP];
    size_t tid = get_local_id(0), start = get_group_id(0) * GROUP * 8 + tid;
    float sum = 0;
    for (int k = 0; k < 8; k++) sum += x[start + k * GROUP];
    part[tid] = sum;
    for (size_t half_ = GROUP / 2; half_ > 0; half_ >>= 1) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (tid < half_) part[tid] += part[tid + half_];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (tid == 0) sums[get_group_id(0)] = part[0];
}

kernel void reduce_c(int n, global const float *restrict x, global float *restrict sums) {
    local float part[GROUP];
    int tid = get_local_id(0);
    global const float *p = x + get_group_id(0) * GROUP * 8 + tid;
    part[tid] = p[0] + p[GROUP] + p[2 * GROUP] + p[3 * GROUP] + p[4 * GROUP] + p[5 * GROUP] + p[6 * GROUP] + p[7 * GROUP];
    barrier(CLK_LOCAL_MEM_FENCE);
    if (tid == 0) {
        float sum = 0;
        for (int k = 0; k < GROUP; k++) sum += part[k];
        sums[get_group_id(0)] = sum;
    }
}

kernel void mandelbrot_a(int width, int height, int trips, global int *out) {
    int px = get_global_id(0), py = get_global_id(1);
    if (px >= width || py >= height) return;
    float cx = -2.2f + 3.2f * px / width, cy = -1.6f + 3.2f * py / height;
    float x = 0, y = 0;
    int i = 0;
    while (i < trips && x * x + y * y < 4.0f) {
        float t = x * x - y * y + cx;
        y = 2 * x * y + cy;
        x = t;
        i++;
    }
    out[py * width + px] = i;
}

kernel void mandelbrot_b(int width, int height, int trips, global int *restrict out) {
    int px = get_global_id(0), py = get_global_id(1);
    float cx = -2.2f + 3.2f * px / width, cy = -1.6f + 3.2f * py / height;
    float x = 0, y = 0, xx = 0, yy = 0;
    int i;
    for (i = 0; i < trips; i++) {
        if (xx + yy >= 4.0f) break;
        y = mad(2 * x, y, cy);
        x = xx - yy + cx;
        xx = x * x;
        yy = y * y;
    }
    out[py * width + px] = i;
}

kernel void mandelbrot_c(int width, int height, int trips, global int *restrict out) {
    int px = get_global_id(0), py = get_global_id(1);
    float cx = -2.2f + 3.2f * px / width, cy = -1.6f + 3.2f * py / height;
    float x = 0, y = 0;
    int count = 0, inside = 1;
    // No early exit: every point makes all its trips, so that the work items may be vectorised.
    for (int i = 0; i < trips; i++) {
        float xx = x * x, yy = y * y;
        inside = inside & (xx + yy < 4.0f);
        y = 2 * x * y + cy;
        x = xx - yy + cx;
        count += inside;
    }
    out[py * width + px] = count;
}
