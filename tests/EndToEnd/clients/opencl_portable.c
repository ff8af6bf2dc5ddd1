/* Keeps state of OpenCL of every kind and verifies or changes it when it is told to: v, c, then the end of its input. */
#include "opencl.h"

enum { Bytes = (5 << 20) + 12345, Side = 300, Small = 256 };

static const char *source =
    "__kernel void turn(__global uchar *data, uint by) { data[get_global_id(0)] = data[get_global_id(0)] * 3 + by; }\n"
    "__kernel void paint(__write_only image2d_t image, uint by) {\n"
    "    int2 at = (int2)(get_global_id(0), get_global_id(1));\n"
    "    write_imageui(image, at, (uint4)(at.x + by, at.y, by, 255) & 255u);\n"
    "}\n"
    "__kernel void look(__read_only image2d_t image, sampler_t sampler, __global uint *sum) {\n"
    "    int2 at = (int2)(get_global_id(0), get_global_id(1));\n"
    "    uint4 texel = read_imageui(image, sampler, at);\n"
    "    atomic_add(sum, texel.x + texel.y + texel.z);\n"
    "}\n";

static unsigned char *expected, *got;
static cl_mem data, part, image, sum;
static cl_kernel turn, paint, look;
static cl_command_queue loose;
static cl_event timed, gate, after;
static cl_ulong times[4];
static unsigned painted;
static int calls;

static void CL_CALLBACK opened(cl_event event, cl_int status, void *where)
{
    (void)event;
    __atomic_fetch_add((int *)where, status == CL_COMPLETE ? 1 : 100, __ATOMIC_SEQ_CST);
}

static void make(void)
{
    cl_int code;
    open_device(CL_QUEUE_PROFILING_ENABLE);
    loose = clCreateCommandQueue(context, device, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &code);
    OK(code);
    expected = malloc(Bytes);
    got = malloc(Bytes);
    for (int i = 0; i < Bytes; i++) {
        expected[i] = (unsigned char)(i * 13 + i / 1000);
    }
    data = clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, Bytes, expected, &code);
    OK(code);
    cl_buffer_region region = {1 << 20, Small};
    part = clCreateSubBuffer(data, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &code);
    OK(code);
    cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT8};
    cl_image_desc shape = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = Side, .image_height = Side};
    image = clCreateImage(context, 0, &format, &shape, NULL, &code);
    OK(code);
    sum = clCreateBuffer(context, 0, 4, NULL, &code);
    OK(code);
    cl_sampler sampler = clCreateSampler(context, CL_FALSE, CL_ADDRESS_CLAMP_TO_EDGE, CL_FILTER_NEAREST, &code);
    OK(code);
    cl_program program = build(source);
    turn = clCreateKernel(program, "turn", &code);
    OK(code);
    paint = clCreateKernel(program, "paint", &code);
    OK(code);
    look = clCreateKernel(program, "look", &code);
    OK(code);
    OK(clReleaseProgram(program));
    OK(clSetKernelArg(turn, 0, sizeof data, &data));
    OK(clSetKernelArg(paint, 0, sizeof image, &image));
    OK(clSetKernelArg(look, 0, sizeof image, &image));
    OK(clSetKernelArg(look, 1, sizeof sampler, &sampler));
    OK(clSetKernelArg(look, 2, sizeof sum, &sum));
    gate = clCreateUserEvent(context, &code);
    OK(code);
    OK(clSetEventCallback(gate, CL_COMPLETE, opened, &calls));
}

static void change(void)
{
    static unsigned round;
    round++;
    size_t all = Bytes, square[] = {Side, Side};
    cl_uint by = round;
    OK(clSetKernelArg(turn, 1, sizeof by, &by));
    if (timed != NULL) {
        OK(clReleaseEvent(timed));
    }
    OK(clEnqueueNDRangeKernel(queue, turn, 1, NULL, &all, NULL, 0, NULL, &timed));
    for (int i = 0; i < Bytes; i++) {
        expected[i] = (unsigned char)(expected[i] * 3 + by);
    }
    painted = round;
    OK(clSetKernelArg(paint, 1, sizeof by, &by));
    OK(clEnqueueNDRangeKernel(queue, paint, 2, NULL, square, NULL, 0, NULL, NULL));
    cl_uchar mark = (cl_uchar)(round + 100);
    if (after != NULL) {
        OK(clReleaseEvent(after));
    }
    OK(clEnqueueFillBuffer(loose, part, &mark, 1, 0, Small, 1, &timed, &after));
    memset(expected + (1 << 20), mark, Small);
    OK(clFlush(loose));
    OK(clEnqueueBarrierWithWaitList(queue, 1, &after, NULL));
    memset(times, 0, sizeof times);
}

static void verify(void)
{
    OK(clEnqueueReadBuffer(queue, data, CL_TRUE, 0, Bytes, got, 0, NULL, NULL));
    CHECK(memcmp(got, expected, Bytes) == 0);
    cl_uint zero = 0, total = 0, wanted = 0;
    size_t square[] = {Side, Side};
    if (painted != 0) {
        OK(clEnqueueFillBuffer(queue, sum, &zero, 4, 0, 4, 0, NULL, NULL));
        OK(clEnqueueNDRangeKernel(queue, look, 2, NULL, square, NULL, 0, NULL, NULL));
        OK(clEnqueueReadBuffer(queue, sum, CL_TRUE, 0, 4, &total, 0, NULL, NULL));
        for (unsigned y = 0; y < Side; y++) {
            for (unsigned x = 0; x < Side; x++) {
                wanted += ((x + painted) & 255) + (y & 255) + (painted & 255);
            }
        }
        CHECK(total == wanted);
        cl_int status = 99;
        OK(clGetEventInfo(after, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL));
        CHECK(status == CL_COMPLETE);
        for (int i = 0; i < 4; i++) {
            cl_ulong time = 0;
            OK(clGetEventProfilingInfo(timed, CL_PROFILING_COMMAND_QUEUED + i, sizeof time, &time, NULL));
            CHECK(time != 0 && (times[i] == 0 || times[i] == time));
            times[i] = time;
        }
    }
    cl_int status = 99;
    OK(clGetEventInfo(gate, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL));
    CHECK(status > CL_COMPLETE && calls == 0);
}

static void end(void)
{
    OK(clSetUserEventStatus(gate, CL_COMPLETE));
    for (int i = 0; i < 30000 && __atomic_load_n(&calls, __ATOMIC_SEQ_CST) == 0; i++) {
        usleep(1000);
    }
    CHECK(calls == 1);
    OK(clFinish(queue));
    OK(clReleaseKernel(turn));
    OK(clReleaseMemObject(part));
    OK(clReleaseMemObject(data));
}

int main(void)
{
    char line[64];
    make();
    if (failures != 0) {
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (line[0] == 'c') {
            change();
        } else {
            verify();
        }
        printf(failures == 0 ? "ok\n" : "wrong\n");
        fflush(stdout);
        if (failures != 0) {
            return 1;
        }
    }
    end();
    return failures != 0;
}
