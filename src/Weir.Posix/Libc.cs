using System.Runtime.InteropServices;

namespace Weir.Posix;

/// <summary>The C library's calls that the roles need, by their own names; Linux on x86-64 only.</summary>
internal static unsafe partial class Libc
{
    public const int EINTR = 4;
    public const int ENOEXEC = 8;
    public const int EAGAIN = 11;
    public const int EACCES = 13;

    public const int AF_UNIX = 1;
    public const int SOCK_STREAM = 1;
    public const int SOCK_SEQPACKET = 5;
    public const int SOCK_CLOEXEC = 0x80000;
    public const int SOCK_NONBLOCK = 0x800;
    public const int SOL_SOCKET = 1;
    public const int SHUT_RDWR = 2;
    public const int IPPROTO_TCP = 6;
    public const int TCP_NODELAY = 1;
    public const int TCP_USER_TIMEOUT = 18;
    public const int SO_KEEPALIVE = 9;
    public const int TCP_KEEPIDLE = 4;
    public const int TCP_KEEPINTVL = 5;
    public const int TCP_KEEPCNT = 6;
    public const int SO_PEERCRED = 17;
    public const int SCM_RIGHTS = 1;
    public const int MSG_PEEK = 2;
    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_NOSIGNAL = 0x4000;
    public const int MSG_CMSG_CLOEXEC = 0x40000000;

    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_APPEND = 0x400;
    public const int O_CLOEXEC = 0x80000;
    public const int X_OK = 1;
    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int O_NONBLOCK = 0x800;
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int F_ADD_SEALS = 1033;
    public const int F_SEAL_SEAL = 1;
    public const int F_SEAL_SHRINK = 2;
    public const int F_SEAL_GROW = 4;
    public const uint MFD_CLOEXEC = 1;
    public const uint MFD_ALLOW_SEALING = 2;
    public const int FALLOC_FL_KEEP_SIZE = 1;
    public const int FALLOC_FL_PUNCH_HOLE = 2;

    public const int PROT_NONE = 0;
    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;
    public const int MAP_SHARED = 1;
    public const int MAP_PRIVATE = 2;
    public const int MAP_FIXED = 0x10;
    public const int MAP_ANONYMOUS = 0x20;
    public const int MAP_NORESERVE = 0x4000;
    public const int MAP_FIXED_NOREPLACE = 0x100000;

    public const short POLLIN = 1;
    public const short POLLOUT = 4;
    public const short POLLERR = 8;
    public const short POLLHUP = 16;

    public const int SIGKILL = 9;
    public const int SIGPIPE = 13;
    public const int SIGTERM = 15;
    public const int SIG_SETMASK = 2;
    public const int WNOHANG = 1;

    public const long SYS_pidfd_open = 434;
    public const long SYS_close_range = 436;
    public const uint CLOSE_RANGE_CLOEXEC = 4;

    public const int PR_SET_PDEATHSIG = 1;
    public const int PR_SET_NAME = 15;
    public const int PR_SET_CHILD_SUBREAPER = 36;
    public const int PR_SET_NO_NEW_PRIVS = 38;

    public const int RLIMIT_DATA = 2;
    public const int RLIMIT_CORE = 4;
    public const int RLIMIT_NPROC = 6;
    public const int RLIMIT_NOFILE = 7;

    public const int CLONE_NEWNS = 0x20000;
    public const int CLONE_NEWNET = 0x40000000;
    public const ulong MS_RDONLY = 1;
    public const ulong MS_NOSUID = 2;
    public const ulong MS_REMOUNT = 0x20;
    public const ulong MS_BIND = 0x1000;
    public const ulong MS_REC = 0x4000;
    public const ulong MS_PRIVATE = 0x40000;

    [DllImport("libc", EntryPoint = "__errno_location"), SuppressGCTransition]
    private static extern int* ErrnoLocation();

    /// <summary>Error number of the last call made on this thread.</summary>
    public static int Errno => *ErrnoLocation();

    [DllImport("libc")]
    public static extern int socket(int domain, int type, int protocol);

    [DllImport("libc")]
    public static extern int socketpair(int domain, int type, int protocol, int* pair);

    [DllImport("libc")]
    public static extern int bind(int socket, void* address, uint length);

    [DllImport("libc")]
    public static extern int connect(int socket, void* address, uint length);

