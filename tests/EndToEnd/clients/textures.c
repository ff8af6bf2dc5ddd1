/* Texture objects: what they read, also when they were made before, and what makes an old one unfit. `textures frames N` makes
   and destroys the same objects N times, as a program does for each frame of a video. */
#include "client.h"

typedef struct {
    int type;
    union {
        Handle array;
        struct { Address pointer; int format; unsigned channels; size_t bytes; } linear;
        struct { Address pointer; int format; unsigned channels; size_t width, height, pitch; } pitched;
        char room[128];
    };
    unsigned flags;
} Resource;

typedef struct {
    int address[3], filter;
    unsigned flags, anisotropy;
    float mipBias, mipLow, mipHigh, border[4];
    int rest[12];
} Texture;

typedef struct { size_t width, height; int format; unsigned channels; } ArrayShape;

enum { ofArray = 0, ofLinear = 2, ofPitched = 3, formatFloat = 0x20, clamp = 1, count = 200, texels = 64 };

static int (*cuTexObjectCreate)(uint64_t *, const Resource *, const Texture *, const void *);
static int (*cuTexObjectDestroy)(uint64_t);
static int (*cuArrayCreate_v2)(Handle *, const ArrayShape *);
static int (*cuArrayDestroy)(Handle);

/* out[i] = texel (5, 0) of a texture, seen as one row or as a plane. */
static const char *PTX =
    ".version 7.0\n.target sm_70\n.address_size 64\n"
    ".visible .entry row(.param .u64 texture, .param .u64 out) {\n"
    " .reg .b64 %t, %o;\n .reg .f32 %v, %a, %b, %c;\n .reg .b32 %i;\n"
    " ld.param.u64 %t, [texture];\n ld.param.u64 %o, [out];\n mov.u32 %i, 5;\n"
    " tex.1d.v4.f32.s32 {%v, %a, %b, %c}, [%t, {%i}];\n st.global.f32 [%o], %v;\n ret;\n}\n"
    ".visible .entry plane(.param .u64 texture, .param .u64 out) {\n"
    " .reg .b64 %t, %o;\n .reg .f32 %v, %a, %b, %c, %x, %y;\n"
    " ld.param.u64 %t, [texture];\n ld.param.u64 %o, [out];\n mov.f32 %x, 0f40B00000;\n mov.f32 %y, 0f3F000000;\n"
    " tex.2d.v4.f32.f32 {%v, %a, %b, %c}, [%t, {%x, %y}];\n st.global.f32 [%o], %v;\n ret;\n}\n";

static Handle row, plane;
static Address out;

static Resource linear(Address pointer)
{
    Resource r = {.type = ofLinear};
    r.linear.pointer = pointer, r.linear.format = formatFloat, r.linear.channels = 1, r.linear.bytes = texels * 4;
    return r;
}

static float fetch(Handle kernel, uint64_t texture)
{
    float value = -1;
    void *arguments[] = {&texture, &out};
    REQUIRE(cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, NULL, arguments, NULL));
    REQUIRE(cuMemcpyDtoH_v2(&value, out, sizeof value));
    return value;
}

static void fill(Address pointer, float value)
{
    float data[texels];
    for (int i = 0; i < texels; i++) data[i] = value;
    REQUIRE(cuMemcpyHtoD_v2(pointer, data, sizeof data));
}

static void frames(int rounds)
{
    Address memory;
    const Texture plain = {.address = {clamp, clamp, clamp}};
    REQUIRE(cuMemAlloc_v2(&memory, 3 * 4096));
    for (int i = 0; i < rounds; i++)
        for (int p = 0; p < 3; p++) {
            uint64_t texture;
            Resource r = linear(memory + (unsigned)p * 4096);
            REQUIRE(cuTexObjectCreate(&texture, &r, &plain, NULL));
            REQUIRE(cuTexObjectDestroy(texture));
        }
    REQUIRE(cuCtxSynchronize());
}

