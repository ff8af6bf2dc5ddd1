using System.Runtime.InteropServices;

namespace Weir.Devices.Software.Native;

/// <summary>
/// A userfaultfd: page faults of registered ranges of this process are told to a reader, who resolves them. Methods answer with
/// what the system said: true, or false when it refused.
/// </summary>
internal sealed unsafe class UserFaults : IDisposable
{
    /// <summary>Faults of pages that are not there are told.</summary>
    public const ulong Missing = 1;

    /// <summary>Writes to protected pages are told, or noted by the system itself (<see cref="WriteProtectAsync"/>).</summary>
    public const ulong WriteProtect = 2;

    /// <summary>Faults say that they are of the second kind.</summary>
    public const ulong WriteProtectFaults = 1 << 0;

    /// <summary>Feature: the system lifts the protection itself, and can be asked what was written (6.7).</summary>
    public const ulong WriteProtectAsync = 1 << 15;

    /// <summary>Feature: pages can be moved into place instead of copied (6.8).</summary>
    public const ulong Moving = 1 << 16;

    private const long SysUserFaultFd = 323;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int UserModeOnly = 1;
    private const ulong Version = 0xaa;
    private const uint ApiCall = 0xc018_aa3f;
    private const uint RegisterCall = 0xc020_aa00;
    private const uint UnregisterCall = 0x8010_aa01;
    private const uint WakeCall = 0x8010_aa02;
    private const uint CopyCall = 0xc028_aa03;
    private const uint ZeroCall = 0xc020_aa04;
    private const uint MoveCall = 0xc028_aa05;
    private const uint ProtectCall = 0xc018_aa06;
    private const uint PoisonCall = 0xc020_aa08;
    private const uint NewCall = 0xaa00;
    private const byte PageFaultEvent = 0x12;
    private const int Again = -11;
    private const short CanRead = 1;

    private UserFaults(int file, ulong features, bool isUserModeOnly)
    {
        File = file;
        Features = features;
        IsUserModeOnly = isUserModeOnly;
    }

    /// <summary>Descriptor.</summary>
    public int File { get; }

    /// <summary>Features that the system has.</summary>
    public ulong Features { get; }

    /// <summary>Faults of system calls on registered memory fail instead of being told: this process may do no more.</summary>
    public bool IsUserModeOnly { get; }

    /// <summary>Opens one; null when the system has none or refuses.</summary>
    /// <param name="wanted">Features to switch on, as far as the system has them.</param>
    public static UserFaults? Open(ulong wanted)
    {
        // The first greeting only asks what there is; a descriptor can be greeted once.
        int asking = OpenFile(out _);
        if (asking < 0)
        {
            return null;
        }
        Api api = new() { Version = Version };
        bool isAnswered = LibC.Control(asking, ApiCall, &api) == 0;
        _ = LibC.Close(asking);
        if (!isAnswered)
        {
            return null;
        }
        ulong available = api.Features;
        int file = OpenFile(out bool isUserModeOnly);
        api = new Api { Version = Version, Features = wanted & available };
        if (file < 0 || LibC.Control(file, ApiCall, &api) != 0)
        {
            _ = file < 0 ? 0 : LibC.Close(file);
            return null;
        }
        return new UserFaults(file, available, isUserModeOnly);
    }

    /// <summary>Registers a range; one that is registered already changes its modes.</summary>
    public bool Register(ulong address, ulong bytes, ulong modes)
    {
        RangeAndMode call = new()
        {
            Start = address,
            Bytes = bytes,
            Mode = modes,
        };
        return LibC.Control(File, RegisterCall, &call) == 0;
    }

    /// <summary>Takes a range out again; threads that wait in it go on.</summary>
    public bool Unregister(ulong address, ulong bytes)
    {
        RangeAndMode call = new() { Start = address, Bytes = bytes };
        return LibC.Control(File, UnregisterCall, &call) == 0;
    }

    /// <summary>Lets threads that wait for a page of the range try again.</summary>
    public void Wake(ulong address, ulong bytes)
    {
        RangeAndMode call = new() { Start = address, Bytes = bytes };
        _ = LibC.Control(File, WakeCall, &call);
    }

    /// <summary>Puts copies of pages where none are, at once for whoever looks, and wakes who waits for them.</summary>
    /// <param name="destination">Where.</param>
    /// <param name="source">What is copied.</param>
    /// <param name="bytes">Size.</param>
    /// <param name="isProtected">Writes to them are noted.</param>
    public bool Copy(ulong destination, ulong source, ulong bytes, bool isProtected) =>
        Place(CopyCall, destination, source, bytes, isProtected ? 2ul : 0);

