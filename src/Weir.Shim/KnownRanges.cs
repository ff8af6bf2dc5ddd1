using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// Device allocations that the worker has confirmed: lets a synchronous copy to the device be posted and yet refuse a bad
/// address at once, as the real API does. Forgotten whenever memory is freed.
/// </summary>
internal static unsafe class KnownRanges
{
    private const int Capacity = 64;

    private static GuestLock s_lock;
    private static Table s_table;
    private static int s_next;

    private struct Range
    {
        internal ulong Address;
        internal ulong Bytes;
    }

    [System.Runtime.CompilerServices.InlineArray(Capacity)]
    private struct Table
    {
        private Range _first;
    }

    internal static void Forget()
    {
        s_lock.Enter();
        for (var i = 0; i < Capacity; i++)
        {
            s_table[i] = default;
        }
        s_lock.Leave();
    }

    /// <summary>InvalidValue unless [address, address + bytes) lies in one allocation.</summary>
    internal static CuResult Check(ClientThread* thread, ulong address, ulong bytes)
    {
        s_lock.Enter();
        for (var i = 0; i < Capacity; i++)
        {
            if (Holds(s_table[i], address, bytes))
            {
                s_lock.Leave();
                return CuResult.Success;
            }
        }
        s_lock.Leave();

        Range range;
        nuint size;
        var result = WireCalls.MemGetAddressRange(thread, &range.Address, &size, address);
        if (result != CuResult.Success)
        {
            return result == CuResult.NotFound ? CuResult.InvalidValue : result;
        }
        range.Bytes = size;
        s_lock.Enter();
        s_table[s_next++ % Capacity] = range;
        s_lock.Leave();
        return Holds(range, address, bytes) ? CuResult.Success : CuResult.InvalidValue;
    }

    private static bool Holds(in Range range, ulong address, ulong bytes) =>
        address - range.Address < range.Bytes && bytes <= range.Bytes - (address - range.Address);
}