int main(int argc, char **argv)
{
    void *library = openLibrary();
#define FIND(name) CHECK((*(void **)&name = dlsym(library, #name)) != NULL)
    FIND(cuTexObjectCreate);
    FIND(cuTexObjectDestroy);
    FIND(cuArrayCreate_v2);
    FIND(cuArrayDestroy);
    Handle context, module;
    REQUIRE(cuInit(0));
    REQUIRE(cuCtxCreate_v2(&context, 0, 0));
    if (argc > 2) {
        frames(atoi(argv[2]));
        return failures > 0;
    }
    REQUIRE(cuModuleLoadData(&module, PTX));
    REQUIRE(cuModuleGetFunction(&row, module, "row"));
    REQUIRE(cuModuleGetFunction(&plane, module, "plane"));
    REQUIRE(cuMemAlloc_v2(&out, 64));

    const Texture plain = {.address = {clamp, clamp, clamp}};
    static uint64_t objects[count];
    static Address places[count];
    Address memory;
    REQUIRE(cuMemAlloc_v2(&memory, count * 4096));
    /* More at once than are remembered; each again reads its own place. */
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < count; i++) {
            places[i] = memory + (unsigned)i * 4096;
            fill(places[i], (float)(1000 * round + i));
            Resource r = linear(places[i]);
            REQUIRE(cuTexObjectCreate(&objects[i], &r, &plain, NULL));
            for (int other = i > 9 ? i - 9 : 0; other < i; other++) CHECK(objects[other] != objects[i]);
        }
        for (int i = 0; i < count; i++) CHECK(fetch(row, objects[i]) == (float)(1000 * round + i));
        for (int i = 0; i < count; i++) EXPECT(Success, cuTexObjectDestroy(objects[i]));
    }

    /* The same memory, described in another way, is another object. */
    Resource asRow = linear(memory), asPlane = {.type = ofPitched};
    uint64_t first, second;
    asPlane.pitched.pointer = memory, asPlane.pitched.format = formatFloat, asPlane.pitched.channels = 1;
    asPlane.pitched.width = 16, asPlane.pitched.height = 4, asPlane.pitched.pitch = 512;
    EXPECT(Success, cuTexObjectCreate(&first, &asRow, &plain, NULL));
    EXPECT(Success, cuTexObjectDestroy(first));
    EXPECT(Success, cuTexObjectCreate(&second, &asPlane, &plain, NULL));
    CHECK(fetch(plane, second) == 2000);
    EXPECT(Success, cuTexObjectDestroy(second));

    /* Freed memory is no ground for an object, neither where one was destroyed before nor where one still lives. */
    EXPECT(Success, cuTexObjectCreate(&first, &asRow, &plain, NULL));
    EXPECT(Success, cuMemFree_v2(memory));
    EXPECT(InvalidValue, cuTexObjectCreate(&second, &asPlane, &plain, NULL));
    EXPECT(Success, cuTexObjectDestroy(first));
    EXPECT(InvalidValue, cuTexObjectCreate(&first, &asRow, &plain, NULL));

    /* The same for arrays and contexts. */
    Handle array, other;
    const ArrayShape shape = {texels, 0, formatFloat, 1};
    Resource ofThis = {.type = ofArray};
    EXPECT(Success, cuArrayCreate_v2(&array, &shape));
    ofThis.array = array;
    EXPECT(Success, cuTexObjectCreate(&first, &ofThis, &plain, NULL));
    EXPECT(Success, cuTexObjectDestroy(first));
    EXPECT(Success, cuArrayDestroy(array));
    EXPECT(InvalidHandle, cuArrayDestroy(array));
    EXPECT(InvalidHandle, cuTexObjectCreate(&first, &ofThis, &plain, NULL));

    REQUIRE(cuMemAlloc_v2(&memory, 4096));
    fill(memory, 7);
    asRow = linear(memory);
    EXPECT(Success, cuTexObjectCreate(&first, &asRow, &plain, NULL));
    EXPECT(Success, cuTexObjectDestroy(first));
    EXPECT(Success, cuCtxCreate_v2(&other, 0, 0));
    EXPECT(Success, cuTexObjectCreate(&second, &asRow, &plain, NULL));
    CHECK(second != first);
    EXPECT(Success, cuTexObjectDestroy(second));
    EXPECT(Success, cuCtxDestroy_v2(other));
    EXPECT(Success, cuTexObjectCreate(&first, &asRow, &plain, NULL));
    CHECK(fetch(row, first) == 7);
    EXPECT(Success, cuTexObjectDestroy(first));
    EXPECT(InvalidValue, cuTexObjectCreate(NULL, &asRow, &plain, NULL));
    EXPECT(InvalidValue, cuTexObjectCreate(&first, NULL, &plain, NULL));
    EXPECT(Success, cuCtxSynchronize());
    return failures > 0;
}
