/* Streams captured into graphs, and what a capture forbids. */
#include "client.h"

#include <pthread.h>

enum { Global = 0, ThreadLocal = 1, Relaxed = 2 };
enum { None = 0, Active = 1, Invalidated = 2 };
enum {
    IllegalState = 401,
    CaptureUnsupported = 900,
    CaptureInvalidated = 901,
    CaptureMerge = 902,
    CaptureUnmatched = 903,
    CaptureUnjoined = 904,
    CaptureIsolation = 905,
    CaptureImplicit = 906,
    CapturedEvent = 907,
    CaptureWrongThread = 908
};
enum { NonBlocking = 1 };

#define CAPTURE_CALLS(X)                                                                                               \
    X(cuStreamBeginCapture_v2, (Handle, int))                                                                          \
    X(cuStreamBeginCaptureToGraph, (Handle, Handle, Handle *, void *, size_t, int))                                    \
    X(cuStreamEndCapture, (Handle, Handle *))                                                                          \
    X(cuStreamIsCapturing, (Handle, int *))                                                                            \
    X(cuStreamGetCaptureInfo_v2, (Handle, int *, uint64_t *, Handle *, Handle **, size_t *))                           \
    X(cuStreamUpdateCaptureDependencies, (Handle, Handle *, size_t, unsigned))                                         \
    X(cuThreadExchangeStreamCaptureMode, (int *))                                                                      \
    X(cuStreamWaitEvent, (Handle, Handle, unsigned))                                                                   \
    X(cuEventQuery, (Handle))                                                                                          \
    X(cuLaunchHostFunc, (Handle, void (*)(void *), void *))                                                            \
    X(cuStreamAddCallback, (Handle, void (*)(Handle, int, void *), void *, unsigned))                                  \
    X(cuGraphCreate, (Handle *, unsigned))                                                                             \
    X(cuGraphAddEmptyNode, (Handle *, Handle, Handle *, size_t))                                                       \
    X(cuGraphGetNodes, (Handle, Handle *, size_t *))                                                                   \
    X(cuGraphGetEdges, (Handle, Handle *, Handle *, size_t *))                                                         \
    X(cuGraphNodeGetType, (Handle, int *))                                                                             \
    X(cuGraphInstantiateWithFlags, (Handle *, Handle, unsigned long long))                                             \
    X(cuGraphLaunch, (Handle, Handle))                                                                                 \
    X(cuGraphExecDestroy, (Handle))                                                                                    \
    X(cuGraphDestroy, (Handle))

#define DECLARE(name, parameters) static int(*name) parameters;
CAPTURE_CALLS(DECLARE)
#undef DECLARE

enum { Count = 1000, Bytes = Count * 4 };

static Handle context, function, stream, side, blocking, event, otherEvent;
static Address values, others;
static unsigned host[Count], seen[Count];

static int launch(Handle in, Address at)
{
    unsigned n = Count;
    void *parameters[] = {&at, &n};
    return cuLaunchKernel(function, 8, 1, 1, 128, 1, 1, 0, in, parameters, NULL);
}

static int status(Handle of)
{
    int found = -1;
    EXPECT(Success, cuStreamIsCapturing(of, &found));
    return found;
}

static size_t nodesOf(Handle graph)
{
    size_t n = 0;
    EXPECT(Success, cuGraphGetNodes(graph, NULL, &n));
    return n;
}

static void begin(Handle of, int mode) { REQUIRE(cuStreamBeginCapture_v2(of, mode)); }

/* The capture must have been spoilt; ends it. */
static void endSpoilt(Handle of)
{
    Handle graph = (Handle)1;
    CHECK(status(of) == Invalidated);
    EXPECT(CaptureInvalidated, launch(of, values));
    EXPECT(CaptureInvalidated, cuStreamEndCapture(of, &graph));
    CHECK(graph == NULL && status(of) == None);
}

static void increment(void *number) { __atomic_add_fetch((int *)number, 1, __ATOMIC_SEQ_CST); }
static void callback(Handle of, int result, void *data) { (void)of, (void)result, (void)data; }

