/* What a program of OpenCL pays: enqueueing, launching and waiting, moving data, and what kernels themselves reach. */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        cl_int code_ = (call);                                                                                         \
        if (code_ != CL_SUCCESS) {                                                                                     \
            fprintf(stderr, "%s: %d\n", #call, code_);                                                                 \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static const char *source =
    "__kernel void nothing(__global int *data) {}\n"
    "__kernel void copy(__global float4 *to, __global const float4 *from) { to[get_global_id(0)] = from[get_global_id(0)]; }\n"
    "__kernel void work(__global float *data) {\n"
    "    float x = data[get_global_id(0)], y = 1.0001f;\n"
    "    for (int i = 0; i < 1024; i++) x = mad(x, y, 0.5f);\n"
    "    data[get_global_id(0)] = x;\n"
    "}\n";

enum { Bytes = 64 << 20, Enqueues = 2000, Launches = 300, Repeats = 5 };

int main(void)
{
    cl_platform_id platform;
    cl_device_id device;
    cl_int code;
    MUST(clGetPlatformIDs(1, &platform, NULL));
    MUST(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL));
    cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &code);
    MUST(code);
    cl_command_queue queue = clCreateCommandQueue(context, device, 0, &code);
    MUST(code);
    cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, &code);
    MUST(code);
    MUST(clBuildProgram(program, 1, &device, "", NULL, NULL));
    cl_mem from = clCreateBuffer(context, 0, Bytes, NULL, &code);
    MUST(code);
    cl_mem to = clCreateBuffer(context, 0, Bytes, NULL, &code);
    MUST(code);
    cl_kernel nothing = clCreateKernel(program, "nothing", &code), copy = clCreateKernel(program, "copy", &code),
              work = clCreateKernel(program, "work", &code);
    MUST(clSetKernelArg(nothing, 0, sizeof to, &to));
    MUST(clSetKernelArg(copy, 0, sizeof to, &to));
    MUST(clSetKernelArg(copy, 1, sizeof from, &from));
    MUST(clSetKernelArg(work, 0, sizeof to, &to));
    size_t one = 64, vectors = Bytes / 16, threads = 1 << 18, group = 64;
    char *host = malloc(Bytes);
    for (int i = 0; i < Bytes; i++) {
        host[i] = (char)i;
    }
    double best[6] = {1e9, 1e9, 1e9, 1e9, 1e9, 1e9};
    for (int round = 0; round < Repeats; round++) {
        MUST(clEnqueueNDRangeKernel(queue, nothing, 1, NULL, &one, &group, 0, NULL, NULL));
        MUST(clFinish(queue));
        double times[6];
        double start = now();
        for (int i = 0; i < Enqueues; i++) {
            MUST(clEnqueueNDRangeKernel(queue, nothing, 1, NULL, &one, &group, 0, NULL, NULL));
        }
        times[0] = (now() - start) / Enqueues;
        MUST(clFinish(queue));
        start = now();
        for (int i = 0; i < Launches; i++) {
            MUST(clEnqueueNDRangeKernel(queue, nothing, 1, NULL, &one, &group, 0, NULL, NULL));
            MUST(clFinish(queue));
        }
        times[1] = (now() - start) / Launches;
        start = now();
        MUST(clEnqueueWriteBuffer(queue, from, CL_TRUE, 0, Bytes, host, 0, NULL, NULL));
        times[2] = now() - start;
        start = now();
        MUST(clEnqueueReadBuffer(queue, from, CL_TRUE, 0, Bytes, host, 0, NULL, NULL));
        times[3] = now() - start;
        start = now();
        MUST(clEnqueueNDRangeKernel(queue, copy, 1, NULL, &vectors, &group, 0, NULL, NULL));
        MUST(clFinish(queue));
        times[4] = now() - start;
        start = now();
        MUST(clEnqueueNDRangeKernel(queue, work, 1, NULL, &threads, &group, 0, NULL, NULL));
        MUST(clFinish(queue));
        times[5] = now() - start;
        for (int i = 0; i < 6; i++) {
            best[i] = times[i] < best[i] ? times[i] : best[i];
        }
    }
    printf("enqueue_ns %.1f\n", best[0] * 1e9);
    printf("launch_us %.2f\n", best[1] * 1e6);
    printf("write_GBs %.3f\n", Bytes / best[2] / 1e9);
    printf("read_GBs %.3f\n", Bytes / best[3] / 1e9);
    printf("copy_GBs %.3f\n", 2.0 * Bytes / best[4] / 1e9);
    printf("work_GFLOPS %.3f\n", 2048.0 * (double)threads / best[5] / 1e9);
    return 0;
}
