/* NVML without cuInit, beside it and after it, and in a child of a process that uses it. */
#include "guest.h"

#include <sys/wait.h>

static void look(void)
{
    unsigned count = 0, index = 9;
    Handle device = NULL, same = NULL;
    char name[96] = "", uuid[96] = "", version[80] = "";
    struct { unsigned long long total, free, used; } memory = {0, 0, 0};
    int major = 0, minor = 0;
    OK(CALL(nvmlDeviceGetCount_v2, unsigned *)(&count));
    CHECK(count >= 1);
    OK(CALL(nvmlDeviceGetHandleByIndex_v2, unsigned, Handle *)(0, &device));
    EXPECT(2, CALL(nvmlDeviceGetHandleByIndex_v2, unsigned, Handle *)(count, &same));
    OK(CALL(nvmlDeviceGetName, Handle, char *, unsigned)(device, name, sizeof name));
    CHECK(name[0] != 0);
    EXPECT(7, CALL(nvmlDeviceGetName, Handle, char *, unsigned)(device, name, 2));
    OK(CALL(nvmlDeviceGetUUID, Handle, char *, unsigned)(device, uuid, sizeof uuid));
    CHECK(strncmp(uuid, "GPU-", 4) == 0 && strlen(uuid) == 40);
    OK(CALL(nvmlDeviceGetHandleByUUID, const char *, Handle *)(uuid, &same));
    CHECK(same == device);
    OK(CALL(nvmlDeviceGetIndex, Handle, unsigned *)(device, &index));
    CHECK(index == 0);
    OK(CALL(nvmlDeviceGetMemoryInfo, Handle, void *)(device, &memory));
    CHECK(memory.total > 0 && memory.free <= memory.total && memory.used == memory.total - memory.free);
    OK(CALL(nvmlDeviceGetCudaComputeCapability, Handle, int *, int *)(device, &major, &minor));
    CHECK(major >= 3);
    OK(CALL(nvmlSystemGetDriverVersion, char *, unsigned)(version, sizeof version));
    EXPECT(3, CALL(nvmlDeviceGetTemperature, Handle, int, unsigned *)(device, 0, &index));
    EXPECT(2, CALL(nvmlDeviceGetIndex, Handle, unsigned *)((Handle)0x77, &index));
}

int main(void)
{
    int status = -1, count;
    EXPECT(1, CALL(nvmlDeviceGetCount_v2, unsigned *)((unsigned *)&count));
    OK(CALL(nvmlInit_v2, void)());
    look();
    EXPECT(3, CALL(cuDeviceGetCount, int *)(&count)); /* cuInit has not been called */
    pid_t child = fork();
    if (child == 0) {
        look();
        begin(); /* NVML in the parent does not spoil CUDA in the child */
        _exit(end());
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    begin();
    look();
    OK(CALL(nvmlShutdown, void)());
    EXPECT(1, CALL(nvmlShutdown, void)());
    return end();
}
