/* sender MIB: sends so much to the device, in pieces of 1 MiB that go to 16 places in turn, says "sent", and when a line comes verifies. */
#include "client.h"

enum { Places = 16, Piece = 1 << 20 };

static void fill(uint32_t *piece, uint32_t number)
{
    for (uint32_t i = 0; i < Piece / 4; i++)
        piece[i] = i * 40503u + number;
}

int main(int count, char **arguments)
{
    uint32_t pieces = count == 2 ? (uint32_t)atoi(arguments[1]) : 0;
    uint32_t *piece = malloc(Piece), *got = malloc(Piece);
    char line[16];
    Handle context;
    Address memory;
    openLibrary();
    REQUIRE(cuInit(0));
    REQUIRE(cuCtxCreate_v2(&context, 0, 0));
    REQUIRE(cuMemAlloc_v2(&memory, (size_t)Places * Piece));
    for (uint32_t i = 0; i < pieces; i++) {
        fill(piece, i);
        REQUIRE(cuMemcpyHtoD_v2(memory + (Address)(i % Places) * Piece, piece, Piece));
    }
    REQUIRE(cuCtxSynchronize());
    printf("sent\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        for (uint32_t i = pieces - Places; i < pieces; i++) {
            fill(piece, i);
            REQUIRE(cuMemcpyDtoH_v2(got, memory + (Address)(i % Places) * Piece, Piece));
            CHECK(memcmp(piece, got, Piece) == 0);
        }
        printf(failures > 0 ? "wrong\n" : "verified\n");
        fflush(stdout);
    }
    return failures > 0;
}
