/* Calls again and again until a call fails: exit code 3 when the session was lost, 2 when there never was one. Makes the file
 * that its argument names as soon as a call was answered. */
#include "client.h"

int main(int argc, char **argv) {
    Handle context;
    openLibrary();
    EXPECT(Success, cuInit(0));
    if (failures != 0 || cuCtxCreate_v2(&context, 0, 0) != Success) return 2;
    for (int i = 0; i < 60000; i++) {
        if (cuCtxSynchronize() != Success) {
            puts("lost");
            return 3;
        }
        if (i == 0 && argc > 1) fclose(fopen(argv[1], "w"));
        usleep(1000);
    }
    return 0;
}
