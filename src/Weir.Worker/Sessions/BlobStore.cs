namespace Weir.Worker.Sessions;

/// <summary>Blobs (module images) that the client sends in parts, by its own numbers.</summary>
internal sealed class BlobStore
{
    private const int MaxBlobs = 64;
    private const long MaxBytes = 1L << 30;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, MemoryStream> _blobs = [];
    private long _bytes;

    /// <summary>Adds a part; false when blobs grow out of bounds.</summary>
    public bool TryAppend(ulong blob, ReadOnlySpan<byte> part)
    {
        lock (_gate)
        {
            if (!_blobs.TryGetValue(blob, out MemoryStream? stream))
            {
                if (_blobs.Count >= MaxBlobs)
                {
                    return false;
                }
                stream = new MemoryStream();
                _blobs.Add(blob, stream);
            }
            if (_bytes + part.Length > MaxBytes)
            {
                return false;
            }
            _bytes += part.Length;
            stream.Write(part);
            return true;
        }
    }

    /// <summary>What has come so far of blobs that are not whole.</summary>
    public IReadOnlyList<KeyValuePair<ulong, byte[]>> All()
    {
        lock (_gate)
        {
            return [.. _blobs.Select(blob => KeyValuePair.Create(blob.Key, blob.Value.ToArray()))];
        }
    }

    /// <summary>The whole blob with <paramref name="padding"/> zero bytes behind it; it is gone afterwards. Null: unknown.</summary>
    public byte[]? Take(ulong blob, int padding)
    {
        lock (_gate)
        {
            if (!_blobs.Remove(blob, out MemoryStream? stream))
            {
                return null;
            }
            _bytes -= stream.Length;
            stream.Write(new byte[padding]);
            return stream.ToArray();
        }
    }
}
