using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Weir.Wire;

/// <summary>Why a session could not be opened.</summary>
internal enum WelcomeStatus : uint
{
    Ok = 0,

    /// <summary>The worker cannot map the window there; say hello again with another one, on the same connection.</summary>
    WindowTaken = 1,
    VersionMismatch = 2,
    NoDevice = 3,
    Refused = 4,
}

/// <summary>Fixed part of the client's first message; the program's name (UTF-8) follows.</summary>
[StructLayout(LayoutKind.Sequential, Size = FixedBytes)]
internal struct Hello
{
    internal const int FixedBytes = 64;
    internal const ulong ExpectedMagic = 0x4F4C_4C45_4852_4557; // "WERHELLO" read as bytes
    internal const int MaxProgramBytes = 4096;

    /// <summary>Answer with the snapshot only, no session (NVML without cuInit). The broker may answer it itself.</summary>
    internal const uint SnapshotOnly = 1;

    /// <summary>Set by a relay: it can be told to pause and to go on with another worker.</summary>
    internal const uint CanMove = 2;

    internal ulong Magic;
    internal uint Version;

    /// <summary>Whole message, fixed part included.</summary>
    internal uint TotalBytes;
    internal int Pid;
    internal uint Flags;

    /// <summary>Address range that the client has reserved; 0 bytes with <see cref="SnapshotOnly"/>.</summary>
    internal ulong WindowBase;
    internal ulong WindowBytes;

    /// <summary>Fingerprint of the API description; both sides must be built from the same one.</summary>
    internal ulong ApiHash;
    internal uint ProgramBytes;

    /// <summary>Check a received message. Nothing of it is believed before this returns true.</summary>
    internal static bool TryDecode(ReadOnlySpan<byte> message, out Hello hello, out ReadOnlySpan<byte> program)
    {
        hello = default;
        program = default;
        if (message.Length < FixedBytes)
        {
            return false;
        }
        hello = MemoryMarshal.Read<Hello>(message);
        if (
            hello.Magic != ExpectedMagic
            || hello.TotalBytes != (uint)message.Length
            || hello.ProgramBytes > MaxProgramBytes
            || hello.TotalBytes != FixedBytes + hello.ProgramBytes
        )
        {
            return false;
        }
        const ulong page = 4095;
        if (
            (hello.Flags & SnapshotOnly) == 0
            && (
                hello.WindowBytes < 1 << 20
                || (hello.WindowBase & page) != 0
                || (hello.WindowBytes & (page * 2 + 1)) != 0
                || hello.WindowBase < 1 << 16
                || hello.WindowBase >= 1UL << 47
                || hello.WindowBytes > (1UL << 47) - hello.WindowBase
            )
        )
        {
            return false;
        }
        program = message[FixedBytes..];
        return true;
    }
}

/// <summary>
/// Fixed part of the answer; then <see cref="MessageBytes"/> of UTF-8 text that says what is wrong (status ≠ Ok), then the snapshot.
/// With status Ok and a session two descriptors come along: segment, host memory.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = FixedBytes)]
internal struct Welcome
{
    internal const int FixedBytes = 96;
    internal const ulong ExpectedMagic = 0x454D_4F43_4C45_5757; // "WWELCOME" read as bytes

    /// <summary>Largest welcome: 64 devices and a text.</summary>
    internal const int MaxBytes = 128 << 10;

    internal ulong Magic;
    internal uint Version;
    internal uint TotalBytes;
    internal uint Status;
    internal int WorkerPid;

    /// <summary>Size of the session segment.</summary>
    internal ulong SegmentBytes;

    /// <summary>The window as both have it now; its upper half is the host memory descriptor, mapped shared.</summary>
    internal ulong WindowBase;
    internal ulong WindowBytes;
    internal uint MessageBytes;
    internal uint SnapshotBytes;
    internal ulong ApiHash;

    /// <summary>1: device memory lies where the device's own driver puts it, not in the window's lower half.</summary>
    internal uint DeviceIsElsewhere;

    /// <summary>1: the worker is on another node; the host half is the client's alone, and only copies reach it.</summary>
    internal uint HostIsElsewhere;

    /// <summary>Check a received message; the parts point into it.</summary>
    internal static bool TryDecode(
        ReadOnlySpan<byte> message,
        out Welcome welcome,
        out ReadOnlySpan<byte> text,
        out ReadOnlySpan<byte> snapshot
    )
    {
        welcome = default;
        text = default;
        snapshot = default;

        if (message.Length < FixedBytes)
        {
            return false;
        }
        welcome = MemoryMarshal.Read<Welcome>(message);
        if (
            welcome.Magic != ExpectedMagic
            || welcome.TotalBytes != (uint)message.Length
            || (ulong)welcome.MessageBytes + welcome.SnapshotBytes != (ulong)(message.Length - FixedBytes)
        )
        {
            return false;
        }
        text = message.Slice(FixedBytes, (int)welcome.MessageBytes);
        snapshot = message.Slice(FixedBytes + (int)welcome.MessageBytes, (int)welcome.SnapshotBytes);
        return welcome.SnapshotBytes == 0 || IsSnapshot(snapshot);
    }

    /// <summary>Build the message.</summary>
    internal static byte[] Encode(Welcome welcome, ReadOnlySpan<byte> text, ReadOnlySpan<byte> snapshot)
    {
        var message = new byte[FixedBytes + text.Length + snapshot.Length];
        welcome.Magic = ExpectedMagic;
        welcome.Version = SegmentLayout.Version;
        welcome.TotalBytes = (uint)message.Length;
        welcome.MessageBytes = (uint)text.Length;
        welcome.SnapshotBytes = (uint)snapshot.Length;
        MemoryMarshal.Write(message, in welcome);
        text.CopyTo(message.AsSpan(FixedBytes));
        snapshot.CopyTo(message.AsSpan(FixedBytes + text.Length));
        return message;
    }

    /// <summary>Are these bytes a well-formed snapshot?</summary>
    internal static bool IsSnapshot(ReadOnlySpan<byte> snapshot)
    {
        if (snapshot.Length < 32)
        {
            return false;
        }
        var header = MemoryMarshal.Read<SnapshotHeader>(snapshot);
        return header.Magic == SnapshotHeader.ExpectedMagic
            && header.DeviceCount <= SnapshotHeader.MaxDevices
            && header.DeviceBytes == 1024
            && BinaryPrimitives.ReadUInt32LittleEndian(snapshot[4..]) == header.DeviceCount
            && snapshot.Length == 32 + header.DeviceCount * 1024;
    }
}
