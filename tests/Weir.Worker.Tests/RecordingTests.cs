using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Recordings;
using Weir.Wire;
using Weir.Worker.Tests.Support;

namespace Weir.Worker.Tests;

/// <summary>What a client library of the last release said, played to today's worker (tests/Recordings/README.md).</summary>
public unsafe class RecordingTests
{
    private const string Client = "client-0.1.records";
    private static readonly ulong s_context = Handle.Pack(0, 0, (uint)HandleKind.Context, 0);
    private static readonly ulong s_stream = Handle.Pack(1, 0, (uint)HandleKind.Stream, 0);

    [Fact]
    public void A_client_of_the_last_release_is_served()
    {
        using var run = WeirRun.Start();
        var lines = Recording.Read(Client);
        // The greeting as it was: its fingerprint is that of the release. Addresses are those of its window, so answers are the same.
        Hello hello = MemoryMarshal.Read<Hello>(lines[0].Bytes);
        using WireClient client = WireClient.Attach(run.SocketName, hello);
        int answers = 0;
        foreach ((string kind, byte[] bytes) in lines.Skip(1))
        {
            RecordHeader header = kind == "record" ? MemoryMarshal.Read<RecordHeader>(bytes) : default;
            if (kind == "record")
            {
                CuResult? result = client.Play(header, bytes.AsSpan(RecordHeader.Bytes));
                Assert.True(result is CuResult.Success, $"{CallTable.Name(header.Op)}: {result}");
                continue;
            }
            Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(client.LastReply()));
            answers++;
        }
        Assert.True(answers > 3);
    }

    [Fact]
    public void A_client_of_a_release_that_is_not_known_here_is_refused_with_what_to_do()
    {
        using var run = WeirRun.Start();
        using WireClient client = WireClient.Connect(run.SocketName);
        Hello hello = WireClient.NewHello() with { ApiHash = CallTable.Fingerprint ^ 1 };
        Assert.Equal(WelcomeStatus.VersionMismatch, client.Greet(hello).Status);
        Assert.Contains("nodes first, then clients", client.Refusal);
    }

    [Fact(Explicit = true)]
    public void Record_a_client()
    {
        using var run = WeirRun.Start();
        List<(string, byte[])> lines = [];
        // A window that no other test and no library takes.
        Hello hello = WireClient.NewHello() with
        {
            WindowBase = 0x7A00_0000_0000,
            // Of the release whose calls are recorded beside it.
            ApiHash = CallTable.Neighbours[^1],
        };
        lines.Add(("hello", MemoryMarshal.AsBytes(new ReadOnlySpan<Hello>(in hello)).ToArray()));
        using WireClient client = WireClient.Attach(run.SocketName, hello);
        client.Record = lines;
        Assert.Equal(CuResult.Success, client.Call(Op.CtxCreate, 0, s_context, 0, 0));
        Assert.Equal(CuResult.Success, client.Call(Op.MemAlloc, s_context, 1 << 20));
        ulong memory = client.Answer(0);
        client.Post(Op.StreamCreate, s_context, s_stream, 1);
        client.Post(Op.MemsetD32Async, s_context, memory, 0xCAFE_F00D, 1024, s_stream);
        Assert.Equal(CuResult.Success, client.Call(Op.StreamSynchronize, s_context, s_stream));
        Assert.Equal(CuResult.Success, client.Call(Op.ReadBack, s_context, memory, s_stream, 32));
        Assert.Equal(CuResult.Success, client.Call(Op.MemFree, s_context, memory));
        client.Post(Op.StreamDestroy, s_context, s_stream);
        Assert.Equal(CuResult.Success, client.Call(Op.CtxSynchronize, s_context));
        Recording.Write(Client, "records of a client library as they were in its ring, and the answers", lines);
    }
}
