namespace Weir.Devices.Software.KernelServices;

/// <summary>
/// What kernels have printed and nobody has taken yet, in order. As the real buffer it has a size, and what is oldest makes room for what is
/// new. Safe for use by several threads.
/// </summary>
internal sealed class DeviceOutput
{
    // What a record costs besides its text.
    private const int RecordBytes = 16;

    private readonly Lock gate = new();
    private readonly Queue<(int Descriptor, byte[] Text)> waiting = new();
    private ulong waitingBytes;
    private int taken;

    /// <summary>True while there is something to take.</summary>
    public bool IsWaiting => Volatile.Read(ref waitingBytes) != 0;

    /// <summary>Adds a text.</summary>
    /// <param name="descriptor">1 = standard output, 2 = standard error.</param>
    /// <param name="text">UTF-8, or whatever bytes the program prints.</param>
    /// <param name="limitBytes">Size of the buffer.</param>
    public void Add(int descriptor, byte[] text, ulong limitBytes)
    {
        lock (gate)
        {
            waiting.Enqueue((descriptor, text));
            Volatile.Write(ref waitingBytes, waitingBytes + Size(text));
            while (waitingBytes > limitBytes && waiting.Count > 1)
            {
                Drop();
            }
        }
    }

    /// <summary>All that waits, for a session that moves.</summary>
    public IReadOnlyList<(int Descriptor, byte[] Text)> All()
    {
        lock (gate)
        {
            return [.. waiting.Select((one, index) => index == 0 ? (one.Descriptor, one.Text[taken..]) : one)];
        }
    }

    /// <summary>Takes out what comes first, of one descriptor; 0 when there is nothing.</summary>
    public int Take(Span<byte> buffer, out int descriptor)
    {
        lock (gate)
        {
            descriptor = waiting.TryPeek(out (int Descriptor, byte[] Text) first) ? first.Descriptor : 0;
            int bytes = 0;
            while (waiting.TryPeek(out first) && first.Descriptor == descriptor && bytes < buffer.Length)
            {
                ReadOnlySpan<byte> rest = first.Text.AsSpan(taken);
                int part = Math.Min(rest.Length, buffer.Length - bytes);
                rest[..part].CopyTo(buffer[bytes..]);
                bytes += part;
                taken += part;
                if (taken == first.Text.Length)
                {
                    Drop();
                }
            }
            return bytes;
        }
    }

    private void Drop()
    {
        Volatile.Write(ref waitingBytes, waitingBytes - Size(waiting.Dequeue().Text));
        taken = 0;
    }

    private static ulong Size(byte[] text) => (ulong)text.Length + RecordBytes;
}
