using Weir.Api;
using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>The client's side of the attach protocol (src/Weir.Wire/README.md).</summary>
internal static unsafe class Broker
{
    /// <summary>Longest wait for the answer, seconds: a cold worker start is well below.</summary>
    private const long AnswerTimeoutSeconds = 30;

    private const int ReceiveTimeoutOption = 20;
    private const int DuplicateCloexec = 1030;

    /// <summary>Connect to the broker named by <c>WEIR_SOCKET</c>; −1 when there is none.</summary>
    internal static int Connect()
    {
        byte* name;
        fixed (byte* variable = "WEIR_SOCKET\0"u8)
        {
            name = GuestLibc.GetEnv(variable);
        }
        if (name == null || *name == 0)
        {
            Log.Line("WEIR_SOCKET is not set: no device (start the program with `weir run`)"u8);
            return -1;
        }

        var address = stackalloc byte[112];
        var addressBytes = DescriptorSocket.Address(name, (int)GuestLibc.Length(name), address);
        if (addressBytes == 0)
        {
            Log.Line("WEIR_SOCKET does not fit into a socket address:"u8, name);
            return -1;
        }
        var socket = GuestLibc.Socket(Libc.AfUnix, Libc.SockSeqpacket | Libc.SockCloexec, 0);
        if (socket < 0)
        {
            Log.Line("cannot make a socket"u8);
            return -1;
        }
        if (socket < 3)
        {
            // A program that runs with its standard streams closed must not find our socket there.
            var higher = GuestLibc.FileControl(socket, DuplicateCloexec, 3);
            _ = GuestLibc.Close(socket);
            socket = higher;
        }
        if (GuestLibc.Connect(socket, address, (uint)addressBytes) != 0)
        {
            Log.Line("nobody answers at WEIR_SOCKET:"u8, name);
            _ = GuestLibc.Close(socket);
            return -1;
        }
        var timeout = stackalloc long[2];
        timeout[0] = AnswerTimeoutSeconds;
        timeout[1] = 0;
        _ = GuestLibc.SetSocketOption(socket, Libc.SolSocket, ReceiveTimeoutOption, timeout, 16);
        return socket;
    }

    /// <summary>Say hello with the current window and read the welcome into <paramref name="buffer"/>.</summary>
    /// <param name="socket">A connected socket.</param>
    /// <param name="flags">0 or <see cref="Hello.SnapshotOnly"/>.</param>
    /// <param name="buffer"><see cref="Welcome.MaxBytes"/> bytes.</param>
    /// <param name="descriptors">Two: segment, host memory; −1 when not sent.</param>
    internal static WelcomeStatus Greet(int socket, uint flags, byte* buffer, int* descriptors)
    {
        var program = buffer + Hello.FixedBytes;
        nint programBytes;
        fixed (byte* path = "/proc/self/exe\0"u8)
        {
            programBytes = GuestLibc.ReadLink(path, program, Hello.MaxProgramBytes);
        }
        if (programBytes < 0)
        {
            programBytes = 0;
        }

        var hello = (Hello*)buffer;
        *hello = default;
        hello->Magic = Hello.ExpectedMagic;
        hello->Version = SegmentLayout.Version;
        hello->TotalBytes = (uint)(Hello.FixedBytes + programBytes);
        hello->Pid = GuestLibc.GetPid();
        hello->Flags = flags;
        hello->WindowBase = Window.Base;
        hello->WindowBytes = Window.Bytes;
        hello->ApiHash = CallTable.Fingerprint;
        hello->ProgramBytes = (uint)programBytes;

        descriptors[0] = -1;
        descriptors[1] = -1;
        if (!DescriptorSocket.TrySend(socket, buffer, hello->TotalBytes, null, 0))
        {
            Log.Line("the broker closed the connection"u8);
            return WelcomeStatus.Refused;
        }
        var got = DescriptorSocket.Receive(socket, buffer, Welcome.MaxBytes, descriptors, 2, true);
        if (got <= 0 || !IsWelcome(buffer, (ulong)got))
        {
            CloseAll(descriptors);
            Log.Line("no answer, or a malformed one, from the broker"u8);
            return WelcomeStatus.Refused;
        }

        var welcome = (Welcome*)buffer;
        if (welcome->Status != (uint)WelcomeStatus.Ok)
        {
            CloseAll(descriptors);
            if (welcome->Status != (uint)WelcomeStatus.WindowTaken)
            {
                LogReason(welcome, buffer);
            }
            return (WelcomeStatus)welcome->Status;
        }
        if (welcome->Version != SegmentLayout.Version || welcome->ApiHash != CallTable.Fingerprint)
        {
            CloseAll(descriptors);
            Log.Line("the worker is of another version than this library"u8);
            return WelcomeStatus.VersionMismatch;
        }
        return WelcomeStatus.Ok;
    }

    /// <summary>The snapshot inside a checked welcome; null when it has none.</summary>
    internal static SnapshotHeader* SnapshotOf(byte* buffer)
    {
        var welcome = (Welcome*)buffer;
        return welcome->SnapshotBytes == 0
            ? null
            : (SnapshotHeader*)(buffer + Welcome.FixedBytes + welcome->MessageBytes);
    }

    private static bool IsWelcome(byte* buffer, ulong bytes)
    {
        var welcome = (Welcome*)buffer;
        if (
            bytes < Welcome.FixedBytes
            || welcome->Magic != Welcome.ExpectedMagic
            || welcome->TotalBytes != bytes
            || (ulong)welcome->MessageBytes + welcome->SnapshotBytes != bytes - Welcome.FixedBytes
        )
        {
            return false;
        }
        if (welcome->SnapshotBytes == 0)
        {
            return true;
        }
        var snapshot = SnapshotOf(buffer);
        return welcome->SnapshotBytes >= sizeof(SnapshotHeader)
            && snapshot->Magic == SnapshotHeader.ExpectedMagic
            && snapshot->DeviceCount <= SnapshotHeader.MaxDevices
            && snapshot->DeviceBytes == sizeof(DeviceSnapshot)
            && welcome->SnapshotBytes == sizeof(SnapshotHeader) + snapshot->DeviceCount * sizeof(DeviceSnapshot);
    }

    private static void LogReason(Welcome* welcome, byte* buffer)
    {
        const int longest = 512;
        var text = stackalloc byte[longest];
        var bytes = welcome->MessageBytes < longest ? welcome->MessageBytes : longest - 1;
        _ = GuestLibc.Copy(text, buffer + Welcome.FixedBytes, bytes);
        text[bytes] = 0;
        Log.Line("session refused:"u8, text);
    }

    private static void CloseAll(int* descriptors)
    {
        for (var i = 0; i < 2; i++)
        {
            if (descriptors[i] >= 0)
            {
                _ = GuestLibc.Close(descriptors[i]);
                descriptors[i] = -1;
            }
        }
    }
}
