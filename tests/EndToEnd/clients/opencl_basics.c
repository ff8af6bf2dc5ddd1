/* Platforms, contexts, queues, buffers, programs, kernels, events: results, misuse, reference counts, order. */
#include "opencl.h"

static const char *source = "__kernel void scale(__global int *data, int by) { data[get_global_id(0)] *= by; }\n"
                            "__kernel void add(__global int *data, __global const int *more, __local int *room) {\n"
                            "    size_t i = get_global_id(0);\n"
                            "    room[get_local_id(0)] = more[i];\n"
                            "    barrier(CLK_LOCAL_MEM_FENCE);\n"
                            "    data[i] += room[get_local_id(0)];\n"
                            "}\n";

enum { Count = 1 << 16 };

static int is_strict;

static void infos(void)
{
    char text[4096];
    size_t bytes = 0;
    OK(clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof text, text, &bytes));
    CHECK(bytes == strlen(text) + 1);
    EXPECT(CL_INVALID_VALUE, clGetPlatformInfo(platform, CL_PLATFORM_NAME, 1, text, NULL));
    EXPECT(CL_INVALID_VALUE, clGetPlatformInfo(platform, 0x9999, sizeof text, text, NULL));
    OK(clGetDeviceInfo(device, CL_DEVICE_NAME, sizeof text, text, &bytes));
    EXPECT(CL_INVALID_VALUE, clGetDeviceInfo(device, 0x9999, sizeof text, text, NULL));
    cl_platform_id owner = NULL;
    OK(clGetDeviceInfo(device, CL_DEVICE_PLATFORM, sizeof owner, &owner, NULL));
    CHECK(owner == platform);
    cl_uint count = 99;
    EXPECT(CL_INVALID_DEVICE_TYPE, clGetDeviceIDs(platform, 0, 1, &device, &count));
    EXPECT(CL_INVALID_VALUE, clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, &device, NULL));
    EXPECT(CL_INVALID_VALUE, clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, NULL));
    OK(clRetainDevice(device));
    OK(clReleaseDevice(device));
    cl_device_partition_property parts[] = {CL_DEVICE_PARTITION_EQUALLY, 1, 0};
    cl_device_id part;
    EXPECT(CL_INVALID_VALUE, clCreateSubDevices(device, parts, 1, &part, &count));
    CHECK(clGetExtensionFunctionAddressForPlatform(platform, "clNoSuchFunction") == NULL);
}

static void contexts(void)
{
    cl_int code;
    cl_uint count = 0;
    size_t bytes = 0;
    cl_context_properties twice[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)platform, CL_CONTEXT_PLATFORM,
                                     (cl_context_properties)platform, 0};
    FAILS(CL_INVALID_PROPERTY, clCreateContext(twice, 1, &device, NULL, NULL, &code));
    FAILS(CL_INVALID_VALUE, clCreateContext(NULL, 0, &device, NULL, NULL, &code));
    FAILS(CL_INVALID_VALUE, clCreateContext(NULL, 1, NULL, NULL, NULL, &code));
    cl_context typed = clCreateContextFromType(NULL, CL_DEVICE_TYPE_ALL, NULL, NULL, &code);
    OK(code);
    OK(clGetContextInfo(typed, CL_CONTEXT_NUM_DEVICES, sizeof count, &count, NULL));
    CHECK(count >= 1);
    OK(clGetContextInfo(context, CL_CONTEXT_DEVICES, 0, NULL, &bytes));
    CHECK(bytes == sizeof device);
    cl_device_id held = NULL;
    OK(clGetContextInfo(context, CL_CONTEXT_DEVICES, sizeof held, &held, NULL));
    CHECK(held == device);
    OK(clRetainContext(typed));
    OK(clGetContextInfo(typed, CL_CONTEXT_REFERENCE_COUNT, sizeof count, &count, NULL));
    CHECK(count == 2);
    OK(clReleaseContext(typed));
    OK(clReleaseContext(typed));
    if (is_strict) {
        EXPECT(CL_INVALID_CONTEXT, clReleaseContext(typed));
    }
    FAILS(CL_INVALID_VALUE, clCreateCommandQueue(context, device, 1 << 20, &code));
    cl_queue_properties odd[] = {0x7777, 1, 0};
    FAILS(CL_INVALID_VALUE, clCreateCommandQueueWithProperties(context, device, odd, &code));
    cl_queue_properties onDevice[] = {CL_QUEUE_PROPERTIES,
                                      CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_ON_DEVICE, 0};
    if (is_strict) {
        FAILS(CL_INVALID_QUEUE_PROPERTIES, clCreateCommandQueueWithProperties(context, device, onDevice, &code));
    }
    cl_context of = NULL;
    OK(clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof of, &of, NULL));
    CHECK(of == context);
    if (!is_strict) {
        return;
    }
    /* A pointer to an object of another kind. */
    EXPECT(CL_INVALID_COMMAND_QUEUE, clFinish((cl_command_queue)context));
    EXPECT(CL_INVALID_CONTEXT, clRetainContext((cl_context)queue));
}

