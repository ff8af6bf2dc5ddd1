/* Work of one stream is done in order, however it is put together: uploads from pageable and pinned memory, fills, copies
 * on the device and kernels follow each other without the client waiting in between. With two arguments it makes the file that
 * the first names when it is attached, and goes on until there is one that the second names. */
#include "client.h"

enum { count = 300000, rounds = 60, bytes = count * 4 };

int main(int argc, char **argv)
{
    Handle context, module, function, stream;
    Address source, middle, results[rounds];
    unsigned *data = malloc(bytes), *pinned, *result = malloc(bytes), n = count;
    openLibrary();
    REQUIRE(cuInit(0));
    REQUIRE(cuCtxCreate_v2(&context, 0, 0));
    REQUIRE(cuModuleLoadData(&module, triple));
    REQUIRE(cuModuleGetFunction(&function, module, "triple"));
    REQUIRE(cuStreamCreate(&stream, 1));
    REQUIRE(cuMemAlloc_v2(&source, bytes));
    REQUIRE(cuMemAlloc_v2(&middle, bytes));
    REQUIRE(cuMemHostAlloc((void **)&pinned, bytes, 0));
    EXPECT(Success, cuCtxSynchronize());
    if (argc > 2)
        fclose(fopen(argv[1], "w"));
    for (int which = 0; which < 2 || (argc > 2 && failures == 0 && access(argv[2], F_OK) != 0); which++) {
        Handle queue = which % 2 == 0 ? NULL : stream;
        for (unsigned round = 0; round < rounds; round++) {
            /* Pageable memory may be written again as soon as the call has returned. */
            unsigned *from = round % 8 == 7 ? pinned : data;
            if (round % 8 == 7)
                EXPECT(Success, cuStreamSynchronize(queue)); /* The pinned buffer is read when the copy is made. */
            for (unsigned i = 0; i < count; i++)
                from[i] = round * 7919 + i;
            EXPECT(Success, cuMemAlloc_v2(&results[round], bytes));
            EXPECT(Success, cuMemcpyHtoDAsync_v2(source, from, bytes, queue));
            void *first[] = {&source, &n};
            EXPECT(Success, cuLaunchKernel(function, (n + 255) / 256, 1, 1, 256, 1, 1, 0, queue, first, NULL));
            EXPECT(Success, cuMemcpyDtoDAsync_v2(middle, source, bytes, queue));
            EXPECT(Success, cuMemsetD8Async(source, 0xff, bytes, queue));
            void *second[] = {&middle, &n};
            EXPECT(Success, cuLaunchKernel(function, (n + 31) / 32, 1, 1, 32, 1, 1, 0, queue, second, NULL));
            EXPECT(Success, cuMemcpyDtoDAsync_v2(results[round], middle, bytes, queue));
        }
        for (unsigned round = 0; round < rounds; round++) {
            unsigned wrong = 0;
            EXPECT(Success, cuMemcpyDtoHAsync_v2(result, results[round], bytes, queue));
            EXPECT(Success, cuStreamSynchronize(queue));
            for (unsigned i = 0; i < count; i++)
                wrong += result[i] != ((round * 7919 + i) * 3 + i) * 3 + i;
            if (wrong > 0)
                fprintf(stderr, "queue %d, round %u: %u wrong\n", which, round, wrong);
            CHECK(wrong == 0);
            EXPECT(Success, cuMemFree_v2(results[round]));
        }
    }
    EXPECT(Success, cuMemFreeHost(pinned));
    EXPECT(Success, cuCtxDestroy_v2(context));
    return failures > 100 ? 100 : failures;
}
