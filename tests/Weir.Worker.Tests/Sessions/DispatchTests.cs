using Weir.Api;
using Weir.Wire;
using Weir.Worker.Tests.Support;

namespace Weir.Worker.Tests.Sessions;

/// <summary>Records on a real software device: what is answered, what is latched, what ends a session.</summary>
public unsafe class DispatchTests
{
    private static readonly ulong s_context = Handle.Pack(0, 0, (uint)HandleKind.Context, 0);
    private static readonly ulong s_stream = Handle.Pack(0, 0, (uint)HandleKind.Stream, 0);

    [Fact]
    public void Memory_goes_there_and_back_through_staging()
    {
        using LocalSession session = Open();
        ulong memory = Allocate(session, 4096);
        byte* chunk = session.Claim(7);
        for (int i = 0; i < 4096; i++)
        {
            chunk[i] = (byte)(i * 7);
        }
        // destination, pitch, width, rows, chunk, stream
        _ = session.Execute(Op.CopyIn, s_context, memory, 64, 64, 64, 7, 0);
        Assert.Equal(StagingChunk.Free, session.ChunkState(7));
        byte* back = session.Claim(9);
        // chunk, source, pitch, width, rows, stream: every second row
        _ = session.Execute(Op.CopyOut, s_context, 9, memory, 128, 64, 32, 0);
        Assert.Equal(StagingChunk.Ready, session.ChunkState(9));
        for (int i = 0; i < 2048; i++)
        {
            Assert.Equal((byte)((i / 64 * 128 + i % 64) * 7), back[i]);
        }
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxSynchronize, s_context));
    }

    [Fact]
    public void An_error_of_a_post_comes_with_the_next_call_that_reports_and_only_once()
    {
        using LocalSession session = Open();
        _ = session.Execute(Op.MemsetD8Async, s_context, 12345, 0, 16, 0);
        Assert.Equal(CuResult.Success, session.Execute(Op.MemGetInfo, s_context));
        Assert.NotEqual(CuResult.Success, session.Execute(Op.CtxSynchronize, s_context));
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxSynchronize, s_context));
    }

    [Fact]
    public void Handles_that_are_stale_invented_or_of_another_kind_are_refused()
    {
        using LocalSession session = Open();
        _ = session.Execute(Op.StreamCreate, s_context, s_stream, 0);
        Assert.Equal(CuResult.Success, session.Execute(Op.StreamSynchronize, s_context, s_stream));
        foreach (ulong wrong in (ulong[])[s_stream + 16, s_stream | 1, s_context, ulong.MaxValue, 3])
        {
            Assert.Equal(CuResult.InvalidHandle, session.Execute(Op.StreamSynchronize, s_context, wrong));
        }
        _ = session.Execute(Op.StreamDestroy, s_context, s_stream);
        Assert.Equal(CuResult.InvalidHandle, session.Execute(Op.StreamSynchronize, s_context, s_stream));
    }

    [Fact]
    public void A_chunk_comes_back_whatever_happens_to_its_operation()
    {
        using LocalSession session = Open();
        _ = session.Claim(1);
        _ = session.Claim(2);
        _ = session.Claim(3);
        // A wrong stream, refused before the copy is looked at; a wrong address.
        _ = session.Execute(Op.CopyIn, s_context, 0, 8, 8, 1, 1, s_stream);
        _ = session.Execute(Op.CopyOut, s_context, 2, 0, 8, 8, 1, s_stream);
        _ = session.Execute(Op.CopyOut, s_context, 3, 0x1234, 8, 8, 1, 0);
        Assert.Equal(StagingChunk.Free, session.ChunkState(1));
        Assert.Equal(StagingChunk.Failed, session.ChunkState(2));
        Assert.Equal(StagingChunk.Failed, session.ChunkState(3));
    }

    [Fact]
    public void The_default_stream_of_a_thread_is_one_for_its_ring()
    {
        using LocalSession session = Open();
        ulong memory = Allocate(session, 256);
        _ = session.Execute(Op.MemsetD8Async, s_context, memory, 42, 256, 2);
        Assert.Equal(CuResult.Success, session.Execute(Op.StreamSynchronize, s_context, 2));
    }

    [Fact]
    public void Addresses_outside_of_device_and_window_are_not_followed()
    {
        using LocalSession session = Open();
        ulong memory = Allocate(session, 256);
        fixed (byte* own = new byte[256])
        {
            _ = session.Execute(Op.CopyDirect, s_context, memory, (ulong)own, 256, 0);
            Assert.Equal(CuResult.InvalidValue, session.Execute(Op.CtxSynchronize, s_context));
            _ = session.Execute(Op.CopyRows, s_context, (ulong)own, 16, memory, 16, 16, 16, 0);
            Assert.Equal(CuResult.InvalidValue, session.Execute(Op.CtxSynchronize, s_context));
            _ = session.Execute(Op.CopyDirect, s_context, memory, memory, ulong.MaxValue, 0);
            Assert.Equal(CuResult.InvalidValue, session.Execute(Op.CtxSynchronize, s_context));
        }
    }

    [Fact]
    public void A_handle_that_no_client_mints_ends_the_session()
    {
        using LocalSession session = Open();
        _ = Assert.Throws<ProtocolException>(() => session.Execute(Op.StreamCreate, s_context, s_stream | 1, 0));
        _ = Assert.Throws<ProtocolException>(() => session.Execute(Op.StreamCreate, s_context, s_context, 0));
    }

    [Fact]
    public void Random_records_end_the_session_at_worst()
    {
        // Host functions would wait for a client that is not there.
        Op[] ops = [.. Enum.GetValues<Op>().Where(op => CallTable.IsKnown((ushort)op) && op != Op.HostFunction)];
        for (int seed = 1; seed <= 3; seed++)
        {
            var random = new Random(seed);
            using LocalSession session = Open();
            ulong memory = Allocate(session, 1 << 16);
            _ = session.Execute(Op.StreamCreate, s_context, s_stream, 0);
            ulong[] words =
            [
                0,
                1,
                2,
                3,
                8,
                16,
                64,
                4096,
                65536,
                s_context,
                s_stream,
                s_stream + 16,
                memory,
                memory + 64,
                session.Session.Window.HostBase,
                session.Session.Window.Base,
                uint.MaxValue,
                ulong.MaxValue,
                1UL << 40,
                1UL << 63,
                Handle.Pack(1, 0, (uint)HandleKind.Event, 0),
                Handle.Pack(0, 0, (uint)HandleKind.Array, 0),
            ];
            int ended = 0;
            for (int i = 0; i < 4000; i++)
            {
                Op op = ops[random.Next(ops.Length)];
                ulong[] payload = new ulong[random.Next(0, 16)];
                for (int j = 0; j < payload.Length; j++)
                {
                    payload[j] = random.Next(10) == 0 ? (ulong)random.NextInt64() : words[random.Next(words.Length)];
                }
                try
                {
                    _ = session.Execute(op, random.Next(8) == 0 ? 0 : s_context, payload);
                }
                catch (ProtocolException)
                {
                    ended++;
                }
            }
            Assert.InRange(ended, 1, 4000);
        }
    }

    private static LocalSession Open()
    {
        var session = new LocalSession();
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxCreate, 0, s_context, 0, 0));
        return session;
    }

    private static ulong Allocate(LocalSession session, ulong bytes)
    {
        Assert.Equal(CuResult.Success, session.Execute(Op.MemAlloc, s_context, bytes));
        return session.Answer(0);
    }
}