/* Nothing runs while it is captured; every launch of the graph runs all of it. */
static void testChain(void)
{
    Handle graph, exec;
    int called = 0;
    memset(seen, 0, Bytes);
    begin(stream, Global);
    CHECK(status(stream) == Active);
    EXPECT(IllegalState, cuStreamBeginCapture_v2(stream, Global));
    EXPECT(Success, cuMemcpyHtoDAsync_v2(values, host, Bytes, stream));
    EXPECT(Success, launch(stream, values));
    EXPECT(Success, cuMemcpyDtoDAsync_v2(others, values, Bytes, stream));
    EXPECT(Success, cuMemsetD8Async(values, 1, Bytes, stream));
    EXPECT(Success, cuLaunchHostFunc(stream, increment, &called));
    EXPECT(Success, cuMemcpyDtoHAsync_v2(seen, others, Bytes, stream));
    EXPECT(Success, cuStreamEndCapture(stream, &graph));
    CHECK(status(stream) == None && nodesOf(graph) == 6);
    EXPECT(IllegalState, cuStreamEndCapture(stream, &graph));
    EXPECT(Success, cuStreamSynchronize(stream));
    CHECK(called == 0 && seen[1] == 0);

    REQUIRE(cuGraphInstantiateWithFlags(&exec, graph, 0));
    for (unsigned round = 1; round <= 3; round++) {
        for (unsigned i = 0; i < Count; i++)
            host[i] = i + round;
        EXPECT(Success, cuGraphLaunch(exec, stream));
        EXPECT(Success, cuStreamSynchronize(stream));
        int wrong = 0;
        for (unsigned i = 0; i < Count; i++)
            wrong += seen[i] != (i + round) * 3 + i;
        CHECK(wrong == 0 && __atomic_load_n(&called, __ATOMIC_SEQ_CST) == (int)round);
    }

    /* Into another capture the whole graph goes as one node. */
    Handle outer, outerExec, node;
    size_t n = 1;
    int type = -1;
    begin(side, ThreadLocal);
    EXPECT(Success, cuGraphLaunch(exec, side));
    EXPECT(Success, cuStreamEndCapture(side, &outer));
    EXPECT(Success, cuGraphGetNodes(outer, &node, &n));
    EXPECT(Success, cuGraphNodeGetType(node, &type));
    CHECK(n == 1 && type == 4);
    REQUIRE(cuGraphInstantiateWithFlags(&outerExec, outer, 0));
    EXPECT(Success, cuGraphLaunch(outerExec, side));
    EXPECT(Success, cuStreamSynchronize(side));
    CHECK(__atomic_load_n(&called, __ATOMIC_SEQ_CST) == 4);
    EXPECT(Success, cuGraphExecDestroy(outerExec));
    EXPECT(Success, cuGraphDestroy(outer));
    EXPECT(Success, cuGraphExecDestroy(exec));
    EXPECT(Success, cuGraphDestroy(graph));
}

/* A second stream joins by waiting for an event of the first, and must be waited for before the end. */
static void testFork(void)
{
    Handle graph, exec, from[8], to[8];
    size_t n = 8;
    begin(stream, Global);
    EXPECT(Success, cuMemsetD8Async(values, 0, Bytes, stream));
    EXPECT(Success, cuEventRecord(event, stream));
    EXPECT(Success, cuStreamWaitEvent(side, event, 0));
    CHECK(status(side) == Active);
    EXPECT(CapturedEvent, cuEventQuery(event));
    EXPECT(CapturedEvent, cuEventSynchronize(event));
    EXPECT(Success, launch(side, values));
    EXPECT(Success, cuMemsetD8Async(others, 2, Bytes, stream));
    EXPECT(Success, cuEventRecord(otherEvent, side));
    EXPECT(Success, cuStreamWaitEvent(stream, otherEvent, 0));
    EXPECT(Success, launch(stream, values));
    EXPECT(CaptureUnmatched, cuStreamEndCapture(side, &graph));
    endSpoilt(stream);

    begin(stream, Global);
    EXPECT(Success, cuMemsetD8Async(values, 0, Bytes, stream));
    EXPECT(Success, cuEventRecord(event, stream));
    EXPECT(Success, cuStreamWaitEvent(side, event, 0));
    EXPECT(Success, launch(side, values));
    EXPECT(Success, cuMemsetD8Async(others, 2, Bytes, stream));
    EXPECT(Success, cuEventRecord(otherEvent, side));
    EXPECT(Success, cuStreamWaitEvent(stream, otherEvent, 0));
    EXPECT(Success, launch(stream, values));
    EXPECT(Success, cuStreamEndCapture(stream, &graph));
    CHECK(status(side) == None);
    EXPECT(Success, cuGraphGetEdges(graph, from, to, &n));
    CHECK(n == 4 && nodesOf(graph) == 4);
    REQUIRE(cuGraphInstantiateWithFlags(&exec, graph, 0));
    EXPECT(Success, cuGraphLaunch(exec, stream));
    EXPECT(Success, cuStreamSynchronize(stream));
    EXPECT(Success, cuMemcpyDtoH_v2(seen, values, Bytes));
    CHECK(seen[7] == 28 && seen[999] == 3996);
    EXPECT(Success, cuGraphExecDestroy(exec));
    EXPECT(Success, cuGraphDestroy(graph));

    begin(stream, Global);
    EXPECT(Success, cuMemsetD8Async(values, 0, Bytes, stream));
    EXPECT(Success, cuEventRecord(event, stream));
    EXPECT(Success, cuStreamWaitEvent(side, event, 0));
    EXPECT(Success, launch(side, values));
    EXPECT(CaptureUnjoined, cuStreamEndCapture(stream, &graph));
    CHECK(graph == NULL && status(stream) == None && status(side) == None);
    EXPECT(Success, cuEventRecord(event, stream));
    EXPECT(Success, cuEventSynchronize(event));
}

