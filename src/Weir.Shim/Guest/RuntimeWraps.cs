using System.Runtime;

namespace Weir.Shim.Guest;

/// <summary>
/// What the linked-in runtime gets instead of the C library (linker option <c>--wrap</c>): it may not install signal handlers, start
/// threads, signal threads or read the client's environment.
/// </summary>
internal static unsafe class RuntimeWraps
{
    [RuntimeExport("__wrap_sigaction")]
    internal static int SigAction(int signal, void* action, void* old) => 0;

    [RuntimeExport("__wrap_signal")]
    internal static void* Signal(int signal, void* handler) => null;

    [RuntimeExport("__wrap_pthread_create")]
    internal static int PthreadCreate(nuint* thread, void* attributes, void* start, void* argument) => 0;

    [RuntimeExport("__wrap_pthread_kill")]
    internal static int PthreadKill(nuint thread, int signal) => 0;

    [RuntimeExport("__wrap_getenv")]
    internal static byte* GetEnv(byte* name) => null;
}
