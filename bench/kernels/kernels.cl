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