static void buffers(void)
{
    cl_int code;
    static int data[Count], back[Count];
    for (int i = 0; i < Count; i++) {
        data[i] = i;
    }
    FAILS(CL_INVALID_BUFFER_SIZE, clCreateBuffer(context, 0, 0, NULL, &code));
    FAILS(CL_INVALID_VALUE, clCreateBuffer(context, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, 4, NULL, &code));
    FAILS(CL_INVALID_HOST_PTR, clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, 4, NULL, &code));
    FAILS(CL_INVALID_HOST_PTR, clCreateBuffer(context, 0, 4, data, &code));
    cl_mem buffer = clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, sizeof data, data, &code);
    OK(code);
    OK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof back, back, 0, NULL, NULL));
    CHECK(memcmp(data, back, sizeof data) == 0);
    EXPECT(CL_INVALID_VALUE, clEnqueueReadBuffer(queue, buffer, CL_TRUE, 4, sizeof back, back, 0, NULL, NULL));
    EXPECT(CL_INVALID_VALUE, clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, NULL, 0, NULL, NULL));
    EXPECT(CL_INVALID_EVENT_WAIT_LIST, clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, back, 1, NULL, NULL));
    cl_event event = NULL;
    for (int i = 0; i < Count; i++) {
        data[i] = -i;
    }
    OK(clEnqueueWriteBuffer(queue, buffer, CL_FALSE, 0, sizeof data, data, 0, NULL, &event));
    OK(clWaitForEvents(1, &event));
    cl_command_type type = 0;
    OK(clGetEventInfo(event, CL_EVENT_COMMAND_TYPE, sizeof type, &type, NULL));
    CHECK(type == CL_COMMAND_WRITE_BUFFER);
    OK(clReleaseEvent(event));
    if (is_strict) {
        EXPECT(CL_INVALID_EVENT, clReleaseEvent(event));
    }
    memset(back, 0, sizeof back);
    /* A read that nobody waits for, then one for it. */
    OK(clEnqueueReadBuffer(queue, buffer, CL_FALSE, 0, sizeof back, back, 0, NULL, &event));
    OK(clWaitForEvents(1, &event));
    CHECK(memcmp(data, back, sizeof data) == 0);
    OK(clReleaseEvent(event));
    memset(back, 0, sizeof back);
    OK(clEnqueueReadBuffer(queue, buffer, CL_FALSE, 0, sizeof back, back, 0, NULL, NULL));
    OK(clFinish(queue));
    CHECK(memcmp(data, back, sizeof data) == 0);
    /* Boxes, sub-buffers, copies, fills. */
    size_t from[] = {8, 2, 0}, to[] = {0, 0, 0}, region[] = {16, 4, 1};
    char box[64];
    OK(clEnqueueReadBufferRect(queue, buffer, CL_TRUE, from, to, region, 256, 0, 16, 0, box, 0, NULL, NULL));
    for (int row = 0; row < 4; row++) {
        CHECK(memcmp(box + 16 * row, (char *)data + 8 + 256 * (2 + row), 16) == 0);
    }
    cl_buffer_region part = {1024, 4096};
    cl_mem sub = clCreateSubBuffer(buffer, 0, CL_BUFFER_CREATE_TYPE_REGION, &part, &code);
    OK(code);
    int seven = 7;
    OK(clEnqueueFillBuffer(queue, sub, &seven, 4, 0, 4096, 0, NULL, NULL));
    OK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 1020, 4104, back, 0, NULL, NULL));
    CHECK(back[0] == -255 && back[1] == 7 && back[1024] == 7 && back[1025] == -1280);
    EXPECT(CL_MEM_COPY_OVERLAP, clEnqueueCopyBuffer(queue, buffer, buffer, 0, 4, 8, 0, NULL, NULL));
    OK(clEnqueueCopyBuffer(queue, buffer, buffer, 1024, 8192, 64, 0, NULL, NULL));
    OK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 8192, 64, back, 0, NULL, NULL));
    CHECK(back[0] == 7 && back[15] == 7);
    cl_mem parent = NULL;
    OK(clGetMemObjectInfo(sub, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof parent, &parent, NULL));
    CHECK(parent == buffer);
    OK(clReleaseMemObject(buffer));
    OK(clReleaseMemObject(sub));
    if (is_strict) {
        EXPECT(CL_INVALID_MEM_OBJECT, clReleaseMemObject(sub));
    }
    cl_mem closed = clCreateBuffer(context, CL_MEM_HOST_NO_ACCESS, 64, NULL, &code);
    OK(code);
    EXPECT(CL_INVALID_OPERATION, clEnqueueReadBuffer(queue, closed, CL_TRUE, 0, 4, back, 0, NULL, NULL));
    OK(clReleaseMemObject(closed));
}

