namespace Weir.Devices.Software.Memory.Residency;

/// <content>What is about to be used is brought before it is touched, by a thread beside the one that answers faults.</content>
internal sealed partial class ResidentMemory
{
    private const int AheadChunks = 8;

    private readonly object mailbox = new();
    private readonly List<(int First, int End)> coming = [];
    private Thread? bringing;
    private bool stopBringing;
    private int lastFault = int.MinValue;
    private volatile bool isPaging;

    /// <summary>Something has left the device, or never was on it: only then is it worth saying what will be used.</summary>
    public bool IsPaging => isPaging;

    /// <summary>
    /// A kernel begins that was given these ranges: they are used last of all, so others leave before them, and what of them is
    /// absent comes. More than the device can hold is left to faults.
    /// </summary>
    public void Use(IReadOnlyList<DeviceAllocation> ranges)
    {
        ulong bytes = 0;
        foreach (DeviceAllocation range in ranges)
        {
            bytes += range.ReservedBytes;
        }
        if (share is not null && bytes > share.CapacityBytes)
        {
            return;
        }
        bool isFirst = true;
        foreach (DeviceAllocation range in ranges)
        {
            (int first, int end) = Indices(range.Address, range.ReservedBytes);
            bool isAbsent = false;
            lock (gate)
            {
                for (int index = first; index < end; index++)
                {
                    chunks[index].Used = ++clock;
                    isAbsent |= chunks[index].State == ChunkState.Absent;
                }
            }
            if (isAbsent)
            {
                Ask(first, end, isFirst);
                isFirst = false;
            }
        }
    }

    // Faults that follow each other upwards tell what comes next.
    private void NoteFault(int index)
    {
        if (index == lastFault + 1 && index + 1 < high)
        {
            Ask(index + 1, Math.Min(index + 1 + AheadChunks, high), replaces: true);
        }
        lastFault = index;
    }

    // What was asked for before and has not come yet is out of date when something new begins.
    private void Ask(int first, int end, bool replaces)
    {
        lock (mailbox)
        {
            if (stopBringing)
            {
                return;
            }
            if (replaces)
            {
                coming.Clear();
            }
            coming.Add((first, end));
            if (bringing is null)
            {
                bringing = new Thread(BringLoop) { IsBackground = true, Name = "weir bring memory" };
                bringing.Start();
            }
            Monitor.Pulse(mailbox);
        }
    }

    private void BringLoop()
    {
        using Staging staging = new();
        while (true)
        {
            int index;
            lock (mailbox)
            {
                while (coming.Count == 0 && !stopBringing)
                {
                    _ = Monitor.Wait(mailbox);
                }
                if (stopBringing)
                {
                    return;
                }
                index = coming[0].First;
                if (index + 1 < coming[0].End)
                {
                    coming[0] = (index + 1, coming[0].End);
                }
                else
                {
                    coming.RemoveAt(0);
                }
            }
            bool isAbsent;
            lock (gate)
            {
                isAbsent = chunks[index].State == ChunkState.Absent;
            }
            if (isAbsent)
            {
                _ = Bring(index, staging, waits: true);
            }
        }
    }

    private void StopBringing()
    {
        lock (mailbox)
        {
            stopBringing = true;
            Monitor.Pulse(mailbox);
        }
        bringing?.Join();
    }
}
