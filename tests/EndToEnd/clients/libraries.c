/* Libraries belong to no context: the same kernel handle is launched in two contexts, found by name, counted, listed; a
 * library goes away with everything in it. */
#include "client.h"

static int (*cuLibraryLoadData)(Handle *, const void *, int *, void **, unsigned, int *, void **, unsigned);
static int (*cuLibraryLoadFromFile)(Handle *, const char *, int *, void **, unsigned, int *, void **, unsigned);
static int (*cuLibraryUnload)(Handle);
static int (*cuLibraryGetKernel)(Handle *, Handle, const char *);
static int (*cuLibraryGetKernelCount)(unsigned *, Handle);
static int (*cuLibraryEnumerateKernels)(Handle *, unsigned, Handle);
static int (*cuLibraryGetModule)(Handle *, Handle);
static int (*cuLibraryGetGlobal)(Address *, size_t *, Handle, const char *);
static int (*cuLibraryGetManaged)(Address *, size_t *, Handle, const char *);
static int (*cuKernelGetFunction)(Handle *, Handle);
static int (*cuKernelGetLibrary)(Handle *, Handle);
static int (*cuKernelGetName)(const char **, Handle);
static int (*cuKernelGetParamInfo)(Handle, size_t, size_t *, size_t *);
static int (*cuKernelGetAttribute)(int *, int, Handle, int);
static int (*cuKernelSetAttribute)(int, int, Handle, int);
static int (*cuModuleGetFunctionCount)(unsigned *, Handle);
static int (*cuModuleEnumerateFunctions)(Handle *, unsigned, Handle);
static int (*cuFuncGetName)(const char **, Handle);
static int (*cuFuncIsLoaded)(int *, Handle);
static int (*cuStreamGetDevice)(Handle, int *);
static int (*cuProfilerStart)(void);
static int (*cuCtxSetFlags)(unsigned);
static int (*cuCtxGetFlags)(unsigned *);

static void *library;

static void *find(const char *name)
{
    void *symbol = dlsym(library, name);
    if (symbol == NULL) {
        fprintf(stderr, "%s is missing\n", name);
        _exit(102);
    }
    return symbol;
}

#define FIND(name) *(void **)&name = find(#name)

