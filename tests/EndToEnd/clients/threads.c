/* Many threads at once: each with memory, a stream and launches of its own in one shared context. */
#include "client.h"

#include <pthread.h>

enum { threads = 24, rounds = 40, values = 3000 };

static Handle context, function;

static void *work(void *argument)
{
    unsigned mine = (unsigned)(size_t)argument, count = values;
    unsigned *data = malloc(values * sizeof *data);
    Handle stream;
    EXPECT(Success, cuCtxSetCurrent(context));
    EXPECT(Success, cuStreamCreate(&stream, 1));
    for (unsigned round = 0; round < rounds; round++) {
        Address address;
        unsigned wrong = 0;
        for (unsigned i = 0; i < values; i++)
            data[i] = mine * 1000003u + round * 17 + i;
        EXPECT(Success, cuMemAlloc_v2(&address, values * sizeof *data));
        EXPECT(Success, cuMemcpyHtoDAsync_v2(address, data, values * sizeof *data, stream));
        void *arguments[] = {&address, &count};
        EXPECT(Success, cuLaunchKernel(function, (values + 127) / 128, 1, 1, 128, 1, 1, 0, stream, arguments, NULL));
        EXPECT(Success, cuMemcpyDtoHAsync_v2(data, address, values * sizeof *data, stream));
        EXPECT(Success, cuStreamSynchronize(stream));
        for (unsigned i = 0; i < values; i++)
            wrong += data[i] != (mine * 1000003u + round * 17 + i) * 3 + i;
        CHECK(wrong == 0);
        EXPECT(Success, cuMemFree_v2(address));
    }
    EXPECT(Success, cuStreamDestroy_v2(stream));
    free(data);
    return NULL;
}

static void *brief(void *unused)
{
    EXPECT(Success, cuCtxSetCurrent(context));
    EXPECT(Success, cuCtxSynchronize());
    return unused;
}

int main(void)
{
    pthread_t thread[threads];
    Handle module;
    openLibrary();
    REQUIRE(cuInit(0));
    EXPECT(Success, cuCtxCreate_v2(&context, 0, 0));
    EXPECT(Success, cuModuleLoadData(&module, triple));
    EXPECT(Success, cuModuleGetFunction(&function, module, "triple"));
    for (size_t i = 0; i < threads; i++)
        pthread_create(&thread[i], NULL, work, (void *)i);
    for (size_t i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    /* Threads that come and go leave nothing behind: many more than there are rings at once. */
    for (int i = 0; i < 2000; i++) {
        pthread_create(&thread[0], NULL, brief, NULL);
        pthread_join(thread[0], NULL);
    }
    EXPECT(Success, cuCtxDestroy_v2(context));
    return failures > 100 ? 100 : failures;
}
