using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Memory.Residency;

/// <summary>What the system offers for memory that leaves and comes back: faults that are told, pages that are moved, writes that are noted.</summary>
internal sealed class Pager : IDisposable
{
    private const ulong ChunkBytes = ArenaBacking.ChunkBytes;

    private readonly UserFaults faults;
    private readonly int stop;
    private readonly Thread reader;
    private readonly bool moves;
    private readonly byte modes;

    private Pager(UserFaults faults, ResidencyOptions options, Action<ulong, bool> onFault)
    {
        this.faults = faults;
        moves = options.MovesPages && (faults.Features & UserFaults.Moving) != 0;
        Changes = Choose(options.Changes, faults.Features, Pages.IsOpen);
        modes = (byte)(
            UserFaults.Missing | (Changes is ChangeMethod.Noted or ChangeMethod.Faults ? UserFaults.WriteProtect : 0)
        );
        stop = LibC.EventFile(0, 0x80000);
        reader = new Thread(() => Read(onFault)) { IsBackground = true, Name = "weir page faults" };
        reader.Start();
    }

    /// <summary>How writes are found.</summary>
    public ChangeMethod Changes { get; }

    /// <summary>The system's table of pages.</summary>
    public PageMap Pages { get; } = new();

    /// <summary>System calls on memory that is not there fail: this process may not have their faults told.</summary>
    public bool IsUserModeOnly => faults.IsUserModeOnly;

    /// <summary>Pages are moved to the device, not copied, so that huge ones stay huge.</summary>
    public bool MovesPages => moves;

    /// <summary>Opens it; null when the system has no such faults.</summary>
    /// <param name="options">What may be used.</param>
    /// <param name="onFault">Told of each fault, address and whether it is a write to protected memory, on a thread of its own.</param>
    public static Pager? Open(ResidencyOptions options, Action<ulong, bool> onFault)
    {
        if (!options.UsesFaults)
        {
            return null;
        }
        ulong wanted = UserFaults.Moving;
        wanted |= options.Changes switch
        {
            ChangeMethod.Hashes => 0,
            ChangeMethod.Faults => UserFaults.WriteProtectFaults,
            _ => UserFaults.WriteProtectFaults | UserFaults.WriteProtectAsync,
        };
        return UserFaults.Open(wanted) is { } faults ? new Pager(faults, options, onFault) : null;
    }

    /// <summary>How writes would be found; what is wished for but not there falls back to the next.</summary>
    private static ChangeMethod Choose(ChangeMethod wished, ulong features, bool hasPages) =>
        wished is ChangeMethod.Best or ChangeMethod.Noted && (features & UserFaults.WriteProtectAsync) != 0 && hasPages
            ? ChangeMethod.Noted
        : wished is not ChangeMethod.Hashes
        && (features & UserFaults.WriteProtectFaults) != 0
        && (wished is ChangeMethod.Faults || (features & UserFaults.WriteProtectAsync) == 0)
            ? ChangeMethod.Faults
        : ChangeMethod.Hashes;

    /// <summary>Has faults of a range told, those of its absent pages among them.</summary>
    /// <returns>Its modes, or 0 when the system refuses.</returns>
    public byte WatchAll(ulong address, ulong bytes) => faults.Register(address, bytes, modes) ? modes : (byte)0;

    /// <summary>Has writes to a range noted; pages that come into being there are the system's affair, where it notes by itself.</summary>
    /// <returns>Its modes, or 0 when the system refuses.</returns>
    public byte WatchWrites(ulong address, ulong bytes)
    {
        byte wanted = Changes == ChangeMethod.Noted ? (byte)UserFaults.WriteProtect : modes;
        return faults.Register(address, bytes, wanted) ? wanted : (byte)0;
    }

    /// <summary>Puts the content of a staging place where a chunk is absent, at once for whoever looks.</summary>
    /// <param name="chunk">Address of the chunk.</param>
    /// <param name="staging">What is there now; its pages may leave it.</param>
    /// <param name="isProtected">Writes to it are to be found.</param>
    public bool Arrive(ulong chunk, ulong staging, bool isProtected)
    {
        bool isThere =
            (moves && !isProtected && faults.Move(chunk, staging, ChunkBytes))
            || faults.Copy(chunk, staging, ChunkBytes, isProtected);
        faults.Wake(chunk, ChunkBytes);
        return isThere;
    }

    /// <summary>Lets threads that wait for a chunk try again.</summary>
    public void Wake(ulong chunk) => faults.Wake(chunk, ChunkBytes);

    /// <summary>Protects a range against unnoticed writes, or lifts that.</summary>
    public void Protect(ulong address, ulong bytes, bool isProtected) =>
        _ = faults.Protect(address, bytes, isProtected);

    /// <summary>Makes zeros of all pages of a present chunk that are not there.</summary>
    public void FillHoles(ulong chunk)
    {
        const ulong PageBytes = 4096;
        // Mostly the chunk is empty, or empty behind a point.
        for (ulong at = 0; at < ChunkBytes; )
        {
            if (faults.Zero(chunk + at, ChunkBytes - at))
            {
                break;
            }
            ulong start = at;
            while (at < ChunkBytes && !Pages.HasPages(chunk + at, PageBytes))
            {
                at += PageBytes;
            }
            if (at > start)
            {
                _ = faults.Zero(chunk + start, at - start);
            }
            while (at < ChunkBytes && Pages.HasPages(chunk + at, PageBytes))
            {
                at += PageBytes;
            }
        }
        faults.Wake(chunk, ChunkBytes);
    }

    /// <summary>Makes every access to an absent chunk an error.</summary>
    public void Break(ulong chunk)
    {
        _ = faults.Poison(chunk, ChunkBytes);
        faults.Wake(chunk, ChunkBytes);
    }

    /// <inheritdoc/>
    public unsafe void Dispose()
    {
        ulong one = 1;
        _ = LibC.Write(stop, &one, sizeof(ulong));
        reader.Join();
        faults.Dispose();
        Pages.Dispose();
        _ = LibC.Close(stop);
    }

    private void Read(Action<ulong, bool> onFault)
    {
        while (faults.Wait(stop, out ulong address, out bool isProtection))
        {
            onFault(address, isProtection);
        }
    }
}
