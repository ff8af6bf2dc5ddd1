// The benchmark kernels on an OpenCL CPU device: argument 1 is kernels.cl. Every kernel runs in each spelling with several
// work-group sizes, with relaxed maths; "<problem>_ms value" is the best of the medians, "<problem>_choice number" tells which it
// was, and "<problem>_best" on the error stream says so in words. With arguments "<problem>=<choice>" behind kernels.cl only these
// are run.
#define CL_TARGET_OPENCL_VERSION 120
#include "clock.h"
#include "problems.h"
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

// Work-group sizes to try; 0: chosen by the device.
static const size_t LINES[][2] = {{64, 1}, {256, 1}, {1024, 1}, {4096, 1}, {0, 0}};
static const size_t FIXED_LINES[][2] = {{64, 1}, {128, 1}, {256, 1}, {512, 1}, {1024, 1}};
static const size_t AREAS[][2] = {{8, 8}, {16, 16}, {64, 1}, {256, 1}, {0, 0}};
static const size_t TILES[][2] = {{8, 8}, {16, 16}, {32, 32}};

static int sizes_of(const struct problem *p, const size_t (**sizes)[2]) {
    *sizes = p->dims == 1 ? (p->fixed ? FIXED_LINES : LINES) : (p->fixed ? TILES : AREAS);
    return p->dims == 2 && p->fixed ? 3 : 5;
}

// A program for each size that kernels are written for; made when it is needed.
static cl_program program_for(const char *source, size_t group, size_t tile) {
    static struct {
        size_t group, tile;
        cl_program program;
    } made[16];
    int n = 0;
    for (; made[n].program != NULL; n++)
        if (made[n].group == group && made[n].tile == tile) return made[n].program;
    cl_int e;
    cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, &e);
    check(e, "clCreateProgramWithSource");
    char options[128];
    snprintf(options, sizeof options, "-cl-fast-relaxed-math -cl-mad-enable -DGROUP=%zu -DTILE=%zu", group, tile);
    if (clBuildProgram(program, 1, &device, options, NULL, NULL) != CL_SUCCESS) {
        static char log[1 << 16];
        clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof log - 1, log, NULL);
        fprintf(stderr, "kernels.cl: %s\n", log);
        exit(1);
    }
    made[n].group = group;
    made[n].tile = tile;
    return made[n].program = program;
}

// Median milliseconds, or -1 when the device refuses this work-group size.
static double measure(cl_kernel kernel, const struct problem *p, const size_t *local, int *launches) {
    double samples[REPEATS];
    size_t global[2] = {(size_t)p->grid[0] * p->block[0], (size_t)p->grid[1] * p->block[1]};
    for (int r = -1; r < REPEATS; r++) {
        uint64_t start = now_ns();
        if (clEnqueueNDRangeKernel(queue, kernel, (cl_uint)p->dims, NULL, global, local, 0, NULL, NULL) != CL_SUCCESS) return -1;
        check(clFinish(queue), "clFinish");
        ++*launches;
        if (r >= 0) samples[r] = (double)(now_ns() - start) / 1e6;
    }
    return median(samples, REPEATS);
}

// One spelling in one size, with fresh buffers; checks what comes out.
static double attempt(const struct problem *p, cl_program program, char spelling, const size_t *local) {
    char name[64];
    cl_int e;
    snprintf(name, sizeof name, "%s_%c", p->kernel, spelling);
    cl_kernel kernel = clCreateKernel(program, name, &e);
    check(e, name);
    cl_mem buffers[MOST_ARGUMENTS] = {0};
    for (int i = 0; i < p->count; i++) {
        const struct argument *a = &p->arguments[i];
        if (a->kind == BUFFER) {
            void *zeros = a->data == NULL ? reserve(a->bytes) : NULL;
            const void *data = a->data == NULL ? zeros : a->data;
            buffers[i] = clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, a->bytes, (void *)data, &e);
            check(e, "clCreateBuffer");
            free(zeros);
        }
        check(a->kind == BUFFER    ? clSetKernelArg(kernel, (cl_uint)i, sizeof(cl_mem), &buffers[i])
              : a->kind == INTEGER ? clSetKernelArg(kernel, (cl_uint)i, sizeof(int), &a->integer)
                                   : clSetKernelArg(kernel, (cl_uint)i, sizeof(float), &a->number),
              "clSetKernelArg");
    }
    int launches = 0;
    double ms = measure(kernel, p, local, &launches);
    if (ms >= 0) {
        size_t bytes = p->arguments[p->result].bytes;
        void *result = reserve(bytes);
        check(clEnqueueReadBuffer(queue, buffers[p->result], CL_TRUE, 0, bytes, result, 0, NULL, NULL), "read");
        p->check(p, result, launches, p->fixed ? (unsigned)local[0] : p->block[0]);
        free(result);
    }
    for (int i = 0; i < p->count; i++)
        if (buffers[i] != NULL) clReleaseMemObject(buffers[i]);
    clReleaseKernel(kernel);
    return ms;
}

// Every combination has a number; wanted < 0: all are tried.
static void solve(const struct problem *p, const char *source, int wanted) {
    const size_t(*sizes)[2];
    int count = sizes_of(p, &sizes), best = -1;
    double best_ms = 0;
    for (int n = 0; n < 3 * count; n++) {
        if (wanted >= 0 && n != wanted) continue;
        const size_t *local = sizes[n % count];
        cl_program program =
            program_for(source, p->fixed && p->dims == 1 ? local[0] : 256, p->fixed && p->dims == 2 ? local[0] : 16);
        double ms = attempt(p, program, (char)('a' + n / count), local[0] == 0 ? NULL : local);
        if (ms < 0 || (best >= 0 && ms >= best_ms)) continue;
        best = n;
        best_ms = ms;
    }
    if (best < 0) {
        fprintf(stderr, "%s: no spelling runs\n", p->name);
        exit(1);
    }
    char figure[64];
    snprintf(figure, sizeof figure, "%s_ms", p->name);
    report(figure, best_ms);
    snprintf(figure, sizeof figure, "%s_choice", p->name);
    report(figure, best);
    const size_t *local = sizes[best % count];
    fprintf(stderr, "%s_best %c, %zux%zu\n", p->name, 'a' + best / count, local[0], local[1]);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: kernels_opencl kernels.cl [problem=choice]...\n");
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
    struct problem all[MOST_PROBLEMS];
    int count = make_problems(all);
    for (int i = 0; i < count; i++) {
        int wanted = argc == 2 ? -1 : -2;
        size_t length = strlen(all[i].name);
        for (int k = 2; k < argc; k++)
            if (strncmp(argv[k], all[i].name, length) == 0 && argv[k][length] == '=') wanted = atoi(argv[k] + length + 1);
        if (wanted != -2) solve(&all[i], source, wanted);
    }
    return 0;
}