/* What breaks a capture is refused, and spoils it. */
static void testForbidden(void)
{
    Address memory;
    Handle graph;
    EXPECT(CaptureUnsupported, cuStreamBeginCapture_v2(NULL, Global));
    EXPECT(InvalidValue, cuStreamBeginCapture_v2(stream, 3));

    begin(stream, Global);
    EXPECT(CaptureUnsupported, cuStreamSynchronize(stream));
    endSpoilt(stream);
    begin(stream, Relaxed);
    EXPECT(CaptureUnsupported, cuStreamQuery(stream));
    endSpoilt(stream);
    begin(stream, Relaxed);
    EXPECT(CaptureUnsupported, cuCtxSynchronize());
    endSpoilt(stream);
    begin(stream, Relaxed);
    EXPECT(CaptureUnsupported, cuStreamAddCallback(stream, callback, NULL, 0));
    endSpoilt(stream);
    begin(stream, Relaxed);
    EXPECT(CaptureIsolation, cuStreamWaitEvent(stream, otherEvent, 0));
    endSpoilt(stream);

    /* Two captures may not meet. */
    begin(stream, Relaxed);
    begin(side, Relaxed);
    EXPECT(Success, launch(side, others));
    EXPECT(Success, cuEventRecord(event, side));
    EXPECT(CaptureMerge, cuStreamWaitEvent(stream, event, 0));
    endSpoilt(stream);
    endSpoilt(side);

    /* The legacy default stream waits for blocking streams, also for captured ones. */
    begin(blocking, Relaxed);
    int found;
    EXPECT(CaptureImplicit, cuStreamIsCapturing(NULL, &found));
    CHECK(status(blocking) == Active);
    EXPECT(CaptureImplicit, cuMemcpyHtoD_v2(values, host, Bytes));
    endSpoilt(blocking);
    begin(blocking, Relaxed);
    EXPECT(CaptureImplicit, launch(NULL, values));
    endSpoilt(blocking);
    begin(stream, Relaxed);
    EXPECT(Success, cuMemcpyHtoD_v2(values, host, Bytes));
    EXPECT(Success, cuStreamEndCapture(stream, &graph));
    EXPECT(Success, cuGraphDestroy(graph));

    /* Calls that may wait, by the capture's mode and the thread's. */
    begin(stream, Global);
    EXPECT(CaptureUnsupported, cuMemAlloc_v2(&memory, 64));
    endSpoilt(stream);
    begin(stream, ThreadLocal);
    EXPECT(CaptureUnsupported, cuEventQuery(otherEvent));
    endSpoilt(stream);
    begin(stream, Relaxed);
    EXPECT(Success, cuMemAlloc_v2(&memory, 64));
    EXPECT(Success, cuStreamEndCapture(stream, &graph));
    EXPECT(Success, cuGraphDestroy(graph));
    int mode = Relaxed;
    begin(stream, Global);
    EXPECT(Success, cuThreadExchangeStreamCaptureMode(&mode));
    CHECK(mode == Global);
    EXPECT(Success, cuMemFree_v2(memory));
    EXPECT(Success, cuThreadExchangeStreamCaptureMode(&mode));
    CHECK(mode == Relaxed);
    EXPECT(Success, cuStreamEndCapture(stream, &graph));
    EXPECT(Success, cuGraphDestroy(graph));
}

