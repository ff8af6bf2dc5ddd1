/* Graphs: built node by node, copied, changed, launched. */
#include "client.h"

typedef struct {
    Handle function;
    unsigned gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes;
    void **parameters, **extra;
    Handle kernel, context;
} KernelNode;

typedef struct {
    size_t srcX, srcY, srcZ, srcLevel;
    int srcType;
    const void *srcHost;
    Address srcDevice;
    Handle srcArray;
    void *reserved0;
    size_t srcPitch, srcHeight;
    size_t dstX, dstY, dstZ, dstLevel;
    int dstType;
    void *dstHost;
    Address dstDevice;
    Handle dstArray;
    void *reserved1;
    size_t dstPitch, dstHeight;
    size_t width, height, depth;
} CopyNode;

typedef struct {
    Address destination;
    size_t pitch;
    unsigned value, elementSize;
    size_t width, height;
} FillNode;

typedef struct {
    void (*function)(void *);
    void *data;
} HostNode;

typedef struct {
    int result;
    Handle node, from;
} UpdateInfo;

enum { HostMemory = 1, DeviceMemory = 2 };
enum { Kernel = 0, Memcpy = 1, Memset = 2, Host = 3, Child = 4, Empty = 5, WaitEvent = 6, EventRecord = 7 };
enum { TopologyChanged = 2, NodeTypeChanged = 3, UpdateFailure = 910 };

#define GRAPH_CALLS(X)                                                                                                 \
    X(cuGraphCreate, (Handle *, unsigned))                                                                             \
    X(cuGraphDestroy, (Handle))                                                                                        \
    X(cuGraphClone, (Handle *, Handle))                                                                                \
    X(cuGraphNodeFindInClone, (Handle *, Handle, Handle))                                                              \
    X(cuGraphDebugDotPrint, (Handle, const char *, unsigned))                                                          \
    X(cuGraphAddKernelNode_v2, (Handle *, Handle, Handle *, size_t, KernelNode *))                                     \
    X(cuGraphKernelNodeGetParams_v2, (Handle, KernelNode *))                                                           \
    X(cuGraphKernelNodeSetParams_v2, (Handle, KernelNode *))                                                           \
    X(cuGraphAddMemcpyNode, (Handle *, Handle, Handle *, size_t, CopyNode *, Handle))                                  \
    X(cuGraphMemcpyNodeGetParams, (Handle, CopyNode *))                                                                \
    X(cuGraphAddMemsetNode, (Handle *, Handle, Handle *, size_t, FillNode *, Handle))                                  \
    X(cuGraphAddHostNode, (Handle *, Handle, Handle *, size_t, HostNode *))                                            \
    X(cuGraphAddChildGraphNode, (Handle *, Handle, Handle *, size_t, Handle))                                          \
    X(cuGraphAddEmptyNode, (Handle *, Handle, Handle *, size_t))                                                       \
    X(cuGraphAddEventRecordNode, (Handle *, Handle, Handle *, size_t, Handle))                                         \
    X(cuGraphAddEventWaitNode, (Handle *, Handle, Handle *, size_t, Handle))                                           \
    X(cuGraphNodeGetType, (Handle, int *))                                                                             \
    X(cuGraphGetNodes, (Handle, Handle *, size_t *))                                                                   \
    X(cuGraphGetRootNodes, (Handle, Handle *, size_t *))                                                               \
    X(cuGraphGetEdges, (Handle, Handle *, Handle *, size_t *))                                                         \
    X(cuGraphNodeGetDependencies, (Handle, Handle *, size_t *))                                                        \
    X(cuGraphAddDependencies, (Handle, Handle *, Handle *, size_t))                                                    \
    X(cuGraphRemoveDependencies, (Handle, Handle *, Handle *, size_t))                                                 \
    X(cuGraphDestroyNode, (Handle))                                                                                    \
    X(cuGraphInstantiateWithFlags, (Handle *, Handle, unsigned long long))                                             \
    X(cuGraphExecDestroy, (Handle))                                                                                    \
    X(cuGraphLaunch, (Handle, Handle))                                                                                 \
    X(cuGraphExecUpdate_v2, (Handle, Handle, UpdateInfo *))                                                            \
    X(cuGraphExecKernelNodeSetParams_v2, (Handle, Handle, KernelNode *))                                               \
    X(cuGraphExecMemcpyNodeSetParams, (Handle, Handle, CopyNode *, Handle))                                            \
    X(cuGraphExecMemsetNodeSetParams, (Handle, Handle, FillNode *, Handle))                                            \
    X(cuGraphExecHostNodeSetParams, (Handle, Handle, HostNode *))                                                      \
    X(cuGraphNodeSetEnabled, (Handle, Handle, unsigned))                                                               \
    X(cuUserObjectCreate, (Handle *, void *, void (*)(void *), unsigned, unsigned))                                    \
    X(cuUserObjectRelease, (Handle, unsigned))                                                                         \
    X(cuGraphRetainUserObject, (Handle, Handle, unsigned, unsigned))