static void programs(void)
{
    cl_int code;
    const char *wrong = "__kernel void broken(__global int *a) { a[0] = nowhere; }";
    cl_program program = clCreateProgramWithSource(context, 1, &wrong, NULL, &code);
    OK(code);
    EXPECT(CL_BUILD_PROGRAM_FAILURE, clBuildProgram(program, 0, NULL, NULL, NULL, NULL));
    char log[16384] = "";
    size_t bytes = 0;
    OK(clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof log, log, &bytes));
    CHECK(strstr(log, "nowhere") != NULL && bytes == strlen(log) + 1);
    FAILS(CL_INVALID_PROGRAM_EXECUTABLE, clCreateKernel(program, "broken", &code));
    OK(clReleaseProgram(program));
    FAILS(CL_INVALID_VALUE, clCreateProgramWithSource(context, 0, &wrong, NULL, &code));

    program = build(source);
    FAILS(CL_INVALID_KERNEL_NAME, clCreateKernel(program, "missing", &code));
    char text[1024];
    OK(clGetProgramInfo(program, CL_PROGRAM_SOURCE, sizeof text, text, &bytes));
    CHECK(strcmp(text, source) == 0);
    cl_uint count = 0;
    OK(clCreateKernelsInProgram(program, 0, NULL, &count));
    CHECK(count == 2);
    cl_kernel kernels[2];
    OK(clCreateKernelsInProgram(program, 2, kernels, NULL));
    OK(clGetKernelInfo(kernels[0], CL_KERNEL_FUNCTION_NAME, sizeof text, text, NULL));
    CHECK(strcmp(text, "scale") == 0 || strcmp(text, "add") == 0);
    cl_program of = NULL;
    OK(clGetKernelInfo(kernels[1], CL_KERNEL_PROGRAM, sizeof of, &of, NULL));
    CHECK(of == program);
    OK(clReleaseKernel(kernels[0]));
    OK(clReleaseKernel(kernels[1]));
    if (is_strict) {
        EXPECT(CL_INVALID_KERNEL, clReleaseKernel(kernels[1]));
    }

    /* Out and in again as a binary. */
    size_t size = 0;
    OK(clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL));
    CHECK(size > 0);
    unsigned char *binary = malloc(size);
    OK(clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL));
    cl_int status = -1;
    cl_program again =
        clCreateProgramWithBinary(context, 1, &device, &size, (const unsigned char **)&binary, &status, &code);
    OK(code);
    OK(status);
    OK(clBuildProgram(again, 1, &device, "", NULL, NULL));
    cl_kernel kernel = clCreateKernel(again, "scale", &code);
    OK(code);
    OK(clReleaseKernel(kernel));
    OK(clReleaseProgram(again));
    free(binary);
    OK(clReleaseProgram(program));
}

