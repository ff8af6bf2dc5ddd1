using Weir.Api;
using Weir.Wire;
using Weir.Worker.Tests.Support;

namespace Weir.Agent.Tests.Support;

/// <summary>A context on a session's device, and what tests do with it. Results are null when the session has ended.</summary>
internal sealed unsafe class DeviceContext
{
    /// <summary>Bytes that <see cref="Read"/> returns.</summary>
    public const int ReadBytes = SegmentLayout.ChunkBytes;

    private static readonly ulong s_context = Handle.Pack(0, 0, (uint)HandleKind.Context, 0);
    private readonly WireClient _client;

    public DeviceContext(WireClient client)
    {
        _client = client;
        Assert.Equal(CuResult.Success, client.Call(Op.CtxCreate, 0, s_context, 0, 0));
    }

    public CuResult? Synchronize() => _client.Call(Op.CtxSynchronize, s_context);

    public CuResult? Alloc(ulong bytes, out ulong address)
    {
        CuResult? result = _client.Call(Op.MemAlloc, s_context, bytes);
        address = result == CuResult.Success ? _client.Answer(0) : 0;
        return result;
    }

    public CuResult? Free(ulong address) => _client.Call(Op.MemFree, s_context, address);

    public (ulong Free, ulong Total) MemGetInfo()
    {
        Assert.Equal(CuResult.Success, _client.Call(Op.MemGetInfo, s_context));
        return (_client.Answer(0), _client.Answer(1));
    }

    public CuResult? Fill(ulong address, uint pattern, ulong count) =>
        _client.Call(Op.MemsetD32, s_context, address, pattern, count);

    public ReadOnlySpan<byte> Read(ulong address)
    {
        uint* state = SegmentLayout.ChunkWord(_client.Segment, 0);
        StagingChunk.Release(state);
        Assert.True(StagingChunk.TryClaim(state));
        _client.Post(Op.CopyOut, s_context, 0, address, ReadBytes, ReadBytes, 1, 0);
        Assert.Equal(CuResult.Success, Synchronize());
        Assert.Equal(StagingChunk.Ready, StagingChunk.State(*state));
        return new ReadOnlySpan<byte>(SegmentLayout.Chunk(_client.Segment, 0), ReadBytes);
    }
}
