// The benchmark kernels on an OpenCL CPU device: argument 1 is kernels.cl. Every kernel runs in each spelling with
// several work-group sizes, with relaxed maths; "<kernel>_ms value" is the best of the medians, "<kernel>_choice number" tells
// which it was, and "<kernel>_best" on the error stream says so in words. With arguments "<kernel>=<choice>" behind kernels.cl
// only these are run.
#define CL_TARGET_OPENCL_VERSION 120
#include "clock.h"
#include "kernels.h"
#include <CL/cl.h>

static cl_context context;
static cl_command_queue queue;
static cl_device_id device;

static void check(cl_int result, const char *what) {
    if (result != CL_SUCCESS) {
        fprintf(stderr, "%s: OpenCL error %d\n", what, result);
        exit(1);
    }
}

static cl_program build(const char *source, const char *options) {
    cl_int e;
    cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, &e);
    check(e, "clCreateProgramWithSource");
    char all[256];
    snprintf(all, sizeof all, "-cl-fast-relaxed-math -cl-mad-enable %s", options);
    check(clBuildProgram(program, 1, &device, all, NULL, NULL), "clBuildProgram");
    return program;
}

static cl_mem buffer(const void *data, size_t bytes) {
    cl_int e;
    cl_mem m = clCreateBuffer(context, CL_MEM_READ_WRITE | (data ? CL_MEM_COPY_HOST_PTR : 0), bytes, (void *)data, &e);
    check(e, "clCreateBuffer");
    return m;
}

// Median milliseconds of one kernel, or -1 when the device refuses this work-group size.
static double measure(cl_kernel kernel, cl_uint dims, const size_t *global, const size_t *local) {
    double samples[REPEATS];
    for (int r = -1; r < REPEATS; r++) {
        uint64_t start = now_ns();
        if (clEnqueueNDRangeKernel(queue, kernel, dims, NULL, global, local, 0, NULL, NULL) != CL_SUCCESS) return -1;
        check(clFinish(queue), "clFinish");
        if (r >= 0) samples[r] = (double)(now_ns() - start) / 1e6;
    }
    return median(samples, REPEATS);
}

static const char *SPELLINGS[] = {"a", "b", "c"};

struct best {
    double ms;
    char what[64];
    int choice, tried;
};

static int wanted = -1;

// Every combination that a kernel is tried in has a number; is it this one's turn?
static int next(struct best *best) { return best->tried++ == wanted || wanted < 0; }

static void offer(struct best *best, double ms, const char *spelling, const size_t *local, int dims) {
    if (ms < 0 || (best->ms > 0 && ms >= best->ms)) return;
    best->ms = ms;
    best->choice = best->tried - 1;
    if (local == NULL)
        snprintf(best->what, sizeof best->what, "%s, group chosen by the device", spelling);
    else
        snprintf(best->what, sizeof best->what, "%s, group %zux%zu", spelling, local[0], dims > 1 ? local[1] : 1);
}

static void tell(const char *name, const struct best *best) {
    char figure[64];
    snprintf(figure, sizeof figure, "%s_ms", name);
    report(figure, best->ms);
    snprintf(figure, sizeof figure, "%s_choice", name);
    report(figure, best->choice);
    fprintf(stderr, "%s_best %s\n", name, best->what);
}

static cl_kernel kernel_of(cl_program program, const char *name, const char *spelling) {
    char full[64];
    cl_int e;
    snprintf(full, sizeof full, "%s_%s", name, spelling);
    cl_kernel k = clCreateKernel(program, full, &e);
    check(e, full);
    return k;
}

static void saxpy(const char *source) {
    cl_program program = build(source, "");
    int n = SAXPY_COUNT;
    float a = 2, *x = make_input((size_t)n);
    size_t global = (size_t)n, sizes[] = {64, 256, 1024, 4096};
    struct best best = {0};
    for (int s = 0; s < 3; s++) {
        cl_mem bx = buffer(x, (size_t)n * 4), by = buffer(x, (size_t)n * 4);
        cl_kernel k = kernel_of(program, "saxpy", SPELLINGS[s]);
        clSetKernelArg(k, 0, sizeof n, &n);
        clSetKernelArg(k, 1, sizeof a, &a);
        clSetKernelArg(k, 2, sizeof bx, &bx);
        clSetKernelArg(k, 3, sizeof by, &by);
        for (int w = 0; w < 4; w++)
            if (next(&best)) offer(&best, measure(k, 1, &global, &sizes[w]), SPELLINGS[s], &sizes[w], 1);
        if (next(&best)) offer(&best, measure(k, 1, &global, NULL), SPELLINGS[s], NULL, 1);
        clReleaseMemObject(bx);
        clReleaseMemObject(by);
    }
    tell("saxpy", &best);
    free(x);
}