    /// <summary>The same with the pages themselves, which leave where they were.</summary>
    public bool Move(ulong destination, ulong source, ulong bytes) => Place(MoveCall, destination, source, bytes, 0);

    /// <summary>Puts zeros where no pages are, and wakes who waits for them.</summary>
    public bool Zero(ulong address, ulong bytes)
    {
        RangeAndMode call = new() { Start = address, Bytes = bytes };
        while (LibC.Control(File, ZeroCall, &call) != 0)
        {
            if (call.Result != Again)
            {
                return false;
            }
            call.Result = 0;
        }
        return true;
    }

    /// <summary>Protects a range against writing, or lifts the protection and wakes who waits to write.</summary>
    public bool Protect(ulong address, ulong bytes, bool isProtected)
    {
        RangeAndMode call = new()
        {
            Start = address,
            Bytes = bytes,
            Mode = isProtected ? 1ul : 0,
        };
        return LibC.Control(File, ProtectCall, &call) == 0;
    }

    /// <summary>Makes every access to pages that are not there an error (SIGBUS), as with memory that is broken.</summary>
    public bool Poison(ulong address, ulong bytes)
    {
        RangeAndMode call = new() { Start = address, Bytes = bytes };
        return LibC.Control(File, PoisonCall, &call) == 0;
    }

    /// <summary>Waits for a fault; false when <paramref name="stop"/> became readable.</summary>
    public bool Wait(int stop, out ulong address, out bool isProtection)
    {
        PollEntry* entries = stackalloc PollEntry[2];
        while (true)
        {
            Message message;
            if (LibC.Read(File, &message, (nuint)sizeof(Message)) == sizeof(Message))
            {
                if (message.Event == PageFaultEvent)
                {
                    address = message.Address;
                    isProtection = (message.Flags & 2) != 0;
                    return true;
                }
                continue;
            }
            entries[0] = new PollEntry { File = File, Wanted = CanRead };
            entries[1] = new PollEntry { File = stop, Wanted = CanRead };
            _ = LibC.Poll(entries, 2, -1);
            if (entries[1].Seen != 0)
            {
                address = 0;
                isProtection = false;
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _ = LibC.Close(File);

    private bool Place(uint call, ulong destination, ulong source, ulong bytes, ulong mode)
    {
        // The system stops early when mappings change meanwhile: it goes on where it stopped.
        ulong done = 0;
        while (done < bytes)
        {
            Placing placing = new()
            {
                Destination = destination + done,
                Source = source + done,
                Bytes = bytes - done,
                Mode = mode,
            };
            if (LibC.Control(File, call, &placing) == 0)
            {
                return true;
            }
            if (placing.Result > 0)
            {
                done += (ulong)placing.Result;
            }
            else if (placing.Result != Again)
            {
                return false;
            }
        }
        return true;
    }

    private static int OpenFile(out bool isUserModeOnly)
    {
        isUserModeOnly = false;
        int file = LibC.SystemCall(SysUserFaultFd, CloseOnExec | NonBlocking);
        if (file >= 0)
        {
            return file;
        }
        // Whoever may open the device may have faults of system calls told too.
        fixed (byte* path = "/dev/userfaultfd\0"u8)
        {
            int device = LibC.Open(path, 2 | CloseOnExec);
            if (device >= 0)
            {
                file = LibC.Control(device, NewCall, (void*)(CloseOnExec | NonBlocking));
                _ = LibC.Close(device);
                if (file >= 0)
                {
                    return file;
                }
            }
        }
        isUserModeOnly = true;
        return LibC.SystemCall(SysUserFaultFd, CloseOnExec | NonBlocking | UserModeOnly);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Api
    {
        public ulong Version;
        public ulong Features;
        public ulong Calls;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct RangeAndMode
    {
        public ulong Start;
        public ulong Bytes;
        public ulong Mode;
        public long Result;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Placing
    {
        public ulong Destination;
        public ulong Source;
        public ulong Bytes;
        public ulong Mode;
        public long Result;
    }

    [StructLayout(LayoutKind.Explicit, Size = 32)]
    private struct Message
    {
        [FieldOffset(0)]
        public byte Event;

        [FieldOffset(8)]
        public ulong Flags;

        [FieldOffset(16)]
        public ulong Address;
    }
}

/// <summary>struct pollfd.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    public int File;
    public short Wanted;
    public short Seen;
}
