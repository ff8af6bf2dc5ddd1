// The benchmark kernels in CUDA C. kernels.ptx beside this file is made from it:
//   clang-19 -nocudalib -nocudainc -x cuda --cuda-device-only
//            --cuda-gpu-arch=sm_70 -O3 -S kernels.cu -o kernels.ptx
#define GLOBAL __attribute__((global))
#define SHARED __attribute__((shared))
#define TID_X __nvvm_read_ptx_sreg_tid_x()
#define TID_Y __nvvm_read_ptx_sreg_tid_y()
#define BLOCK_X __nvvm_read_ptx_sreg_ctaid_x()
#define BLOCK_Y __nvvm_read_ptx_sreg_ctaid_y()
#define SIZE_X __nvvm_read_ptx_sreg_ntid_x()
#define SIZE_Y __nvvm_read_ptx_sreg_ntid_y()
#define GRID_X __nvvm_read_ptx_sreg_nctaid_x()
#define ATOMIC_ADD(place, value) __nvvm_atom_add_gen_i((int *)(place), (int)(value))
#define BARRIER __nvvm_bar_sync(0)

extern "C" {

struct body {
    float x, y, z, m;
};

GLOBAL void saxpy(int n, float a, const float *x, float *y) {
    int i = BLOCK_X * SIZE_X + TID_X;
    if (i < n) y[i] = a * x[i] + y[i];
}

GLOBAL void triad(int n, float s, const float *b, const float *c, float *a) {
    int i = BLOCK_X * SIZE_X + TID_X;
    if (i < n) a[i] = b[i] + s * c[i];
}

// The mean of the four neighbours less the middle, inside of a square of n.
GLOBAL void stencil(int n, const float *in, float *out) {
    int x = BLOCK_X * SIZE_X + TID_X, y = BLOCK_Y * SIZE_Y + TID_Y;
    if (x < 1 || y < 1 || x >= n - 1 || y >= n - 1) return;
    int i = y * n + x;
    out[i] = 0.25f * (in[i - 1] + in[i + 1] + in[i - n] + in[i + n]) - in[i];
}

// Square, n a multiple of 16; block 16 x 16.
GLOBAL void transpose(int n, const float *in, float *out) {
    static SHARED float tile[16][17];
    int tx = TID_X, ty = TID_Y;
    tile[ty][tx] = in[(BLOCK_Y * 16 + ty) * n + BLOCK_X * 16 + tx];
    BARRIER;
    out[(BLOCK_X * 16 + ty) * n + BLOCK_Y * 16 + tx] = tile[tx][ty];
}

// C = A * B, square, n a multiple of 16; block 16 x 16.
GLOBAL void gemm(int n, const float *a, const float *b, float *c) {
    static SHARED float ta[16][16], tb[16][16];
    int tx = TID_X, ty = TID_Y;
    int row = BLOCK_Y * 16 + ty, column = BLOCK_X * 16 + tx;
    float sum = 0;
    for (int t = 0; t < n; t += 16) {
        ta[ty][tx] = a[row * n + t + tx];
        tb[ty][tx] = b[(t + ty) * n + column];
        BARRIER;
        for (int k = 0; k < 16; k++) sum += ta[ty][k] * tb[k][tx];
        BARRIER;
    }
    c[row * n + column] = sum;
}

// The same with A and B in half precision, computed in single.
GLOBAL void gemm_half(int n, const _Float16 *a, const _Float16 *b, float *c) {
    static SHARED _Float16 ta[16][16], tb[16][16];
    int tx = TID_X, ty = TID_Y;
    int row = BLOCK_Y * 16 + ty, column = BLOCK_X * 16 + tx;
    float sum = 0;
    for (int t = 0; t < n; t += 16) {
        ta[ty][tx] = a[row * n + t + tx];
        tb[ty][tx] = b[(t + ty) * n + column];
        BARRIER;
        for (int k = 0; k < 16; k++) sum += (float)ta[ty][k] * (float)tb[k][tx];
        BARRIER;
    }
    c[row * n + column] = sum;
}

// One partial sum per block of 256 threads, each thread adds 8 values first.
GLOBAL void reduce(int n, const float *x, float *sums) {
    static SHARED float part[256];
    int tid = TID_X;
    float sum = 0;
    for (int i = BLOCK_X * 2048 + tid, end = i + 2048; i < end; i += 256)
        if (i < n) sum += x[i];
    part[tid] = sum;
    BARRIER;
    for (int half = 128; half > 0; half >>= 1) {
        if (tid < half) part[tid] += part[tid + half];
        BARRIER;
    }
    if (tid == 0) sums[BLOCK_X] = part[0];
}

// Running sums within each block of 256.
GLOBAL void scan(int n, const float *x, float *sums) {
    static SHARED float part[2][256];
    int tid = TID_X, i = BLOCK_X * 256 + tid, side = 0;
    part[0][tid] = i < n ? x[i] : 0;
    BARRIER;
    for (int reach = 1; reach < 256; reach <<= 1) {
        part[1 - side][tid] = part[side][tid] + (tid >= reach ? part[side][tid - reach] : 0);
        side = 1 - side;
        BARRIER;
    }
    if (i < n) sums[i] = part[side][tid];
}

// Adds to 256 bins by the lowest byte; block of 256.
GLOBAL void histogram(int n, const unsigned *values, unsigned *bins) {
    static SHARED unsigned own[256];
    own[TID_X] = 0;
    BARRIER;
    for (int i = BLOCK_X * SIZE_X + TID_X; i < n; i += GRID_X * SIZE_X) ATOMIC_ADD(&own[values[i] % 256], 1u);
    BARRIER;
    ATOMIC_ADD(&bins[TID_X], own[TID_X]);
}

// Forces between n bodies (place and mass); n a multiple of the block's 256.
GLOBAL void nbody(int n, const struct body *bodies, struct body *forces) {
    static SHARED struct body tile[256];
    int i = BLOCK_X * 256 + TID_X;
    struct body me = bodies[i];
    float fx = 0, fy = 0, fz = 0;
    for (int t = 0; t < n; t += 256) {
        tile[TID_X] = bodies[t + TID_X];
        BARRIER;
        for (int k = 0; k < 256; k++) {
            float dx = tile[k].x - me.x, dy = tile[k].y - me.y, dz = tile[k].z - me.z;
            float r = __nvvm_rsqrt_approx_f(dx * dx + dy * dy + dz * dz + 0.01f);
            float f = tile[k].m * r * r * r;
            fx += f * dx;
            fy += f * dy;
            fz += f * dz;
        }
        BARRIER;
    }
    struct body force = {fx, fy, fz, 0};
    forces[i] = force;
}

// y = A * x, rows compressed; a thread per row.
GLOBAL void spmv(int rows, const int *starts, const int *columns, const float *values, const float *x, float *y) {
    int row = BLOCK_X * SIZE_X + TID_X;
    if (row >= rows) return;
    float sum = 0;
    for (int i = starts[row]; i < starts[row + 1]; i++) sum += values[i] * x[columns[i]];
    y[row] = sum;
}

GLOBAL void mandelbrot(int width, int height, int trips, int *out) {
    int px = BLOCK_X * SIZE_X + TID_X, py = BLOCK_Y * SIZE_Y + TID_Y;
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
}