    [DllImport("libc")]
    public static extern int listen(int socket, int backlog);

    [DllImport("libc")]
    public static extern int accept4(int socket, void* address, uint* length, int flags);

    [DllImport("libc")]
    public static extern int getsockopt(int socket, int level, int name, void* value, uint* length);

    [DllImport("libc")]
    public static extern nint sendmsg(int socket, MessageHeader* message, int flags);

    [DllImport("libc")]
    public static extern nint recvmsg(int socket, MessageHeader* message, int flags);

    [DllImport("libc")]
    public static extern nint recv(int socket, void* buffer, nuint length, int flags);

    [DllImport("libc")]
    public static extern nint send(int socket, void* buffer, nuint length, int flags);

    [DllImport("libc")]
    public static extern int shutdown(int socket, int how);

    [DllImport("libc")]
    public static extern int setsockopt(int socket, int level, int name, void* value, uint length);

    [DllImport("libc")]
    public static extern int sched_yield();

    [DllImport("libc")]
    public static extern int poll(PollEntry* entries, ulong count, int timeoutMs);

    [DllImport("libc")]
    public static extern int epoll_create1(int flags);

    [DllImport("libc")]
    public static extern int epoll_ctl(int poll, int operation, int descriptor, EpollEvent* entry);

    [DllImport("libc")]
    public static extern int epoll_wait(int poll, EpollEvent* entries, int most, int timeoutMs);

    [DllImport("libc")]
    public static extern nint read(int descriptor, void* buffer, nuint length);

    [DllImport("libc")]
    public static extern nint write(int descriptor, void* buffer, nuint length);

    [DllImport("libc")]
    public static extern int open(byte* path, int flags, int mode);

    [DllImport("libc")]
    public static extern int close(int descriptor);

    [DllImport("libc")]
    public static extern int memfd_create(byte* name, uint flags);

    [DllImport("libc")]
    public static extern int ftruncate(int descriptor, long length);

    [DllImport("libc")]
    public static extern int fallocate(int descriptor, int mode, long offset, long length);

    [DllImport("libc")]
    public static extern int fcntl(int descriptor, int command, nint argument);