static int endFromThread;
static int allocateFromThread;

static void *otherThread(void *unused)
{
    Handle graph;
    Address memory = 0;
    EXPECT(Success, cuCtxSetCurrent(context));
    endFromThread = cuStreamEndCapture(stream, &graph);
    allocateFromThread = cuMemAlloc_v2(&memory, 64);
    if (allocateFromThread == Success)
        EXPECT(Success, cuMemFree_v2(memory));
    return unused;
}

static void testThreads(void)
{
    Handle graph;
    pthread_t thread;
    begin(stream, ThreadLocal);
    pthread_create(&thread, NULL, otherThread, NULL);
    pthread_join(thread, NULL);
    CHECK(endFromThread == CaptureWrongThread && allocateFromThread == Success);
    EXPECT(Success, cuStreamEndCapture(stream, &graph));
    EXPECT(Success, cuGraphDestroy(graph));
    begin(stream, Global);
    pthread_create(&thread, NULL, otherThread, NULL);
    pthread_join(thread, NULL);
    CHECK(endFromThread == CaptureWrongThread && allocateFromThread == CaptureUnsupported);
    endSpoilt(stream);
    begin(stream, Relaxed);
    pthread_create(&thread, NULL, otherThread, NULL);
    pthread_join(thread, NULL);
    CHECK(endFromThread == Success && status(stream) == None);
}

/* Into a graph that is there, after nodes of it; and dependencies of the program's own. */
static void testInto(void)
{
    Handle graph, first, second, *last, again;
    size_t n = 0;
    uint64_t id = 0;
    int found = -1;
    REQUIRE(cuGraphCreate(&graph, 0));
    REQUIRE(cuGraphAddEmptyNode(&first, graph, NULL, 0));
    EXPECT(Success, cuStreamBeginCaptureToGraph(stream, graph, &first, NULL, 1, Relaxed));
    EXPECT(Success, launch(stream, values));
    EXPECT(Success, cuStreamGetCaptureInfo_v2(stream, &found, &id, &again, &last, &n));
    CHECK(found == Active && id != 0 && again == graph && n == 1 && last[0] != first);
    REQUIRE(cuGraphAddEmptyNode(&second, graph, last, 1));
    EXPECT(Success, cuStreamUpdateCaptureDependencies(stream, &second, 1, 1));
    EXPECT(Success, cuStreamGetCaptureInfo_v2(stream, &found, NULL, NULL, &last, &n));
    CHECK(n == 1 && last[0] == second);
    EXPECT(Success, launch(stream, values));
    EXPECT(InvalidValue, cuGraphDestroy(graph));
    EXPECT(Success, cuStreamEndCapture(stream, &again));
    CHECK(again == graph && nodesOf(graph) == 4);
    n = 0;
    EXPECT(Success, cuGraphGetEdges(graph, NULL, NULL, &n));
    CHECK(n == 3);
    EXPECT(Success, cuGraphDestroy(graph));
}

int main(void)
{
    void *library = openLibrary();
#define RESOLVE(name, parameters)                                                                                      \
    name = (int(*) parameters)dlsym(library, #name);                                                                   \
    CHECK(name != NULL);
    CAPTURE_CALLS(RESOLVE)
#undef RESOLVE
    Handle module;
    REQUIRE(cuInit(0));
    REQUIRE(cuDevicePrimaryCtxRetain(&context, 0));
    REQUIRE(cuCtxSetCurrent(context));
    REQUIRE(cuModuleLoadData(&module, triple));
    REQUIRE(cuModuleGetFunction(&function, module, "triple"));
    REQUIRE(cuMemAlloc_v2(&values, Bytes));
    REQUIRE(cuMemAlloc_v2(&others, Bytes));
    REQUIRE(cuStreamCreate(&stream, NonBlocking));
    REQUIRE(cuStreamCreate(&side, NonBlocking));
    REQUIRE(cuStreamCreate(&blocking, 0));
    REQUIRE(cuEventCreate(&event, 0));
    REQUIRE(cuEventCreate(&otherEvent, 0));
    testChain();
    testFork();
    testForbidden();
    testThreads();
    testInto();
    return failures == 0 ? 0 : 1;
}