#define DECLARE(name, parameters) static int(*name) parameters;
GRAPH_CALLS(DECLARE)
#undef DECLARE

enum { Count = 1000, Bytes = Count * 4 };

static Handle function, stream;
static Address values, others;
static unsigned host[Count], seen[Count];

static KernelNode tripleNode(Address *at, unsigned *count, void **parameters)
{
    parameters[0] = at;
    parameters[1] = count;
    return (KernelNode){.function = function, .gridX = 8, .gridY = 1, .gridZ = 1, .blockX = 128, .blockY = 1, .blockZ = 1, .parameters = parameters};
}

static CopyNode copyIn(Address to, const void *from, size_t bytes)
{
    return (CopyNode){.srcType = HostMemory, .srcHost = from, .dstType = DeviceMemory, .dstDevice = to, .width = bytes, .height = 1, .depth = 1};
}

static CopyNode copyOut(void *to, Address from, size_t bytes)
{
    return (CopyNode){.srcType = DeviceMemory, .srcDevice = from, .dstType = HostMemory, .dstHost = to, .width = bytes, .height = 1, .depth = 1};
}

static void addOne(void *data)
{
    unsigned *numbers = data;
    for (int i = 0; i < Count; i++)
        numbers[i]++;
}

static void count(void *data) { __atomic_add_fetch((int *)data, 1, __ATOMIC_SEQ_CST); }

/* Data made on the host, tripled on the device, brought back, changed by a host function, tripled again. */
static void testChain(void)
{
    Handle graph, exec, in, first, out, change, back, second, last;
    unsigned n = Count;
    void *parameters[2];
    REQUIRE(cuGraphCreate(&graph, 0));
    CopyNode copy = copyIn(values, host, Bytes);
    REQUIRE(cuGraphAddMemcpyNode(&in, graph, NULL, 0, &copy, NULL));
    KernelNode kernel = tripleNode(&values, &n, parameters);
    REQUIRE(cuGraphAddKernelNode_v2(&first, graph, &in, 1, &kernel));
    copy = copyOut(seen, values, Bytes);
    REQUIRE(cuGraphAddMemcpyNode(&out, graph, &first, 1, &copy, NULL));
    HostNode call = {addOne, seen};
    REQUIRE(cuGraphAddHostNode(&change, graph, &out, 1, &call));
    copy = copyIn(values, seen, Bytes);
    REQUIRE(cuGraphAddMemcpyNode(&back, graph, &change, 1, &copy, NULL));
    REQUIRE(cuGraphAddKernelNode_v2(&second, graph, &back, 1, &kernel));
    copy = copyOut(seen, values, Bytes);
    REQUIRE(cuGraphAddMemcpyNode(&last, graph, &second, 1, &copy, NULL));

    /* The arguments are the graph's own from now on. */
    n = 0;
    KernelNode got;
    EXPECT(Success, cuGraphKernelNodeGetParams_v2(first, &got));
    CHECK(got.function == function && got.gridX == 8 && *(unsigned *)got.parameters[1] == Count);
    CHECK(*(Address *)got.parameters[0] == values);
    EXPECT(InvalidValue, cuGraphKernelNodeGetParams_v2(in, &got));
    int type = -1;
    EXPECT(Success, cuGraphNodeGetType(change, &type));
    CHECK(type == Host);

    REQUIRE(cuGraphInstantiateWithFlags(&exec, graph, 0));
    EXPECT(Success, cuGraphDestroy(graph));
    EXPECT(InvalidValue, cuGraphDestroy(graph));
    for (unsigned round = 1; round <= 3; round++) {
        /* Memory of the program's own is read when the graph runs. */
        for (unsigned i = 0; i < Count; i++)
            host[i] = i * round;
        EXPECT(Success, cuGraphLaunch(exec, stream));
        EXPECT(Success, cuStreamSynchronize(stream));
        int wrong = 0;
        for (unsigned i = 0; i < Count; i++)
            wrong += seen[i] != (i * round * 3 + i + 1) * 3 + i;
        CHECK(wrong == 0);
    }
    EXPECT(Success, cuGraphExecDestroy(exec));
    EXPECT(InvalidValue, cuGraphLaunch(exec, stream));
}

