using Weir.Api;

namespace Weir.Worker.OpenCl;

/// <summary>What is kept of a context.</summary>
internal sealed class ContextNote(ulong handle, nint native, nint[] devices)
{
    public ulong Handle { get; } = handle;

    public nint Native { get; } = native;

    /// <summary>The driver's devices.</summary>
    public nint[] Devices { get; } = devices;

    /// <summary>For data that is moved at once; made when it is needed.</summary>
    public nint TransferQueue { get; set; }
}

/// <summary>What is kept of a queue.</summary>
internal sealed class QueueNote(ContextNote context, bool isOutOfOrder)
{
    private int _error;

    public ContextNote Context { get; } = context;

    public bool IsOutOfOrder { get; } = isOutOfOrder;

    /// <summary>The driver's events of parts of commands that are still being sent, by the client's thread.</summary>
    public Dictionary<int, List<nint>> Parts { get; } = [];

    /// <summary>A command failed on its way to the device; the first since the last answer counts.</summary>
    public void Latch(ClResult error) => _ = Interlocked.CompareExchange(ref _error, (int)error, 0);

    /// <summary>What went wrong since the last answer.</summary>
    public ClResult Take() => (ClResult)Interlocked.Exchange(ref _error, 0);
}

/// <summary>What is kept of a memory object.</summary>
/// <param name="Handle">The client's handle.</param>
/// <param name="Context">Its context.</param>
/// <param name="IsImage">An image, otherwise a buffer.</param>
/// <param name="Bytes">Its size; an image's without padding.</param>
/// <param name="OwnBytes">Bytes that it holds of the quota: 0 where another object holds them.</param>
/// <param name="Shape">Of an image: width, height, depth in texels and bytes of a texel.</param>
internal sealed record MemoryNote(
    ulong Handle,
    ContextNote Context,
    bool IsImage,
    ulong Bytes,
    ulong OwnBytes,
    ImageExtent Shape
);

/// <summary>What the client is to be told of: how far which event must have come.</summary>
internal sealed record Telling(ulong Event, int Status);

/// <summary>How large an image is, in texels; in an array the last dimension counts its images.</summary>
internal readonly record struct ImageExtent(ulong Width, ulong Height, ulong Depth, ulong ElementBytes);