int main(void)
{
    enum { MaxThreadsPerBlock = 0, MaxDynamicShared = 8, count = 1000 };
    Handle context[2], kernel, other, function, module, loaded, list[4];
    Address address[2], counter;
    unsigned n = count, kernels = 0, data[count];
    size_t bytes = 0, offset = 99;
    const char *name = NULL;
    int value = 0;
    library = openLibrary();
    FIND(cuLibraryLoadData);
    FIND(cuLibraryLoadFromFile);
    FIND(cuLibraryUnload);
    FIND(cuLibraryGetKernel);
    FIND(cuLibraryGetKernelCount);
    FIND(cuLibraryEnumerateKernels);
    FIND(cuLibraryGetModule);
    FIND(cuLibraryGetGlobal);
    FIND(cuLibraryGetManaged);
    FIND(cuKernelGetFunction);
    FIND(cuKernelGetLibrary);
    FIND(cuKernelGetName);
    FIND(cuKernelGetParamInfo);
    FIND(cuKernelGetAttribute);
    FIND(cuKernelSetAttribute);
    FIND(cuModuleGetFunctionCount);
    FIND(cuModuleEnumerateFunctions);
    FIND(cuFuncGetName);
    FIND(cuFuncIsLoaded);
    FIND(cuStreamGetDevice);
    FIND(cuProfilerStart);
    FIND(cuCtxSetFlags);
    FIND(cuCtxGetFlags);

    EXPECT(NotInitialized, cuLibraryLoadData(&loaded, triple, NULL, NULL, 0, NULL, NULL, 0));
    REQUIRE(cuInit(0));
    EXPECT(Success, cuProfilerStart());

    /* Without a context: kept, looked into through the primary context, which is not left behind. */
    REQUIRE(cuLibraryLoadData(&loaded, triple, NULL, NULL, 0, NULL, NULL, 0));
    REQUIRE(cuLibraryGetKernel(&kernel, loaded, "triple"));
    EXPECT(NotFound, cuLibraryGetKernel(&other, loaded, "double"));
    EXPECT(Success, cuLibraryGetKernelCount(&kernels, loaded));
    CHECK(kernels == 1);
    EXPECT(InvalidContext, cuLibraryGetModule(&module, loaded));
    EXPECT(InvalidContext, cuKernelGetFunction(&function, kernel));
    EXPECT(Success, cuKernelGetName(&name, kernel));
    CHECK(name != NULL && strcmp(name, "triple") == 0);
    EXPECT(Success, cuKernelGetParamInfo(kernel, 1, &offset, &bytes));
    CHECK(offset == 8 && bytes == 4);
    EXPECT(InvalidValue, cuKernelGetParamInfo(kernel, 2, &offset, &bytes));
    EXPECT(Success, cuKernelGetAttribute(&value, MaxThreadsPerBlock, kernel, 0));
    CHECK(value > 0);
    EXPECT(InvalidDevice, cuKernelGetAttribute(&value, MaxThreadsPerBlock, kernel, 77));

    for (int i = 0; i < 2; i++) {
        REQUIRE(cuCtxCreate_v2(&context[i], 0, 0));
        REQUIRE(cuMemAlloc_v2(&address[i], sizeof data));
        EXPECT(Success, cuMemsetD8_v2(address[i], 0, sizeof data));
        void *arguments[] = {&address[i], &n};
        /* A launch takes the kernel itself, and the function that it is here. */
        EXPECT(Success, cuLaunchKernel(kernel, (n + 63) / 64, 1, 1, 64, 1, 1, 0, NULL, arguments, NULL));
        REQUIRE(cuKernelGetFunction(&function, kernel));
        EXPECT(Success, cuLaunchKernel(function, (n + 63) / 64, 1, 1, 64, 1, 1, 0, NULL, arguments, NULL));
        EXPECT(Success, cuMemcpyDtoH_v2(data, address[i], sizeof data));
        unsigned wrong = 0;
        for (unsigned j = 0; j < count; j++)
            wrong += data[j] != j * 4;
        CHECK(wrong == 0);
        EXPECT(Success, cuLibraryGetGlobal(&counter, &bytes, loaded, "counter"));
        CHECK(bytes == 4);
        EXPECT(NotFound, cuLibraryGetManaged(&counter, &bytes, loaded, "counter"));
        EXPECT(Success, cuKernelSetAttribute(MaxDynamicShared, 64 << 10, kernel, 0));
        EXPECT(Success, cuFuncIsLoaded(&value, function));
        CHECK(value == 1);
    }
    EXPECT(Success, cuLibraryGetKernel(&other, loaded, "triple"));
    CHECK(other == kernel);
    EXPECT(Success, cuLibraryEnumerateKernels(list, 1, loaded));
    CHECK(list[0] == kernel);
    EXPECT(Success, cuKernelGetLibrary(&other, kernel));
    CHECK(other == loaded);
    REQUIRE(cuLibraryGetModule(&module, loaded));
    EXPECT(Success, cuModuleGetFunctionCount(&kernels, module));
    CHECK(kernels == 1);
    EXPECT(Success, cuModuleEnumerateFunctions(list, 1, module));
    EXPECT(Success, cuFuncGetName(&name, list[0]));
    CHECK(strcmp(name, "triple") == 0);
    EXPECT(Success, cuStreamGetDevice(NULL, &value));
    CHECK(value == 0);
    EXPECT(Success, cuCtxSetFlags(4));
    EXPECT(Success, cuCtxGetFlags(&n));
    CHECK(n == 4);
    n = count;
    EXPECT(InvalidValue, cuCtxSetFlags(1 << 20));

    /* Damaged images are refused where they can be tried; a file is as good as memory. */
    EXPECT(InvalidPtx, cuLibraryLoadData(&other, ".version 6.0\n.target sm_50\nnonsense", NULL, NULL, 0, NULL, NULL, 0));
    EXPECT(InvalidValue, cuLibraryLoadData(NULL, triple, NULL, NULL, 0, NULL, NULL, 0));
    EXPECT(301, cuLibraryLoadFromFile(&other, "/does/not/exist", NULL, NULL, 0, NULL, NULL, 0));
    char path[] = "/tmp/weir-library-XXXXXX";
    int file = mkstemp(path);
    CHECK(write(file, triple, sizeof triple - 1) == sizeof triple - 1);
    EXPECT(Success, cuLibraryLoadFromFile(&other, path, NULL, NULL, 0, NULL, NULL, 0));
    unlink(path);
    EXPECT(Success, cuLibraryUnload(other));

    /* A context takes its module with it, the library stays. */
    EXPECT(Success, cuCtxDestroy_v2(context[0]));
    EXPECT(Success, cuLibraryUnload(loaded));
    EXPECT(InvalidHandle, cuLibraryUnload(loaded));
    EXPECT(InvalidHandle, cuKernelGetFunction(&function, kernel));
    void *arguments[] = {&address[1], &n};
    EXPECT(InvalidHandle, cuLaunchKernel(kernel, 1, 1, 1, 64, 1, 1, 0, NULL, arguments, NULL));
    EXPECT(Success, cuCtxDestroy_v2(context[1]));
    return failures > 100 ? 100 : failures;
}