static void testShape(void)
{
    Handle graph, a, b, c, d, nodes[8], from[8], to[8];
    size_t n = 8;
    REQUIRE(cuGraphCreate(&graph, 0));
    REQUIRE(cuGraphAddEmptyNode(&a, graph, NULL, 0));
    REQUIRE(cuGraphAddEmptyNode(&b, graph, &a, 1));
    REQUIRE(cuGraphAddEmptyNode(&c, graph, &a, 1));
    Handle both[] = {b, c}, twice[] = {b, b};
    REQUIRE(cuGraphAddEmptyNode(&d, graph, both, 2));
    EXPECT(InvalidValue, cuGraphAddEmptyNode(&d, graph, twice, 2));
    EXPECT(Success, cuGraphGetNodes(graph, NULL, &n));
    CHECK(n == 4);
    n = 8;
    EXPECT(Success, cuGraphGetNodes(graph, nodes, &n));
    CHECK(n == 4 && nodes[0] == a && nodes[3] == d && nodes[4] == NULL);
    n = 8;
    EXPECT(Success, cuGraphGetRootNodes(graph, nodes, &n));
    CHECK(n == 1 && nodes[0] == a);
    n = 8;
    EXPECT(Success, cuGraphGetEdges(graph, from, to, &n));
    CHECK(n == 4 && from[0] == a && to[0] == b);
    n = 8;
    EXPECT(Success, cuGraphNodeGetDependencies(d, nodes, &n));
    CHECK(n == 2 && nodes[0] == b && nodes[1] == c);

    Handle exec;
    EXPECT(Success, cuGraphAddDependencies(graph, &d, &a, 1));
    EXPECT(InvalidValue, cuGraphAddDependencies(graph, &d, &a, 1));
    EXPECT(InvalidValue, cuGraphInstantiateWithFlags(&exec, graph, 0));
    EXPECT(Success, cuGraphRemoveDependencies(graph, &d, &a, 1));
    EXPECT(InvalidValue, cuGraphRemoveDependencies(graph, &d, &a, 1));
    EXPECT(Success, cuGraphInstantiateWithFlags(&exec, graph, 0));
    EXPECT(Success, cuGraphLaunch(exec, stream));

    Handle clone, inClone;
    EXPECT(Success, cuGraphClone(&clone, graph));
    EXPECT(Success, cuGraphNodeFindInClone(&inClone, b, clone));
    CHECK(inClone != b);
    n = 8;
    EXPECT(Success, cuGraphNodeGetDependencies(inClone, nodes, &n));
    CHECK(n == 1);
    Handle aInClone;
    EXPECT(Success, cuGraphNodeFindInClone(&aInClone, a, clone));
    CHECK(nodes[0] == aInClone);

    EXPECT(Success, cuGraphDestroyNode(b));
    EXPECT(InvalidValue, cuGraphNodeGetType(b, (int *)&n));
    n = 8;
    EXPECT(Success, cuGraphNodeGetDependencies(d, nodes, &n));
    CHECK(n == 1 && nodes[0] == c);

    UpdateInfo info;
    EXPECT(UpdateFailure, cuGraphExecUpdate_v2(exec, graph, &info));
    CHECK(info.result == TopologyChanged);
    EXPECT(Success, cuGraphExecUpdate_v2(exec, clone, &info));
    EXPECT(Success, cuGraphExecDestroy(exec));
    EXPECT(Success, cuGraphDestroy(clone));
    EXPECT(Success, cuGraphDestroy(graph));
}

static void checkAll(Address at, unsigned expected, int line)
{
    static unsigned copy[Count];
    EXPECT(Success, cuMemcpyDtoH_v2(copy, at, Bytes));
    for (unsigned i = 0; i < Count; i++) {
        if (copy[i] != expected) {
            fprintf(stderr, "line %d: [%u] is %u instead of %u\n", line, i, copy[i], expected);
            failures++;
            return;
        }
    }
}

