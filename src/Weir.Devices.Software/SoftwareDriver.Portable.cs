using System.Diagnostics;
using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Devices.Software.Memory.Portability;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software;

/// <content>How a session's state leaves the device and comes back.</content>
public sealed unsafe partial class SoftwareDriver : IPortableDevice
{
    /// <inheritdoc/>
    public bool IsIdle => device.Scheduler.Outstanding == 0;

    /// <inheritdoc/>
    public long Clock => Stopwatch.GetTimestamp();

    /// <inheritdoc/>
    public void Place(ReadOnlySpan<ulong> places)
    {
        bool isTexture = places.Length == 1 && places[0] >> 32 == KernelAbi.TextureHandleTag;
        if (isTexture)
        {
            device.Textures.Place(places[0]);
        }
        Portable.Place(isTexture ? [] : places);
    }

    /// <inheritdoc/>
    public ulong[] PlacesOf(HandleKind kind, nint handle) =>
        kind switch
        {
            HandleKind.Array when device.Arrays.Find(handle) is { } array => [array.Address],
            HandleKind.Module when device.Modules.Find(handle) is { } module =>
            [
                .. module.Variables.Values.Select(variable => variable.Address),
            ],
            HandleKind.PhysicalMemory when device.Physical.Find(handle) is { } memory => [memory.Key],
            _ => [],
        };

    /// <inheritdoc/>
    public long[] ReadState(HandleKind kind, nint handle) =>
        kind switch
        {
            HandleKind.Event when device.Events.Find(handle) is { IsRecorded: true } mark => [mark.TimeNanoseconds],
            HandleKind.Context when device.Contexts.Find(handle) is { } context =>
            [
                context.Fault,
                .. context.HeapInUse?.Describe().Select(value => (long)value) ?? [],
            ],
            HandleKind.None => [.. device.Output.All().SelectMany(Words)],
            HandleKind.MemoryPool when device.Pools.Find(handle) is { } pool => [(long)pool.UsedHighBytes],
            _ => [],
        };

    /// <inheritdoc/>
    public void WriteState(HandleKind kind, nint handle, ReadOnlySpan<long> state)
    {
        switch (kind)
        {
            case HandleKind.None:
                RecallOutput(state);
                break;
            case HandleKind.Event when state.Length > 0:
                device.Events.Find(handle)?.Recall(true, state[0]);
                break;
            case HandleKind.Context when state.Length > 0 && device.Contexts.Find(handle) is { } context:
                if (state.Length > 1)
                {
                    Portable.Place([(ulong)state[1]]);
                    context.Heap.Recall(MemoryMarshal.Cast<long, ulong>(state[2..]));
                }
                if (state[0] != 0)
                {
                    context.Fail((int)state[0]);
                }
                break;
            case HandleKind.MemoryPool when state.Length > 0:
                device.Pools.Find(handle)?.RecallHigh((ulong)state[0]);
                break;
        }
    }

    // A text: descriptor, length in bytes, the bytes.
    private static IEnumerable<long> Words((int Descriptor, byte[] Text) output)
    {
        byte[] padded = new byte[(output.Text.Length + sizeof(long) - 1) / sizeof(long) * sizeof(long)];
        output.Text.CopyTo(padded, 0);
        return [output.Descriptor, output.Text.Length, .. MemoryMarshal.Cast<byte, long>(padded)];
    }

    private void RecallOutput(ReadOnlySpan<long> words)
    {
        while (words.Length >= 2 && words[1] >= 0 && words[1] <= (words.Length - 2) * sizeof(long))
        {
            int bytes = (int)words[1];
            byte[] text = MemoryMarshal.AsBytes(words[2..])[..bytes].ToArray();
            device.Output.Add((int)words[0], text, ulong.MaxValue);
            words = words[(2 + (bytes + sizeof(long) - 1) / sizeof(long))..];
        }
    }

    /// <inheritdoc/>
    public SavedPieces SaveMemory(PieceWriter write, object? since, bool isStill = true)
    {
        SavedMemory saved = Portable.Save(new Sink(write), (ChangeMark?)since, isStill);
        return new SavedPieces(saved.Mark, saved.Pieces);
    }

    /// <inheritdoc/>
    public void RestoreMemory(
        PieceReader read,
        IEnumerable<ulong> pieces,
        bool isLazy,
        Action<Exception?> whenLoaded
    ) => Portable.Restore(new Source(read), pieces, isLazy, whenLoaded);

    /// <inheritdoc/>
    public object MarkMemory() => Portable.Mark();

    /// <inheritdoc/>
    public void DiscardMemory() => Portable.Discard();

    /// <inheritdoc/>
    public bool ReleaseMemory() => Portable.Release();

    /// <inheritdoc/>
    public void RecallMemory() => Portable.Recall();

    private sealed class Sink(PieceWriter write) : IPieceSink
    {
        public void Write(ulong address, ReadOnlySpan<byte> content) => write(address, content);
    }

    private sealed class Source(PieceReader read) : IPieceSource
    {
        public void Read(ulong address, Span<byte> content) => read(address, content);
    }
}
