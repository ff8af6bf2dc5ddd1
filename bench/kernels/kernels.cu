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
#define BARRIER __nvvm_bar_sync(0)

extern "C" {

GLOBAL void saxpy(int n, float a, const float *x, float *y) {
    int i = BLOCK_X * SIZE_X + TID_X;
    if (i < n) y[i] = a * x[i] + y[i];
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
