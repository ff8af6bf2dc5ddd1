using System.Text;
using Weir.Api;
using Weir.Remote.Workers;
using Weir.Wire;
using Weir.Worker.Tests.Support;

namespace Weir.Worker.Tests.Portable;

/// <summary>What kernels have left in the device beside the program's memory: their heap, and text that nobody has taken.</summary>
public unsafe class KernelStateTests
{
    private static readonly ulong s_context = Handle.Pack(0, 1, (uint)HandleKind.Context, 0);

    [Theory]
    [InlineData("move")]
    [InlineData("park")]
    [InlineData("lose")]
    public void What_kernels_took_from_their_heap_is_there_with_its_content(string disturbance)
    {
        using var folder = new TemporaryFolder();
        using LocalSession session = Begin(folder, out ulong memory);
        TestKernels.Launch(session, s_context, TestKernels.Keep, memory, 40);
        Disturb(session, folder, disturbance);
        TestKernels.Launch(session, s_context, TestKernels.Look, memory, 2);
        Disturb(session, folder, disturbance);
        TestKernels.Launch(session, s_context, TestKernels.Look, memory, 100);
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxSynchronize, s_context));
        Assert.Equal(142u, *(uint*)(memory + 8));
    }

    [Theory]
    [InlineData("move")]
    [InlineData("park")]
    [InlineData("lose")]
    public void Text_that_nobody_has_taken_is_told_once(string disturbance)
    {
        using var folder = new TemporaryFolder();
        using LocalSession session = Begin(folder, out ulong memory);
        TestKernels.Launch(session, s_context, TestKernels.Say, memory, 1);
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxSynchronize, s_context));
        Assert.Equal("said 1\n", Output(session));
        TestKernels.Launch(session, s_context, TestKernels.Say, memory, 2);
        Disturb(session, folder, disturbance);
        TestKernels.Launch(session, s_context, TestKernels.Say, memory, 3);
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxSynchronize, s_context));
        Assert.Equal("said 2\nsaid 3\n", Output(session));
        Assert.Equal("", Output(session));
    }

    private static LocalSession Begin(TemporaryFolder folder, out ulong memory)
    {
        LocalSession session = new(logs: true);
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxCreate, 0, s_context, 0, 0));
        TestKernels.Load(session, s_context);
        Assert.Equal(CuResult.Success, session.Execute(Op.MemAlloc, s_context, 4096));
        memory = session.Answer(0);
        _ = session.Save(folder.Path);
        return session;
    }

    private static void Disturb(LocalSession session, TemporaryFolder folder, string disturbance)
    {
        switch (disturbance)
        {
            case "lose":
                StateReport report = session.Lose(folder.Path);
                Assert.False(report.LostCalls, report.Reason);
                break;
            case "move":
                Assert.Equal(CuResult.Success, session.Execute(Op.CtxSynchronize, s_context));
                session.Move(folder.Path);
                break;
            default:
                Assert.Equal(CuResult.Success, session.Execute(Op.CtxSynchronize, s_context));
                session.Park(folder.Path);
                break;
        }
    }

    private static string Output(LocalSession session)
    {
        StringBuilder all = new();
        while (true)
        {
            Assert.Equal(CuResult.Success, session.Execute(Op.TakeOutput, 0));
            if (session.Answer(0) == 0)
            {
                return all.ToString();
            }
            byte[] words = [.. BitConverter.GetBytes(session.Answer(1)), .. Rest(session)];
            int length = BitConverter.ToInt32(words);
            _ = all.Append(Encoding.UTF8.GetString(words, sizeof(int), length));
        }
    }

    private static IEnumerable<byte> Rest(LocalSession session) =>
        Enumerable.Range(2, 20).SelectMany(word => BitConverter.GetBytes(session.Answer(word)));
}
