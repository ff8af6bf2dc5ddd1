using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>The table of functions that each object names first, and how the loader and programs find functions by name.</summary>
internal static unsafe class OpenClTable
{
    // Newer loaders know more entries than this library; what lies behind is zero.
    private const int SpareSlots = 64;

    private static nint* s_functions;

    /// <summary>The table; null before <see cref="TryPrepare"/>.</summary>
    internal static nint* Functions => s_functions;

    internal static bool TryPrepare()
    {
        if (s_functions != null)
        {
            return true;
        }
        var table = (nint*)GuestLibc.MapZeroed((OpenClCallsTable.Slots + SpareSlots) * (nuint)sizeof(nint));
        if (table == null)
        {
            return false;
        }
        for (var i = 0; i < OpenClCallsTable.Count; i++)
        {
            var slot = OpenClCallsTable.Slot(i);
            if (slot >= 0)
            {
                table[slot] = OpenClCallsTable.Address(i);
            }
        }
        s_functions = table;
        return true;
    }

    /// <summary>A function's address; null when there is none of that name.</summary>
    internal static void* Find(byte* name)
    {
        var length = name == null ? 0 : (int)GuestLibc.Length(name);
        var wanted = new ReadOnlySpan<byte>(name, length);
        for (var i = 0; i < OpenClCallsTable.Count; i++)
        {
            if (OpenClCallsTable.IsNamed(i, wanted))
            {
                return (void*)OpenClCallsTable.Address(i);
            }
        }
        return null;
    }
}
