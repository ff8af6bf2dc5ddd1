namespace Weir.Worker.Portable;

/// <summary>A record that made or set something that is still there.</summary>
internal sealed class JournalEntry
{
    /// <summary>Number of the call.</summary>
    public required ushort Op { get; init; }

    /// <summary>The client's handle of the context that was current.</summary>
    public required ulong Context { get; init; }

    /// <summary>The record's fields.</summary>
    public required byte[] Fields { get; init; }

    /// <summary>What it made: handle, address or number; 0 when it set something.</summary>
    public required ulong Object { get; init; }

    /// <summary>The object that it ends with; 0 for none.</summary>
    public ulong Owner { get; init; }

    /// <summary>The object that it was made from, and which therefore is made anew even if it has ended; 0 for none.</summary>
    public ulong Source { get; init; }

    /// <summary>Its place in the order of all.</summary>
    public long Order { get; init; }

    /// <summary>The module's image.</summary>
    public byte[]? Image { get; init; }

    /// <summary>The object has ended; the record is kept for those that were made from it.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Entries that were made from it, ended or not.</summary>
    public int Users { get; set; }

    /// <summary>Where what it makes must lie, as the device said when the state was saved.</summary>
    public ulong[] Places { get; set; } = [];
}
