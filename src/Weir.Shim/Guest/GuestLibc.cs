using System.Runtime.InteropServices;

namespace Weir.Shim.Guest;

/// <summary>
/// The calls of the C library that the shim makes, all without a runtime transition: the runtime is never started, so there is
/// nobody whom a blocked thread could hold up.
/// </summary>
internal static unsafe class GuestLibc
{
    internal const int ProtNone = 0;
    internal const int ProtReadWrite = 3;
    internal const int MapShared = 1;
    internal const int MapPrivate = 2;
    internal const int MapFixed = 0x10;
    internal const int MapAnonymous = 0x20;
    internal const int MapNoReserve = 0x4000;
    internal const int MapFixedNoReplace = 0x100000;
    internal const int MadvRemove = 9;
    internal const int MadvDontFork = 10;
    internal const int MadvDontDump = 16;
    internal const int MadvWipeOnFork = 18;

    [DllImport("libc", EntryPoint = "mmap"), SuppressGCTransition]
    private static extern nint MapRaw(
        void* address,
        nuint bytes,
        int protection,
        int flags,
        int descriptor,
        nint offset
    );

    [DllImport("libc", EntryPoint = "munmap"), SuppressGCTransition]
    internal static extern int Unmap(void* address, nuint bytes);

    [DllImport("libc", EntryPoint = "mprotect"), SuppressGCTransition]
    internal static extern int Protect(void* address, nuint bytes, int protection);

    [DllImport("libc", EntryPoint = "madvise"), SuppressGCTransition]
    internal static extern int Advise(void* address, nuint bytes, int advice);

    [DllImport("libc", EntryPoint = "__real_getenv"), SuppressGCTransition]
    internal static extern byte* GetEnv(byte* name);

    [DllImport("libc", EntryPoint = "getpid"), SuppressGCTransition]
    internal static extern int GetPid();

    [DllImport("libc", EntryPoint = "sched_yield"), SuppressGCTransition]
    internal static extern int Yield();

    [DllImport("libc", EntryPoint = "socket"), SuppressGCTransition]
    internal static extern int Socket(int family, int type, int protocol);

    [DllImport("libc", EntryPoint = "connect"), SuppressGCTransition]
    internal static extern int Connect(int socket, void* address, uint addressBytes);

    [DllImport("libc", EntryPoint = "setsockopt"), SuppressGCTransition]
    internal static extern int SetSocketOption(int socket, int level, int option, void* value, uint valueBytes);

    [DllImport("libc", EntryPoint = "close"), SuppressGCTransition]
    internal static extern int Close(int descriptor);

    [DllImport("libc", EntryPoint = "open"), SuppressGCTransition]
    internal static extern int Open(byte* path, int flags, int mode);

    [DllImport("libc", EntryPoint = "write"), SuppressGCTransition]
    internal static extern nint Write(int descriptor, void* data, nuint bytes);

    [DllImport("libc", EntryPoint = "fwrite"), SuppressGCTransition]
    internal static extern nuint WriteTo(void* data, nuint bytes, nuint count, void* file);

    [DllImport("libc", EntryPoint = "dlsym"), SuppressGCTransition]
    internal static extern void* Symbol(void* library, byte* name);

    [DllImport("libc", EntryPoint = "read"), SuppressGCTransition]
    internal static extern nint Read(int descriptor, void* data, nuint bytes);

    [DllImport("libc", EntryPoint = "lseek"), SuppressGCTransition]
    internal static extern nint Seek(int descriptor, nint offset, int whence);

    [DllImport("libc", EntryPoint = "readlink"), SuppressGCTransition]
    internal static extern nint ReadLink(byte* path, byte* buffer, nuint bytes);

    [DllImport("libc", EntryPoint = "fcntl"), SuppressGCTransition]
    internal static extern int FileControl(int descriptor, int command, nint argument);

    [DllImport("libc", EntryPoint = "memcpy"), SuppressGCTransition]
    internal static extern void* Copy(void* destination, void* source, nuint bytes);

    [DllImport("libc", EntryPoint = "memmove"), SuppressGCTransition]
    internal static extern void* Move(void* destination, void* source, nuint bytes);

    [DllImport("libc", EntryPoint = "memset"), SuppressGCTransition]
    internal static extern void* Fill(void* destination, int value, nuint bytes);

    [DllImport("libc", EntryPoint = "memcmp"), SuppressGCTransition]
    internal static extern int Compare(void* left, void* right, nuint bytes);

    [DllImport("libc", EntryPoint = "strlen"), SuppressGCTransition]
    internal static extern nuint Length(byte* text);

    [DllImport("libc", EntryPoint = "malloc"), SuppressGCTransition]
    internal static extern void* Allocate(nuint bytes);

    [DllImport("libc", EntryPoint = "free"), SuppressGCTransition]
    internal static extern void Free(void* memory);

    [DllImport("libc", EntryPoint = "pthread_key_create"), SuppressGCTransition]
    internal static extern int KeyCreate(uint* key, delegate* <void*, void> destructor);

    [DllImport("libc", EntryPoint = "pthread_getspecific"), SuppressGCTransition]
    internal static extern void* GetSpecific(uint key);

    [DllImport("libc", EntryPoint = "pthread_setspecific"), SuppressGCTransition]
    internal static extern int SetSpecific(uint key, void* value);

    [DllImport("libc", EntryPoint = "__real_pthread_create"), SuppressGCTransition]
    internal static extern int ThreadCreate(
        nuint* thread,
        void* attributes,
        delegate* <void*, void*> start,
        void* argument
    );

    [DllImport("libc", EntryPoint = "pthread_detach"), SuppressGCTransition]
    internal static extern int ThreadDetach(nuint thread);

    [DllImport("libc", EntryPoint = "pthread_sigmask"), SuppressGCTransition]
    internal static extern int SignalMask(int how, void* set, void* old);

    [DllImport("libc", EntryPoint = "sigfillset"), SuppressGCTransition]
    internal static extern int SignalFill(void* set);

    /// <summary>mmap; null when it fails.</summary>
    internal static byte* Map(void* address, nuint bytes, int protection, int flags, int descriptor, nint offset)
    {
        var mapped = MapRaw(address, bytes, protection, flags, descriptor, offset);
        return mapped == -1 ? null : (byte*)mapped;
    }

    /// <summary>Zeroed private memory, given by pages; null when there is none.</summary>
    internal static byte* MapZeroed(nuint bytes) =>
        Map(null, bytes, ProtReadWrite, MapPrivate | MapAnonymous | MapNoReserve, -1, 0);
}
