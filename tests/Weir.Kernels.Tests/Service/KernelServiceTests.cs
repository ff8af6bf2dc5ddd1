using System.Net.Sockets;
using System.Text;
using Weir.Kernels.Abi;
using Weir.Kernels.Codegen;
using Weir.Kernels.Ptx;
using Weir.Kernels.Service;
using Weir.Kernels.Tests.Codegen;
using Xunit;

namespace Weir.Kernels.Tests.Service;

/// <summary>Client, service, protocol and disk cache together, over real sockets.</summary>
public sealed class KernelServiceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("weir-kernels-").FullName;
    private readonly string _socket = $"weir-test-{Environment.ProcessId}-{Guid.NewGuid():N}";
    private readonly PtxModule _saxpy = PtxModule.Parse(
        Encoding.UTF8.GetBytes(SampleKernelTests.Sample("samples.saxpy.cu.ptx"))
    );

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_service_is_started_once_and_its_kernels_are_kept_on_disk()
    {
        int started = 0;
        CompileServer? server = null;
        using KernelClient client = new(
            new KernelCache(_folder),
            _socket,
            () =>
            {
                started++;
                server = CompileServer.TryListen(_socket, TimeSpan.FromMinutes(2));
                new Thread(server!.Run) { IsBackground = true }.Start();
            },
            TimeSpan.FromMinutes(2)
        );
        CompiledKernel first = client.Get(_saxpy, "saxpy");
        Assert.Null(CompileServer.TryListen(_socket, TimeSpan.FromMinutes(2)));
        CompiledKernel second = client.Get(_saxpy, "saxpy");
        Assert.Equal(1, started);
        Assert.Equal(1, client.Compiled);
        Assert.Equal(first.Object, second.Object);
        Assert.Equal(first.Info.ParameterBytes, second.Info.ParameterBytes);
        Assert.Equal("saxpy", second.Info.Name);
        server!.Dispose();
    }

    [Fact]
    public void A_large_kernel_comes_quickly_and_its_better_form_takes_its_place_in_the_cache()
    {
        string lines = string.Concat(Enumerable.Repeat("  mad.lo.u32 %r1, %r1, %r2, %r1;\n", 400));
        PtxModule module = PtxModule.Parse(
            Encoding.UTF8.GetBytes(
                ".version 7.0\n.target sm_70\n.address_size 64\n.visible .entry k(.param .u64 p)\n{\n  .reg .b32 %r<3>; .reg .b64 %d;\n"
                    + "  ld.param.u64 %d, [p];\n  mov.u32 %r1, %tid.x;\n  mov.u32 %r2, %ctaid.x;\n"
                    + lines
                    + "  st.global.u32 [%d], %r1;\n  ret;\n}\n"
            )
        );
        KernelCache own = new(Path.Combine(_folder, "own"));
        using CompileServer server = CompileServer.TryListen(_socket, TimeSpan.FromMinutes(2), null, own)!;
        new Thread(server.Run) { IsBackground = true }.Start();
        KernelCache cache = new(_folder);
        string key = KernelCache.Key("k", module.EntryText("k"));
        using KernelClient client = new(cache, _socket, () => { }, TimeSpan.FromMinutes(2));
        Assert.False(client.Get(module, "k").IsFinal);
        Assert.False(client.Get(module, "k").IsFinal);
        Assert.Null(cache.FindFinal(key));
        Assert.Equal(1, client.Compiled);
        CompiledKernel better = client.Improve(module, "k")!;
        Assert.True(better.IsFinal);
        Assert.Equal(better.Object, client.Get(module, "k").Object);
        Assert.Equal(better.Object, own.Find(key)!.Object);
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_refusal_comes_back_with_its_line()
    {
        using CompileServer server = CompileServer.TryListen(_socket, TimeSpan.FromMinutes(2))!;
        new Thread(server.Run) { IsBackground = true }.Start();
        PtxModule module = PtxModule.Parse(
            Encoding.UTF8.GetBytes(
                ".version 7.0\n.target sm_70\n.address_size 64\n.visible .entry k()\n{\n  .reg .f32 %f<2>;\n  wgmma.fence.sync.aligned;\n  ret;\n}\n"
            )
        );
        using KernelClient client = new(new KernelCache(_folder), _socket, () => { }, TimeSpan.FromMinutes(2));
        PtxException refusal = Assert.Throws<PtxException>(() => client.Get(module, "k"));
        Assert.True(refusal.Unsupported);
        Assert.Equal(7, refusal.Line);
    }

    [Fact]
    public void A_kernel_that_ends_the_service_twice_is_refused_by_name()
    {
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(CompileAddress.EndPoint(_socket));
        listener.Listen(8);
        int asked = 0;
        Thread dying = new(() =>
        {
            // Says that it has begun, then is gone: what a crash looks like.
            while (asked < 2)
            {
                using Socket client = listener.Accept();
                if (CompileProtocol.Receive(client) is not null)
                {
                    asked++;
                    CompileProtocol.Send(client, FrameKind.Started, []);
                }
            }
        })
        {
            IsBackground = true,
        };
        dying.Start();
        KernelCache cache = new(_folder);
        using KernelClient client = new(cache, _socket, () => { }, TimeSpan.FromMinutes(1));
        for (int attempt = 0; attempt < 2; attempt++)
        {
            PtxException refusal = Assert.Throws<PtxException>(() => client.Get(_saxpy, "saxpy"));
            Assert.Contains("'saxpy'", refusal.Message);
        }
        Assert.Equal(2, asked);
        Assert.Equal(2, cache.Crashes(KernelCache.Key("saxpy", _saxpy.EntryText("saxpy"))));
    }

    [Fact]
    public void An_altered_file_in_the_cache_is_not_used()
    {
        KernelCache cache = new(_folder);
        CompiledKernel kernel = KernelCompiler.Compile(_saxpy.Lower("saxpy"));
        cache.Add("key", kernel);
        Assert.Equal(kernel.Object, cache.Find("key")!.Object);
        string file = Directory.GetFiles(_folder).Single();
        byte[] bytes = File.ReadAllBytes(file);
        for (int at = 0; at < bytes.Length; at += 97)
        {
            byte[] altered = [.. bytes];
            altered[at] ^= 0x10;
            File.WriteAllBytes(file, altered);
            Assert.Null(cache.Find("key"));
            Assert.False(File.Exists(file));
        }
        File.WriteAllBytes(file, bytes[..(bytes.Length / 2)]);
        Assert.Null(cache.Find("key"));
    }

    [Fact]
    public void Frames_that_are_none_end_only_their_connection()
    {
        using CompileServer server = CompileServer.TryListen(_socket, TimeSpan.FromMinutes(2))!;
        new Thread(server.Run) { IsBackground = true }.Start();
        Random random = new(3);
        for (int n = 0; n < 200; n++)
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(CompileAddress.EndPoint(_socket));
            byte[] noise = new byte[random.Next(1, 64)];
            random.NextBytes(noise);
            if (n % 2 == 0 && noise.Length >= 12)
            {
                // A good header before a bad body.
                BitConverter.TryWriteBytes(noise, 0x31434b57u);
                BitConverter.TryWriteBytes(noise.AsSpan(4), 1u);
                BitConverter.TryWriteBytes(noise.AsSpan(8), n % 4 == 0 ? (uint)(noise.Length - 12) : uint.MaxValue);
            }
            socket.Send(noise);
        }
        using KernelClient client = new(new KernelCache(_folder), _socket, () => { }, TimeSpan.FromMinutes(2));
        Assert.Equal("saxpy", client.Get(_saxpy, "saxpy").Info.Name);
    }
}