static void testChanges(void)
{
    Handle graph, other, exec, fill, copy, otherFill, child, childNode, childExec;
    REQUIRE(cuGraphCreate(&graph, 0));
    FillNode seven = {.destination = values, .value = 7, .elementSize = 4, .width = Count, .height = 1};
    REQUIRE(cuGraphAddMemsetNode(&fill, graph, NULL, 0, &seven, NULL));
    CopyNode between = {.srcType = DeviceMemory, .srcDevice = values, .dstType = DeviceMemory, .dstDevice = others, .width = Bytes, .height = 1, .depth = 1};
    REQUIRE(cuGraphAddMemcpyNode(&copy, graph, &fill, 1, &between, NULL));
    REQUIRE(cuGraphInstantiateWithFlags(&exec, graph, 0));
    EXPECT(Success, cuGraphLaunch(exec, stream));
    EXPECT(Success, cuStreamSynchronize(stream));
    checkAll(others, 7, __LINE__);

    FillNode eight = seven;
    eight.value = 8;
    EXPECT(Success, cuGraphExecMemsetNodeSetParams(exec, fill, &eight, NULL));
    EXPECT(InvalidValue, cuGraphExecMemsetNodeSetParams(exec, copy, &eight, NULL));
    EXPECT(Success, cuGraphLaunch(exec, stream));
    EXPECT(Success, cuStreamSynchronize(stream));
    checkAll(others, 8, __LINE__);

    EXPECT(Success, cuGraphNodeSetEnabled(exec, copy, 0));
    eight.value = 9;
    EXPECT(Success, cuGraphExecMemsetNodeSetParams(exec, fill, &eight, NULL));
    EXPECT(Success, cuGraphLaunch(exec, stream));
    EXPECT(Success, cuStreamSynchronize(stream));
    checkAll(values, 9, __LINE__);
    checkAll(others, 8, __LINE__);
    EXPECT(Success, cuGraphNodeSetEnabled(exec, copy, 1));

    /* From a graph of the same shape. */
    UpdateInfo info;
    REQUIRE(cuGraphCreate(&other, 0));
    eight.value = 10;
    REQUIRE(cuGraphAddMemsetNode(&otherFill, other, NULL, 0, &eight, NULL));
    EXPECT(UpdateFailure, cuGraphExecUpdate_v2(exec, other, &info));
    CHECK(info.result == TopologyChanged);
    REQUIRE(cuGraphAddMemcpyNode(&copy, other, &otherFill, 1, &between, NULL));
    EXPECT(Success, cuGraphExecUpdate_v2(exec, other, &info));
    EXPECT(Success, cuGraphLaunch(exec, stream));
    EXPECT(Success, cuStreamSynchronize(stream));
    checkAll(others, 10, __LINE__);

    /* As part of another graph, which has a copy of its own. */
    REQUIRE(cuGraphCreate(&child, 0));
    REQUIRE(cuGraphAddChildGraphNode(&childNode, child, NULL, 0, graph));
    REQUIRE(cuGraphInstantiateWithFlags(&childExec, child, 0));
    EXPECT(Success, cuGraphDestroy(graph));
    EXPECT(Success, cuGraphLaunch(childExec, stream));
    EXPECT(Success, cuStreamSynchronize(stream));
    checkAll(others, 7, __LINE__);

    /* Rows with a pitch. */
    FillNode rows = {.destination = values, .pitch = 400, .value = 0x55, .elementSize = 1, .width = 4, .height = 10};
    REQUIRE(cuGraphAddMemsetNode(&fill, other, NULL, 0, &rows, NULL));
    EXPECT(InvalidValue, cuGraphExecUpdate_v2(exec, NULL, &info));
    Handle rowsExec;
    REQUIRE(cuGraphInstantiateWithFlags(&rowsExec, other, 0));
    EXPECT(Success, cuGraphLaunch(rowsExec, stream));
    EXPECT(Success, cuStreamSynchronize(stream));
    EXPECT(Success, cuMemcpyDtoH_v2(seen, values, Bytes));
    CHECK(seen[0] == 0x55555555 && seen[100] == 0x55555555 && seen[1] == 10);
    rows.elementSize = 3;
    EXPECT(InvalidValue, cuGraphAddMemsetNode(&fill, other, NULL, 0, &rows, NULL));

    EXPECT(Success, cuGraphExecDestroy(rowsExec));
    EXPECT(Success, cuGraphExecDestroy(childExec));
    EXPECT(Success, cuGraphExecDestroy(exec));
    EXPECT(Success, cuGraphDestroy(other));
    EXPECT(Success, cuGraphDestroy(child));
}