static void kernels(void)
{
    cl_int code;
    static int data[Count], back[Count];
    cl_program program = build(source);
    cl_kernel scale = clCreateKernel(program, "scale", &code);
    OK(code);
    for (int i = 0; i < Count; i++) {
        data[i] = i;
    }
    cl_mem buffer = clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, sizeof data, data, &code);
    OK(code);
    size_t global = Count, local = 64, odd = 100000000;
    int three = 3;
    EXPECT(CL_INVALID_ARG_INDEX, clSetKernelArg(scale, 2, 4, &three));
    EXPECT(CL_INVALID_ARG_SIZE, clSetKernelArg(scale, 1, 8, &(long){3}));
    EXPECT(CL_INVALID_KERNEL_ARGS, clEnqueueNDRangeKernel(queue, scale, 1, NULL, &global, NULL, 0, NULL, NULL));
    OK(clSetKernelArg(scale, 0, sizeof buffer, &buffer));
    OK(clSetKernelArg(scale, 1, sizeof three, &three));
    EXPECT(CL_INVALID_WORK_DIMENSION, clEnqueueNDRangeKernel(queue, scale, 4, NULL, &global, NULL, 0, NULL, NULL));
    EXPECT(CL_INVALID_WORK_GROUP_SIZE, clEnqueueNDRangeKernel(queue, scale, 1, NULL, &global, &odd, 0, NULL, NULL));
    cl_event event = NULL;
    OK(clEnqueueNDRangeKernel(queue, scale, 1, NULL, &global, &local, 0, NULL, &event));
    for (int round = 0; round < 3; round++) {
        OK(clEnqueueNDRangeKernel(queue, scale, 1, NULL, &global, &local, 0, NULL, NULL));
    }
    OK(clFinish(queue));
    cl_int status = 99;
    OK(clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL));
    CHECK(status == CL_COMPLETE);
    cl_ulong begun = 0, ended = 0;
    OK(clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof begun, &begun, NULL));
    OK(clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof ended, &ended, NULL));
    CHECK(begun > 0 && ended >= begun);
    OK(clReleaseEvent(event));
    OK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof back, back, 0, NULL, NULL));
    int right = 1;
    for (int i = 0; i < Count; i++) {
        right &= back[i] == i * 81;
    }
    CHECK(right);

    cl_kernel add = clCreateKernel(program, "add", &code);
    OK(code);
    cl_mem more = clCreateBuffer(context, CL_MEM_COPY_HOST_PTR | CL_MEM_READ_ONLY, sizeof data, data, &code);
    OK(code);
    OK(clSetKernelArg(add, 0, sizeof buffer, &buffer));
    OK(clSetKernelArg(add, 1, sizeof more, &more));
    OK(clSetKernelArg(add, 2, local * sizeof(int), NULL));
    size_t offset = 64, rest = Count - 64;
    OK(clEnqueueNDRangeKernel(queue, add, 1, &offset, &rest, &local, 0, NULL, NULL));
    OK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof back, back, 0, NULL, NULL));
    CHECK(back[63] == 63 * 81 && back[64] == 64 * 82 && back[Count - 1] == (Count - 1) * 82);
    size_t groups = 0;
    OK(clGetKernelWorkGroupInfo(add, device, CL_KERNEL_WORK_GROUP_SIZE, sizeof groups, &groups, NULL));
    CHECK(groups >= 64);
    OK(clReleaseKernel(add));
    OK(clReleaseKernel(scale));
    OK(clReleaseProgram(program));
    OK(clReleaseMemObject(more));
    OK(clReleaseMemObject(buffer));
}

static cl_int told = 99;
static pthread_t teller;
static int calls;

static void CL_CALLBACK tell(cl_event event, cl_int status, void *data)
{
    (void)event;
    told = status;
    teller = pthread_self();
    __atomic_fetch_add((int *)data, 1, __ATOMIC_SEQ_CST);
}

static void CL_CALLBACK nothing(void *data)
{
    (void)data;
}

static void events(void)
{
    cl_int code;
    int data[16] = {1, 2, 3}, back[16] = {0};
    cl_mem buffer = clCreateBuffer(context, 0, sizeof data, NULL, &code);
    OK(code);
    cl_event gate = clCreateUserEvent(context, &code);
    OK(code);
    cl_event written = NULL, failed = NULL;
    OK(clEnqueueWriteBuffer(queue, buffer, CL_FALSE, 0, sizeof data, data, 1, &gate, &written));
    OK(clSetEventCallback(written, CL_COMPLETE, tell, &calls));
    OK(clFlush(queue));
    usleep(20000);
    cl_int status = 99;
    OK(clGetEventInfo(written, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL));
    CHECK(status > CL_COMPLETE);
    CHECK(calls == 0);
    EXPECT(CL_INVALID_VALUE, clSetUserEventStatus(gate, 1));
    EXPECT(CL_INVALID_EVENT, clSetUserEventStatus(written, CL_COMPLETE));
    OK(clSetUserEventStatus(gate, CL_COMPLETE));
    EXPECT(CL_INVALID_OPERATION, clSetUserEventStatus(gate, CL_COMPLETE));
    OK(clWaitForEvents(1, &written));
    for (int i = 0; i < 30000 && __atomic_load_n(&calls, __ATOMIC_SEQ_CST) == 0; i++) {
        usleep(1000);
    }
    CHECK(calls == 1 && told == CL_COMPLETE && !pthread_equal(teller, pthread_self()));
    OK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof back, back, 1, &written, NULL));
    CHECK(memcmp(data, back, sizeof data) == 0);

    cl_event bad = clCreateUserEvent(context, &code);
    OK(code);
    OK(clSetUserEventStatus(bad, -5));
    EXPECT(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, clWaitForEvents(1, &bad));
    OK(clEnqueueMarkerWithWaitList(queue, 0, NULL, &failed));
    OK(clWaitForEvents(1, &failed));
    OK(clReleaseEvent(failed));
    OK(clReleaseEvent(bad));
    EXPECT(CL_INVALID_VALUE, clWaitForEvents(0, NULL));
    EXPECT(CL_INVALID_VALUE, clSetEventCallback(written, 7, tell, NULL));
    OK(clReleaseEvent(written));
    OK(clReleaseEvent(gate));
    OK(clReleaseMemObject(buffer));
    FAILS(CL_INVALID_OPERATION, clCreatePipe(context, 0, 4, 4, NULL, &code));
    cl_device_exec_capabilities can = 0;
    OK(clGetDeviceInfo(device, CL_DEVICE_EXECUTION_CAPABILITIES, sizeof can, &can, NULL));
    if ((can & CL_EXEC_NATIVE_KERNEL) == 0) {
        EXPECT(CL_INVALID_OPERATION, clEnqueueNativeKernel(queue, nothing, NULL, 0, 0, NULL, NULL, 0, NULL, NULL));
    }
}