static void gemm(const char *source) {
    int n = GEMM_SIZE;
    size_t count = (size_t)n * n, global[2] = {(size_t)n, (size_t)n};
    float *a = make_input(count), *c = malloc(count * sizeof *c);
    struct best best = {0};
    for (size_t tile = 8; tile <= 32; tile *= 2) {
        char options[32];
        snprintf(options, sizeof options, "-DTILE=%zu", tile);
        cl_program program = build(source, options);
        for (int s = 0; s < 3; s++) {
            if (!next(&best)) continue;
            cl_mem ba = buffer(a, count * 4), bb = buffer(a, count * 4), bc = buffer(NULL, count * 4);
            cl_kernel k = kernel_of(program, "gemm", SPELLINGS[s]);
            clSetKernelArg(k, 0, sizeof n, &n);
            clSetKernelArg(k, 1, sizeof ba, &ba);
            clSetKernelArg(k, 2, sizeof bb, &bb);
            clSetKernelArg(k, 3, sizeof bc, &bc);
            size_t local[2] = {tile, tile};
            offer(&best, measure(k, 2, global, local), SPELLINGS[s], local, 2);
            check(clEnqueueReadBuffer(queue, bc, CL_TRUE, 0, count * 4, c, 0, NULL, NULL), "read");
            expect("gemm", c[37 * n + 41], expected_gemm(a, a, 37, 41));
            clReleaseMemObject(ba);
            clReleaseMemObject(bb);
            clReleaseMemObject(bc);
        }
    }
    tell("gemm", &best);
    free(a);
    free(c);
}

static void reduce_count(const char *source, const char *name, int n) {
    float *x = make_input((size_t)n);
    double want = 0;
    for (int i = 0; i < n; i++) want += x[i];
    struct best best = {0};
    cl_mem bx = buffer(x, (size_t)n * 4);
    for (size_t group = 64; group <= 1024; group *= 2) {
        char options[32];
        snprintf(options, sizeof options, "-DGROUP=%zu", group);
        cl_program program = build(source, options);
        size_t blocks = (size_t)n / (group * 8), global = blocks * group;
        float *sums = malloc(blocks * sizeof *sums);
        for (int s = 0; s < 3; s++) {
            if (!next(&best)) continue;
            cl_mem bs = buffer(NULL, blocks * 4);
            cl_kernel k = kernel_of(program, "reduce", SPELLINGS[s]);
            clSetKernelArg(k, 0, sizeof n, &n);
            clSetKernelArg(k, 1, sizeof bx, &bx);
            clSetKernelArg(k, 2, sizeof bs, &bs);
            offer(&best, measure(k, 1, &global, &group), SPELLINGS[s], &group, 1);
            check(clEnqueueReadBuffer(queue, bs, CL_TRUE, 0, blocks * 4, sums, 0, NULL, NULL), "read");
            double got = 0;
            for (size_t i = 0; i < blocks; i++) got += sums[i];
            expect(name, got, want);
            clReleaseMemObject(bs);
        }
        free(sums);
    }
    tell(name, &best);
    clReleaseMemObject(bx);
    free(x);
}

static void reduce(const char *source) { reduce_count(source, "reduce", REDUCE_COUNT); }

static void reduce_cached(const char *source) { reduce_count(source, "reduce_cached", CACHED_REDUCE_COUNT); }

static void mandelbrot(const char *source) {
    cl_program program = build(source, "");
    int size = MANDELBROT_SIZE, trips = MANDELBROT_TRIPS;
    size_t count = (size_t)size * size, global[2] = {(size_t)size, (size_t)size};
    size_t sizes[][2] = {{8, 8}, {16, 16}, {64, 1}, {256, 1}, {1024, 1}};
    int *out = malloc(count * sizeof *out);
    cl_mem b = buffer(NULL, count * 4);
    struct best best = {0};
    for (int s = 0; s < 3; s++) {
        cl_kernel k = kernel_of(program, "mandelbrot", SPELLINGS[s]);
        clSetKernelArg(k, 0, sizeof size, &size);
        clSetKernelArg(k, 1, sizeof size, &size);
        clSetKernelArg(k, 2, sizeof trips, &trips);
        clSetKernelArg(k, 3, sizeof b, &b);
        for (int w = 0; w < 5; w++)
            if (next(&best)) offer(&best, measure(k, 2, global, sizes[w]), SPELLINGS[s], sizes[w], 2);
        if (next(&best)) offer(&best, measure(k, 2, global, NULL), SPELLINGS[s], NULL, 2);
        if (best.ms == 0) continue;
        check(clEnqueueReadBuffer(queue, b, CL_TRUE, 0, count * 4, out, 0, NULL, NULL), "read");
        expect("mandelbrot, inside", out[512 * size + 704], trips);
    }
    tell("mandelbrot", &best);
    free(out);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: kernels_opencl kernels.cl\n");
        return 2;
    }
    FILE *f = fopen(argv[1], "rb");
    if (f == NULL) {
        perror(argv[1]);
        return 1;
    }
    char *source = calloc(1, 1 << 20);
    if (fread(source, 1, (1 << 20) - 1, f) == 0) return 1;
    fclose(f);
    cl_platform_id platform;
    cl_int e;
    check(clGetPlatformIDs(1, &platform, NULL), "clGetPlatformIDs");
    check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_CPU, 1, &device, NULL), "clGetDeviceIDs");
    context = clCreateContext(NULL, 1, &device, NULL, NULL, &e);
    check(e, "clCreateContext");
    queue = clCreateCommandQueue(context, device, 0, &e);
    check(e, "clCreateCommandQueue");
    struct {
        const char *name;
        void (*run)(const char *);
    } kernels[] = {{"saxpy", saxpy}, {"gemm", gemm}, {"reduce", reduce}, {"reduce_cached", reduce_cached}, {"mandelbrot", mandelbrot}};
    for (int k = 0; k < 5; k++) {
        size_t length = strlen(kernels[k].name);
        int chosen = argc == 2;
        for (int i = 2; i < argc; i++)
            if (strncmp(argv[i], kernels[k].name, length) == 0 && argv[i][length] == '=') {
                wanted = atoi(argv[i] + length + 1);
                chosen = 1;
            }
        if (chosen) kernels[k].run(source);
    }
    return 0;
}