/* Launches of one object follow each other in any streams; events order graphs with streams. */
static void testOrder(void)
{
    Handle graph, exec, node, last, event, streams[4];
    unsigned n = Count;
    void *parameters[2];
    REQUIRE(cuEventCreate(&event, 0));
    REQUIRE(cuGraphCreate(&graph, 0));
    KernelNode kernel = tripleNode(&values, &n, parameters);
    REQUIRE(cuGraphAddKernelNode_v2(&node, graph, NULL, 0, &kernel));
    REQUIRE(cuGraphAddEventRecordNode(&last, graph, &node, 1, event));
    REQUIRE(cuGraphInstantiateWithFlags(&exec, graph, 0));
    for (int i = 0; i < 4; i++)
        REQUIRE(cuStreamCreate(&streams[i], 1));
    EXPECT(Success, cuMemsetD8_v2(values, 0, Bytes));
    EXPECT(Success, cuCtxSynchronize());
    unsigned expected = 0;
    for (int round = 0; round < 20; round++) {
        EXPECT(Success, cuGraphLaunch(exec, streams[round % 4]));
        expected = expected * 3 + 5;
    }
    EXPECT(Success, cuEventSynchronize(event));
    EXPECT(Success, cuMemcpyDtoH_v2(seen, values, Bytes));
    CHECK(seen[5] == expected);
    for (int i = 0; i < 4; i++)
        EXPECT(Success, cuStreamDestroy_v2(streams[i]));
    EXPECT(Success, cuGraphLaunch(exec, stream));
    EXPECT(Success, cuStreamSynchronize(stream));
    EXPECT(Success, cuGraphExecDestroy(exec));
    EXPECT(Success, cuGraphDestroy(graph));
    EXPECT(Success, cuEventDestroy_v2(event));
}

static void testUserObjects(void)
{
    Handle user, graph, exec, node;
    int destroyed = 0, called = 0;
    EXPECT(Success, cuUserObjectCreate(&user, &destroyed, count, 1, 1));
    REQUIRE(cuGraphCreate(&graph, 0));
    EXPECT(Success, cuGraphRetainUserObject(graph, user, 1, 1));
    HostNode call = {count, &called};
    REQUIRE(cuGraphAddHostNode(&node, graph, NULL, 0, &call));
    REQUIRE(cuGraphInstantiateWithFlags(&exec, graph, 0));
    EXPECT(Success, cuGraphDestroy(graph));
    CHECK(destroyed == 0);
    EXPECT(Success, cuGraphLaunch(exec, stream));
    EXPECT(Success, cuGraphExecDestroy(exec));
    EXPECT(Success, cuStreamSynchronize(stream));
    CHECK(__atomic_load_n(&called, __ATOMIC_SEQ_CST) == 1 && __atomic_load_n(&destroyed, __ATOMIC_SEQ_CST) == 1);
}

static void testDot(void)
{
    char path[] = "/tmp/weir-graph-XXXXXX";
    int made = mkstemp(path);
    Handle graph, a, b;
    unsigned n = Count;
    void *parameters[2];
    char text[2048] = {0};
    REQUIRE(cuGraphCreate(&graph, 0));
    REQUIRE(cuGraphAddEmptyNode(&a, graph, NULL, 0));
    KernelNode kernel = tripleNode(&values, &n, parameters);
    REQUIRE(cuGraphAddKernelNode_v2(&b, graph, &a, 1, &kernel));
    EXPECT(Success, cuGraphDebugDotPrint(graph, path, 0));
    FILE *file = fopen(path, "r");
    CHECK(file != NULL && fread(text, 1, sizeof text - 1, file) > 0);
    CHECK(strstr(text, "digraph dot {") == text && strstr(text, "triple") != NULL && strstr(text, " -> ") != NULL);
    if (file != NULL)
        fclose(file);
    CHECK(made >= 0 && close(made) == 0 && unlink(path) == 0);
    EXPECT(Success, cuGraphDestroy(graph));
}

int main(void)
{
    void *library = openLibrary();
#define RESOLVE(name, parameters)                                                                                      \
    name = (int(*) parameters)dlsym(library, #name);                                                                   \
    CHECK(name != NULL);
    GRAPH_CALLS(RESOLVE)
#undef RESOLVE
    Handle graph, context, module;
    EXPECT(NotInitialized, cuGraphCreate(&graph, 0));
    REQUIRE(cuInit(0));
    REQUIRE(cuDevicePrimaryCtxRetain(&context, 0));
    REQUIRE(cuCtxSetCurrent(context));
    REQUIRE(cuModuleLoadData(&module, triple));
    REQUIRE(cuModuleGetFunction(&function, module, "triple"));
    REQUIRE(cuMemAlloc_v2(&values, Bytes));
    REQUIRE(cuMemAlloc_v2(&others, Bytes));
    REQUIRE(cuStreamCreate(&stream, 1));
    testChain();
    testShape();
    testChanges();
    testOrder();
    testUserObjects();
    testDot();
    return failures == 0 ? 0 : 1;
}