    [DllImport("libc")]
    public static extern nint mmap(nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [DllImport("libc")]
    public static extern int munmap(nint address, nuint length);

    [DllImport("libc")]
    public static extern int access(byte* path, int mode);

    [DllImport("libc")]
    public static extern int pipe2(int* pair, int flags);

    [DllImport("libc")]
    public static extern int waitpid(int pid, int* status, int options);

    [DllImport("libc")]
    public static extern int kill(int pid, int signal);

    [DllImport("libc")]
    public static extern int getpid();

    [DllImport("libc")]
    public static extern uint getuid();

    [DllImport("libc")]
    public static extern int setrlimit(int resource, ResourceLimit* limit);

    [DllImport("libc")]
    public static extern int getrlimit(int resource, ResourceLimit* limit);

    [DllImport("libc")]
    public static extern int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [DllImport("libc")]
    public static extern nint getrandom(void* buffer, nuint length, uint flags);

    [DllImport("libc")]
    public static extern int setenv(byte* name, byte* value, int overwrite);

    /// <summary>Removes a variable from the environment.</summary>
    [DllImport("libc")]
    public static extern int unsetenv(byte* name);

    [DllImport("libc")]
    public static extern void _exit(int code);

    [DllImport("libc")]
    public static extern int execv(byte* path, byte** arguments);

    [DllImport("libc")]
    public static extern int chdir(byte* path);

    [DllImport("libc")]
    public static extern int chown(byte* path, uint user, uint group);

    [DllImport("libc")]
    public static extern int unshare(int flags);

    [DllImport("libc")]
    public static extern int mount(byte* source, byte* target, byte* type, ulong flags, void* data);

    [DllImport("libc")]
    public static extern int setuid(uint user);

    [DllImport("libc")]
    public static extern int setgid(uint group);

    [DllImport("libc")]
    public static extern int setgroups(nuint count, uint* groups);

    [DllImport("libc")]
    public static extern int initgroups(byte* user, uint group);

    [DllImport("libc")]
    public static extern PasswordEntry* getpwnam(byte* name);

    [DllImport("libc")]
    public static extern nint dlsym(nint handle, byte* name);

    [DllImport("libc")]
    public static extern int posix_spawn(
        int* pid,
        byte* path,
        void* actions,
        void* attributes,
        byte** arguments,
        byte** environment
    );

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_init(void* actions);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_destroy(void* actions);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_adddup2(void* actions, int from, int to);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_addopen(
        void* actions,
        int descriptor,
        byte* path,
        int flags,
        int mode
    );

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_addclosefrom_np(void* actions, int first);

    [DllImport("libc")]
    public static extern int posix_spawnattr_init(void* attributes);

    [DllImport("libc")]
    public static extern int posix_spawnattr_destroy(void* attributes);

    [DllImport("libc")]
    public static extern int posix_spawnattr_setflags(void* attributes, short flags);

    [DllImport("libc")]
    public static extern int posix_spawnattr_setsigmask(void* attributes, void* mask);

    [DllImport("libc")]
    public static extern int posix_spawnattr_setsigdefault(void* attributes, void* mask);

    // What a forked child calls before exec: no transitions, so that nothing of the runtime is touched.

    [DllImport("libc"), SuppressGCTransition]
    public static extern int fork();

    [DllImport("libc", EntryPoint = "_exit"), SuppressGCTransition]
    public static extern void ChildExit(int code);

    [DllImport("libc", EntryPoint = "execve"), SuppressGCTransition]
    public static extern int ChildExecve(byte* path, byte** arguments, byte** environment);

    [DllImport("libc", EntryPoint = "dup2"), SuppressGCTransition]
    public static extern int ChildDup2(int from, int to);

    [DllImport("libc", EntryPoint = "fcntl"), SuppressGCTransition]
    public static extern int ChildFcntl(int descriptor, int command, nint argument);

    [DllImport("libc", EntryPoint = "setsid"), SuppressGCTransition]
    public static extern int ChildSetsid();

    [DllImport("libc", EntryPoint = "sigprocmask"), SuppressGCTransition]
    public static extern int ChildSigprocmask(int how, byte* set, byte* old);

    [DllImport("libc", EntryPoint = "syscall"), SuppressGCTransition]
    public static extern nint ChildSyscall(nint number, nint a, nint b, nint c);

    [DllImport("libc", EntryPoint = "write"), SuppressGCTransition]
    public static extern nint ChildWrite(int descriptor, void* buffer, nuint length);

    /// <summary>A descriptor that becomes readable when the process ends; negative on failure.</summary>
    public static int PidfdOpen(int pid) => (int)ChildSyscall((nint)SYS_pidfd_open, pid, 0, 0);

    /// <summary>Marks every descriptor from <paramref name="first"/> on to be closed at exec.</summary>
    public static void CloseOnExecFrom(int first) =>
        _ = ChildSyscall((nint)SYS_close_range, first, int.MaxValue, (nint)CLOSE_RANGE_CLOEXEC);

    /// <summary>This process' environment, the array that exec hands down.</summary>
    public static byte** Environment
    {
        get
        {
            fixed (byte* name = "environ\0"u8)
            {
                return *(byte***)dlsym(0, name);
            }
        }
    }
}

/// <summary>struct pollfd.</summary>
internal struct PollEntry
{
    public int Descriptor;
    public short Events;
    public short Returned;
}

/// <summary>struct epoll_event on x86-64, where it is packed.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct EpollEvent
{
    public uint Events;
    public long Token;
}

/// <summary>struct rlimit.</summary>
internal struct ResourceLimit
{
    public ulong Soft;
    public ulong Hard;
}

/// <summary>struct iovec.</summary>
internal unsafe struct IoVector
{
    public void* Base;
    public nuint Length;
}

/// <summary>struct msghdr on 64-bit Linux.</summary>
internal unsafe struct MessageHeader
{
    public void* Name;
    public uint NameLength;
    public IoVector* Vectors;
    public nuint VectorCount;
    public void* Control;
    public nuint ControlLength;
    public int Flags;
}

/// <summary>struct passwd.</summary>
internal unsafe struct PasswordEntry
{
    public byte* Name;
    public byte* Password;
    public uint Uid;
    public uint Gid;
    public byte* Description;
    public byte* Home;
    public byte* Shell;
}

/// <summary>struct ucred.</summary>
internal struct PeerCredentials
{
    public int Pid;
    public uint Uid;
    public uint Gid;
}
