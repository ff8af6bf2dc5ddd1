using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// The range of addresses that client and worker share. Lower half: device memory, here only reserved, so that nothing of the
/// client ever lies at a device address. Upper half: host memory that both map at the same place; its pages are made
/// accessible when they are handed out.
/// </summary>
internal static unsafe class Window
{
    /// <summary>First candidate ends here; programs put nothing below it down to the heap of a non-relocated one.</summary>
    private const ulong Top = 0x7000_0000_0000;

    private const ulong Largest = 1UL << 40;
    private const ulong Smallest = 1UL << 30;
    private const int CandidatesPerSize = 24;

    internal static ulong Base { get; private set; }

    internal static ulong Bytes { get; private set; }

    /// <summary>The device's driver puts its memory where it likes: an address alone does not tell what it is.</summary>
    internal static bool IsDeviceElsewhere { get; set; }

    /// <summary>The device is on another node: it reaches page-locked memory only by copies.</summary>
    internal static bool IsHostElsewhere { get; set; }

    internal static ulong HostBase => Base + Bytes / 2;

    /// <summary>Does a device address, or anything else of the window, lie at <paramref name="address"/>?</summary>
    internal static bool IsDevice(ulong address) => address - Base < Bytes / 2;

    /// <summary>Is it pinned host memory that was, or may be, handed out by us?</summary>
    internal static bool IsHost(ulong address) => address - HostBase < Bytes / 2 && Bytes != 0;

    /// <summary>Reserve the <paramref name="attempt"/>th possible range; false when there is no further one.</summary>
    /// <param name="attempt">Counts up; on return the attempt that succeeded.</param>
    internal static bool TryReserve(ref int attempt)
    {
        for (; ; attempt++)
        {
            var shrink = attempt / CandidatesPerSize * 2;
            var bytes = Largest >> shrink;
            if (bytes < Smallest)
            {
                return false;
            }
            var at = Top - (ulong)(attempt % CandidatesPerSize + 1) * Largest;
            var mapped = GuestLibc.Map(
                (void*)at,
                (nuint)bytes,
                GuestLibc.ProtNone,
                GuestLibc.MapPrivate | GuestLibc.MapAnonymous | GuestLibc.MapNoReserve | GuestLibc.MapFixedNoReplace,
                -1,
                0
            );
            if (mapped == null)
            {
                continue;
            }
            if (mapped != (byte*)at)
            {
                // A kernel older than the flag takes the address as a hint.
                _ = GuestLibc.Unmap(mapped, (nuint)bytes);
                continue;
            }
            _ = GuestLibc.Advise(mapped, (nuint)bytes, GuestLibc.MadvDontDump);
            Base = at;
            Bytes = bytes;
            return true;
        }
    }

    internal static void Release()
    {
        if (Bytes != 0)
        {
            _ = GuestLibc.Unmap((void*)Base, (nuint)Bytes);
        }
        Base = 0;
        Bytes = 0;
    }

    /// <summary>Put the shared host memory over the upper half.</summary>
    internal static bool TryMapHost(int descriptor)
    {
        var mapped = GuestLibc.Map(
            (void*)HostBase,
            (nuint)(Bytes / 2),
            GuestLibc.ProtNone,
            GuestLibc.MapShared | GuestLibc.MapFixed | GuestLibc.MapNoReserve,
            descriptor,
            0
        );
        if (mapped == null)
        {
            return false;
        }
        _ = GuestLibc.Advise(mapped, (nuint)(Bytes / 2), GuestLibc.MadvDontDump);
        return true;
    }
}
