/* Calls again and again until a call fails: exit code 3 when the session was lost, 2 when there never was one. */
#include "client.h"

int main(void) {
    Handle context;
    openLibrary();
    EXPECT(Success, cuInit(0));
    if (failures != 0 || cuCtxCreate_v2(&context, 0, 0) != Success) return 2;
    for (int i = 0; i < 60000; i++) {
        if (cuCtxSynchronize() != Success) {
            puts("lost");
            return 3;
        }
        usleep(1000);
    }
    return 0;
}
