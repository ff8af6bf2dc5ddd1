namespace Weir.Devices.Software.Memory.Residency;

/// <content>What is about to be used is brought before it is touched, by a thread beside the one that answers faults.</content>
internal sealed partial class ResidentMemory
{
    private const int AheadChunks = 8;

    private readonly object mailbox = new();
    private readonly List<(int First, int End, bool Waits)> coming = [];
    private Thread? bringing;
    private bool stopBringing;
    private bool isBringing;
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

    /// <summary>Has all that is absent brought, by and by, as far as there is room on the device without taking it from anybody.</summary>
    public void BringAll()
    {
        int end;
        lock (gate)
        {
            end = high;
        }
        if (end > 0)
        {
            Ask(0, end, replaces: true, waits: false);
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
    private void Ask(int first, int end, bool replaces, bool waits = true)
    {
        lock (mailbox)
        {
            if (stopBringing)
            {
                return;
            }
            if (replaces)
            {
                _ = coming.RemoveAll(one => one.Waits);
            }
            // What a launch names comes before what is only to be there some time.
            int at = waits ? coming.FindIndex(one => !one.Waits) : -1;
            coming.Insert(at < 0 ? coming.Count : at, (first, end, waits));
            if (bringing is null)
            {
                bringing = new Thread(BringLoop) { IsBackground = true, Name = "weir bring memory" };
                bringing.Start();
            }
            Monitor.PulseAll(mailbox);
        }
    }

    // Nothing is brought any more until it is asked for anew.
    private void ForgetComing()
    {
        lock (mailbox)
        {
            coming.Clear();
            while (isBringing)
            {
                _ = Monitor.Wait(mailbox);
            }
        }
    }

    private void BringLoop()
    {
        using Staging staging = new();
        while (true)
        {
            int index;
            bool waits;
            lock (mailbox)
            {
                isBringing = false;
                Monitor.PulseAll(mailbox);
                while (coming.Count == 0 && !stopBringing)
                {
                    _ = Monitor.Wait(mailbox);
                }
                if (stopBringing)
                {
                    return;
                }
                isBringing = true;
                (index, int end, waits) = coming[0];
                if (index + 1 < end)
                {
                    coming[0] = (index + 1, end, waits);
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
            if (isAbsent && !Bring(index, staging, waits) && !waits)
            {
                // The device is full: the rest comes when it is touched.
                lock (mailbox)
                {
                    _ = coming.RemoveAll(one => !one.Waits);
                }
            }
        }
    }

    private void StopBringing()
    {
        lock (mailbox)
        {
            stopBringing = true;
            Monitor.PulseAll(mailbox);
        }
        bringing?.Join();
    }
}