static void maps(void)
{
    cl_int code;
    enum { Bytes = 1 << 20 };
    unsigned char *back = malloc(Bytes);
    cl_mem buffer = clCreateBuffer(context, 0, Bytes, NULL, &code);
    OK(code);
    unsigned char *seen =
        clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_WRITE_INVALIDATE_REGION, 0, Bytes, 0, NULL, NULL, &code);
    OK(code);
    for (int i = 0; i < Bytes; i++) {
        seen[i] = (unsigned char)(i * 7);
    }
    cl_uint count = 0;
    OK(clGetMemObjectInfo(buffer, CL_MEM_MAP_COUNT, sizeof count, &count, NULL));
    CHECK(count == 1);
    OK(clEnqueueUnmapMemObject(queue, buffer, seen, 0, NULL, NULL));
    EXPECT(CL_INVALID_VALUE, clEnqueueUnmapMemObject(queue, buffer, seen, 0, NULL, NULL));
    OK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, Bytes, back, 0, NULL, NULL));
    CHECK(back[1] == 7 && back[Bytes - 1] == (unsigned char)((Bytes - 1) * 7));
    seen = clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 4096, 8192, 0, NULL, NULL, &code);
    OK(code);
    CHECK(seen[3] == (unsigned char)(4099 * 7));
    seen[3] = 200;
    OK(clEnqueueUnmapMemObject(queue, buffer, seen, 0, NULL, NULL));
    OK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, Bytes, back, 0, NULL, NULL));
    CHECK(back[4099] == 200 && back[4100] == (unsigned char)(4100 * 7));
    /* Nobody waits for the map but its event. */
    cl_event event = NULL;
    seen = clEnqueueMapBuffer(queue, buffer, CL_FALSE, CL_MAP_READ, 0, Bytes, 0, NULL, &event, &code);
    OK(code);
    OK(clWaitForEvents(1, &event));
    CHECK(memcmp(seen, back, Bytes) == 0);
    OK(clEnqueueUnmapMemObject(queue, buffer, seen, 0, NULL, NULL));
    OK(clReleaseEvent(event));
    OK(clFinish(queue));
    OK(clReleaseMemObject(buffer));
    /* Memory of the program's own is where it sees the buffer. */
    buffer = clCreateBuffer(context, CL_MEM_USE_HOST_PTR, Bytes, back, &code);
    OK(code);
    int nine = 9;
    OK(clEnqueueFillBuffer(queue, buffer, &nine, 1, 0, 100, 0, NULL, NULL));
    seen = clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_READ, 0, 200, 0, NULL, NULL, &code);
    OK(code);
    CHECK(seen == back && back[99] == 9 && back[100] == (unsigned char)(100 * 7));
    OK(clEnqueueUnmapMemObject(queue, buffer, seen, 0, NULL, NULL));
    OK(clReleaseMemObject(buffer));
    free(back);
}

/* "strict": also what a driver may crash of. */
int main(int argc, char **argv)
{
    is_strict = argc > 1 && strcmp(argv[1], "strict") == 0;
    open_device(CL_QUEUE_PROFILING_ENABLE);
    infos();
    contexts();
    buffers();
    programs();
    kernels();
    events();
    maps();
    cl_uint count = 0;
    OK(clGetCommandQueueInfo(queue, CL_QUEUE_REFERENCE_COUNT, sizeof count, &count, NULL));
    CHECK(count == 1);
    OK(clReleaseCommandQueue(queue));
    OK(clReleaseContext(context));
    return finish("opencl basics");
}
