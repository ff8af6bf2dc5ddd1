using System.Text;
using Weir.Api;
using Weir.Images;
using Weir.Wire;
using Weir.Worker.Portable;
using Weir.Worker.Tests.Support;

namespace Weir.Worker.Tests.Portable;

/// <summary>Sessions that find named memory and variables of an older one.</summary>
public unsafe class WarmStartTests
{
    private const int Bytes = 3 << 20;
    private static readonly ulong s_context = Handle.Pack(0, 1, (uint)HandleKind.Context, 0);

    [Fact]
    public void Memory_with_a_name_and_variables_have_what_they_had()
    {
        using var folder = new TemporaryFolder();
        byte[] content;
        uint total;
        using (LocalSession old = Begin(null))
        {
            Assert.Equal(CuResult.Success, Allocate(old, "weights", Bytes, out ulong memory, out bool isFilled));
            Assert.False(isFilled);
            Assert.Equal(CuResult.Success, Allocate(old, "other", 4096, out ulong other, out _));
            _ = old.Execute(Op.MemsetD8, s_context, memory, 7, Bytes);
            _ = old.Execute(Op.MemsetD8, s_context, other, 9, 4096);
            TestKernels.Launch(old, s_context, TestKernels.Mix, memory + (2 << 20) - 2048, 5);
            Assert.Equal(CuResult.Success, old.Execute(Op.CtxSynchronize, s_context));
            content = new ReadOnlySpan<byte>((void*)memory, Bytes).ToArray();
            total = Total(old);
            _ = old.Save(folder.Path);
        }
        using LocalSession session = Begin(folder.Path);
        Assert.NotEqual(0u, total);
        Assert.Equal(total, Total(session));
        // Something else lies where it was, so it comes elsewhere.
        Assert.Equal(CuResult.Success, Allocate(session, "weights", Bytes, out ulong again, out bool isWarm));
        Assert.True(isWarm);
        Assert.Equal(content, new ReadOnlySpan<byte>((void*)again, Bytes));
        // Another size is another thing, and a name is filled once.
        Assert.Equal(CuResult.Success, Allocate(session, "other", 8192, out _, out isWarm));
        Assert.False(isWarm);
        Assert.Equal(CuResult.Success, Allocate(session, "weights", Bytes, out _, out isWarm));
        Assert.False(isWarm);
        Assert.Equal(CuResult.Success, Allocate(session, "unknown", Bytes, out _, out isWarm));
        Assert.False(isWarm);
    }

    [Fact]
    public void A_damaged_image_is_told()
    {
        using var folder = new TemporaryFolder();
        using (LocalSession old = Begin(null))
        {
            Assert.Equal(CuResult.Success, Allocate(old, "weights", Bytes, out ulong memory, out _));
            _ = old.Execute(Op.MemsetD8, s_context, memory, 7, Bytes);
            _ = old.Save(folder.Path);
        }
        using LocalSession session = Begin(folder.Path);
        foreach (
            string chunk in Directory.GetFiles(
                Path.Combine(folder.Path, ImageFormat.ChunkFolder),
                "*",
                SearchOption.AllDirectories
            )
        )
        {
            byte[] bytes = File.ReadAllBytes(chunk);
            bytes[^1] ^= 1;
            File.WriteAllBytes(chunk, bytes);
        }
        Assert.Equal(CuResult.InvalidImage, Allocate(session, "weights", Bytes, out _, out bool isWarm));
        Assert.False(isWarm);
        Assert.Throws<ImageException>(() => WarmStart.Open(folder.Path));
    }

    private static LocalSession Begin(string? image)
    {
        LocalSession session = new();
        session.Session.Warm = image is null ? null : WarmStart.Open(image);
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxCreate, 0, s_context, 0, 0));
        TestKernels.Load(session, s_context);
        return session;
    }

    private static CuResult Allocate(
        LocalSession session,
        string name,
        ulong bytes,
        out ulong address,
        out bool isFilled
    )
    {
        byte[] text = [.. BitConverter.GetBytes(name.Length + 1), .. Encoding.ASCII.GetBytes(name), 0];
        Array.Resize(ref text, (text.Length + 7) / 8 * 8);
        ulong[] words = new ulong[text.Length / 8];
        Buffer.BlockCopy(text, 0, words, 0, text.Length);
        CuResult result = session.Execute(Op.WeirMemAlloc, s_context, [bytes, .. words]);
        (address, isFilled) = result == CuResult.Success ? (session.Answer(0), session.Answer(1) == 1) : (0, false);
        return result;
    }

    private static uint Total(LocalSession session) => *(uint*)TestKernels.Variable(session, s_context, "total");
}
