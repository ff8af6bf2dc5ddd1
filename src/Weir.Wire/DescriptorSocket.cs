namespace Weir.Wire;

/// <summary>
/// Messages with file descriptors over a SOCK_SEQPACKET unix socket: one send is one receive. Raw code (works in the shim); a
/// receive that may block has a variant with a runtime transition.
/// </summary>
internal static unsafe class DescriptorSocket
{
    /// <summary>Most descriptors in one message.</summary>
    internal const int MaxDescriptors = 4;

    private const int ControlHeaderBytes = 16;
    private const int ControlBytes = ControlHeaderBytes + MaxDescriptors * 4;
    private const int Interrupted = 4;

    /// <summary>Send <paramref name="bytes"/> with descriptors; false with errno set when it fails.</summary>
    internal static bool TrySend(int socket, byte* data, nuint bytes, int* descriptors, int count)
    {
        if (count is < 0 or > MaxDescriptors)
        {
            return false;
        }
        var control = stackalloc byte[ControlBytes];
        var part = new IoVec { Base = data, Bytes = bytes };
        var message = new MsgHdr { Parts = &part, PartCount = 1 };
        if (count > 0)
        {
            *(ulong*)control = (ulong)(ControlHeaderBytes + count * 4);
            *(int*)(control + 8) = Libc.SolSocket;
            *(int*)(control + 12) = Libc.ScmRights;
            for (var i = 0; i < count; i++)
            {
                ((int*)(control + ControlHeaderBytes))[i] = descriptors[i];
            }
            message.Control = control;
            message.ControlBytes = (nuint)((ControlHeaderBytes + count * 4 + 7) & ~7);
        }

        while (true)
        {
            var sent = Libc.SendMsgRaw(socket, &message, Libc.MsgNosignal);
            if (sent >= 0)
            {
                return (nuint)sent == bytes;
            }
            if (Libc.Errno != Interrupted)
            {
                return false;
            }
        }
    }

    /// <summary>
    /// Receive one message. Descriptors beyond <paramref name="wanted"/> and those of a truncated message are closed.
    /// </summary>
    /// <param name="socket">The socket.</param>
    /// <param name="buffer">Where the bytes go.</param>
    /// <param name="capacity">Its size.</param>
    /// <param name="descriptors">At least <paramref name="wanted"/>; unused ones become −1.</param>
    /// <param name="wanted">How many descriptors are expected, at most <see cref="MaxDescriptors"/>.</param>
    /// <param name="raw">True: no runtime transition (shim). False: may block in a process with a collector.</param>
    /// <returns>Bytes; 0 = closed; −1 = error (errno) or a truncated message.</returns>
    internal static nint Receive(int socket, byte* buffer, nuint capacity, int* descriptors, int wanted, bool raw)
    {
        for (var i = 0; i < wanted; i++)
        {
            descriptors[i] = -1;
        }
        var control = stackalloc byte[ControlBytes];
        var part = new IoVec { Base = buffer, Bytes = capacity };
        var message = new MsgHdr
        {
            Parts = &part,
            PartCount = 1,
            Control = control,
            ControlBytes = ControlBytes,
        };
        nint got;
        do
        {
            got = raw
                ? Libc.RecvMsgRaw(socket, &message, Libc.MsgCmsgCloexec)
                : Libc.RecvMsg(socket, &message, Libc.MsgCmsgCloexec);
        } while (got < 0 && Libc.Errno == Interrupted);

        if (got < 0)
        {
            return -1;
        }

        var truncated = (message.Flags & (Libc.MsgTrunc | Libc.MsgCtrunc)) != 0;
        if (message.ControlBytes >= ControlHeaderBytes)
        {
            var length = *(ulong*)control;
            var isRights = *(int*)(control + 8) == Libc.SolSocket && *(int*)(control + 12) == Libc.ScmRights;
            if (isRights && length is >= ControlHeaderBytes and <= ControlBytes)
            {
                var count = (int)(length - ControlHeaderBytes) / 4;
                for (var i = 0; i < count; i++)
                {
                    var descriptor = ((int*)(control + ControlHeaderBytes))[i];
                    if (truncated || i >= wanted)
                    {
                        _ = Libc.CloseRaw(descriptor);
                    }
                    else
                    {
                        descriptors[i] = descriptor;
                    }
                }
            }
        }
        return truncated ? -1 : got;
    }

    /// <summary>
    /// Fill a sockaddr_un for <paramref name="name"/>: a leading '@' means the abstract namespace. Returns the address length,
    /// or 0 when the name does not fit.
    /// </summary>
    internal static int Address(byte* name, int nameBytes, byte* address110)
    {
        if (nameBytes is < 2 or > 107)
        {
            return 0;
        }
        *(ushort*)address110 = Libc.AfUnix;
        for (var i = 0; i < nameBytes; i++)
        {
            address110[2 + i] = name[i];
        }
        if (name[0] == (byte)'@')
        {
            address110[2] = 0;
            return 2 + nameBytes;
        }
        address110[2 + nameBytes] = 0;
        return 2 + nameBytes + 1;
    }
}
