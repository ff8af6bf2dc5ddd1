using System.Runtime.InteropServices;

namespace Weir.Wire;

/// <summary>
/// The few calls of the C library that the wire needs. Names ending in <c>Raw</c> make no runtime transition, so that they may
/// be called by code that runs outside the runtime; in a process with a garbage collector they must not block.
/// </summary>
internal static unsafe partial class Libc
{
    internal const int SysFutex = 202;
    internal const int SysMembarrier = 324;
    internal const int FutexWait = 0;
    internal const int FutexWake = 1;

    internal const int AfUnix = 1;
    internal const int SockSeqpacket = 5;
    internal const int SockCloexec = 0x80000;
    internal const int SolSocket = 1;
    internal const int ScmRights = 1;
    internal const int SoPeercred = 17;
    internal const int MsgNosignal = 0x4000;
    internal const int MsgCmsgCloexec = 0x40000000;
    internal const int MsgTrunc = 0x20;
    internal const int MsgCtrunc = 8;
    internal const int MsgPeek = 2;
    internal const int MsgDontwait = 0x40;

    [DllImport("libc", EntryPoint = "syscall"), SuppressGCTransition]
    internal static extern nint SyscallRaw(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    [DllImport("libc", EntryPoint = "syscall")]
    internal static extern nint Syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    [DllImport("libc", EntryPoint = "sendmsg"), SuppressGCTransition]
    internal static extern nint SendMsgRaw(int fd, MsgHdr* message, int flags);

    [DllImport("libc", EntryPoint = "recvmsg"), SuppressGCTransition]
    internal static extern nint RecvMsgRaw(int fd, MsgHdr* message, int flags);

    [DllImport("libc", EntryPoint = "sendmsg")]
    internal static extern nint SendMsg(int fd, MsgHdr* message, int flags);

    [DllImport("libc", EntryPoint = "recvmsg")]
    internal static extern nint RecvMsg(int fd, MsgHdr* message, int flags);

    [DllImport("libc", EntryPoint = "close"), SuppressGCTransition]
    internal static extern int CloseRaw(int fd);

    [DllImport("libc", EntryPoint = "sched_yield"), SuppressGCTransition]
    internal static extern int YieldRaw();

    [DllImport("libc", EntryPoint = "__errno_location"), SuppressGCTransition]
    private static extern int* ErrnoLocation();

    [DllImport("libc", EntryPoint = "clock_gettime"), SuppressGCTransition]
    private static extern int ClockGetTime(int clock, long* time);

    /// <summary>errno of the last failed call of this thread; read it at once.</summary>
    internal static int Errno => *ErrnoLocation();

    /// <summary>CLOCK_MONOTONIC, nanoseconds.</summary>
    internal static long MonotonicNs() => ClockNs(1);

    /// <summary>CLOCK_THREAD_CPUTIME_ID: processor time of the calling thread, nanoseconds.</summary>
    internal static long ThreadNs() => ClockNs(3);

    private static long ClockNs(int clock)
    {
        var time = stackalloc long[2];
        _ = ClockGetTime(clock, time);
        return time[0] * 1_000_000_000 + time[1];
    }
}

/// <summary>struct msghdr, x86-64.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MsgHdr
{
    internal void* Name;
    internal uint NameBytes;
    private readonly uint _pad;
    internal IoVec* Parts;
    internal nuint PartCount;
    internal void* Control;
    internal nuint ControlBytes;
    internal int Flags;
    private readonly int _pad2;
}

/// <summary>struct iovec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVec
{
    internal void* Base;
    internal nuint Bytes;
}
