using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace Weir.Devices.Software.Native;

/// <summary>The few C library calls that the device needs; values are those of Linux on x86-64.</summary>
internal static unsafe partial class LibC
{
    public const int ProtNone = 0;
    public const int ProtRead = 1;
    public const int ProtWrite = 2;
    public const int ProtExec = 4;
    public const int MapShared = 1;
    public const int MapPrivate = 2;
    public const int MapFixed = 0x10;
    public const int MapAnonymous = 0x20;
    public const int MapNoReserve = 0x4000;
    public const int MapFixedNoReplace = 0x100000;
    public const int AdviseHugePage = 14;
    public const int AdviseDontNeed = 4;
    public const int SigBus = 7;
    public const int SigFpe = 8;
    public const int SigSegv = 11;

    private const uint CloseOnExec = 1;
    private const long SysMoveMapping = 25;
    private const long MayMove = 1;
    private const long MoveFixed = 2;
    private const long KeepMapping = 4;
    private const long SysFutex = 202;
    private const long SysGetTid = 186;
    private const int FutexWaitPrivate = 128;
    private const int FutexWakePrivate = 129;

    [DllImport("libc", EntryPoint = "mmap")]
    public static extern nint Map(nint address, nuint length, int protection, int flags, int file, long offset);

    [DllImport("libc", EntryPoint = "munmap")]
    public static extern int Unmap(nint address, nuint length);

    [DllImport("libc", EntryPoint = "mprotect")]
    public static extern int Protect(nint address, nuint length, int protection);

    [DllImport("libc", EntryPoint = "madvise")]
    public static extern int Advise(nint address, nuint length, int advice);

    [DllImport("libc", EntryPoint = "ftruncate")]
    public static extern int Truncate(int file, long sizeBytes);

    [DllImport("libc", EntryPoint = "ioctl")]
    public static extern int Control(int file, nuint call, void* argument);

    [DllImport("libc", EntryPoint = "open")]
    public static extern int Open(byte* path, int flags, int mode = 0);

    [DllImport("libc", EntryPoint = "read")]
    public static extern nint Read(int file, void* into, nuint bytes);

    [DllImport("libc", EntryPoint = "write")]
    public static extern nint Write(int file, void* from, nuint bytes);

    [DllImport("libc", EntryPoint = "pread")]
    public static extern nint ReadAt(int file, void* into, nuint bytes, long offset);

    [DllImport("libc", EntryPoint = "pwrite")]
    public static extern nint WriteAt(int file, void* from, nuint bytes, long offset);

    [DllImport("libc", EntryPoint = "fallocate")]
    public static extern int Allocate(int file, int mode, long offset, long bytes);

    [DllImport("libc", EntryPoint = "lseek")]
    public static extern long Seek(int file, long offset, int from);

    [DllImport("libc", EntryPoint = "unlink")]
    public static extern int Unlink(byte* path);

    [DllImport("libc", EntryPoint = "eventfd")]
    public static extern int EventFile(uint start, int flags);

    [DllImport("libc", EntryPoint = "poll")]
    public static extern int Poll(PollEntry* entries, nuint count, int timeoutMilliseconds);

    /// <summary>
    /// Copies, on a thread that the garbage collector need not wait for: a page that is read or written may be one that another
    /// thread of this program has yet to bring.
    /// </summary>
    [DllImport("libc", EntryPoint = "memmove")]
    public static extern void* MoveBytes(void* to, void* from, nuint bytes);

    /// <summary>Fills with a byte; as <see cref="MoveBytes"/>.</summary>
    [DllImport("libc", EntryPoint = "memset")]
    public static extern void* FillBytes(void* to, int value, nuint bytes);

    [DllImport("libc", EntryPoint = "close")]
    public static extern int Close(int file);

    /// <summary>A file that lives in memory only, closed on exec; -1 when there is none.</summary>
    /// <param name="name">For the eyes of whoever looks into /proc; ASCII.</param>
    public static int CreateMemoryFile(string name)
    {
        byte* text = stackalloc byte[name.Length + 1];
        for (int i = 0; i < name.Length; i++)
        {
            text[i] = (byte)name[i];
        }
        text[name.Length] = 0;
        return CreateMemoryFile(text, CloseOnExec);
    }

    [DllImport("libc", EntryPoint = "memfd_create")]
    private static extern int CreateMemoryFile(byte* name, uint flags);

    [DllImport("libc", EntryPoint = "sigaction")]
    public static extern int SigAction(int signal, SignalAction* action, SignalAction* old);

    [DllImport("libc", EntryPoint = "syscall")]
    private static extern long SystemCall(long number, void* a, long b, long c, void* d, void* e, long f);

    /// <summary>A system call with one number; -1 when it is refused.</summary>
    public static int SystemCall(long number, long argument) =>
        (int)SystemCall(number, (void*)argument, 0, 0, null, null, 0);

    /// <summary>
    /// Moves the pages of a private mapping to another place in one step; the mapping stays, with no pages, and what was mapped at
    /// the other place is gone.
    /// </summary>
    public static bool MovePages(ulong from, ulong to, ulong bytes) =>
        SystemCall(
            SysMoveMapping,
            (void*)from,
            (long)bytes,
            (long)bytes,
            (void*)(MayMove | MoveFixed | KeepMapping),
            (void*)to,
            0
        ) == (long)to;

    /// <summary>Sleeps while <paramref name="word"/> holds <paramref name="expected"/>, at most the given time (0: for ever).</summary>
    public static void FutexWait(int* word, int expected, long timeoutNanoseconds = 0)
    {
        TimeSpec time = new(timeoutNanoseconds / 1_000_000_000, timeoutNanoseconds % 1_000_000_000);
        SystemCall(SysFutex, word, FutexWaitPrivate, expected, timeoutNanoseconds > 0 ? &time : null, null, 0);
    }

    /// <summary>Wakes up to <paramref name="count"/> threads that sleep on <paramref name="word"/>.</summary>
    public static void FutexWake(int* word, int count) =>
        SystemCall(SysFutex, word, FutexWakePrivate, count, null, null, 0);

    /// <summary>The kernel's number of the calling thread.</summary>
    public static int ThreadId() => (int)SystemCall(SysGetTid, null, 0, 0, null, null, 0);

    private readonly record struct TimeSpec(long Seconds, long Nanoseconds);
}

/// <summary><c>struct sigaction</c> of glibc on x86-64.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SignalAction
{
    public nint Handler;
    public fixed ulong Mask[16];
    public int Flags;
    public nint Restorer;
}
