/* What programs of OpenCL share here: a place to run, and a way to state what a call must answer. */
#pragma once

#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failures;

#define CHECK(what)                                                                                                    \
    do {                                                                                                               \
        if (!(what)) {                                                                                                 \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                                         \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)

#define EXPECT(expected, call)                                                                                         \
    do {                                                                                                               \
        cl_int got_ = (call);                                                                                          \
        if (got_ != (expected)) {                                                                                      \
            fprintf(stderr, "%s:%d: %s answers %d, not %d\n", __FILE__, __LINE__, #call, got_, (int)(expected));       \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)

#define OK(call) EXPECT(CL_SUCCESS, call)

/* A function that makes an object and says through its last parameter why it did not. */
#define FAILS(expected, call)                                                                                          \
    do {                                                                                                               \
        cl_int code = 12345;                                                                                           \
        void *made_ = (void *)(call);                                                                                  \
        CHECK(made_ == NULL);                                                                                          \
        EXPECT(expected, code);                                                                                        \
    } while (0)

static cl_platform_id platform;
static cl_device_id device;
static cl_context context;
static cl_command_queue queue;

static inline void open_device(cl_command_queue_properties properties)
{
    cl_uint count = 0;
    cl_platform_id all[8];
    OK(clGetPlatformIDs(8, all, &count));
    platform = all[0];
    OK(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, &count));
    cl_int code;
    cl_context_properties where[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)platform, 0};
    context = clCreateContext(where, 1, &device, NULL, NULL, &code);
    OK(code);
    queue = clCreateCommandQueue(context, device, properties, &code);
    OK(code);
}

static inline cl_program build(const char *source)
{
    cl_int code;
    cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, &code);
    OK(code);
    code = clBuildProgram(program, 1, &device, "", NULL, NULL);
    if (code != CL_SUCCESS) {
        char log[4096] = "";
        clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof log, log, NULL);
        fprintf(stderr, "the program does not build (%d): %s\n", code, log);
        failures++;
    }
    return program;
}

static inline int finish(const char *name)
{
    if (failures == 0) {
        printf("%s ok\n", name);
    }
    return failures != 0;
}
