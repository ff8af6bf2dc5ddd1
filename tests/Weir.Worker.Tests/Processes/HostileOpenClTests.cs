using Weir.Api;
using Weir.Wire;
using Weir.Worker.Tests.Support;

namespace Weir.Worker.Tests.Processes;

/// <summary>Clients that say wild things about objects of OpenCL that they have: whatever the driver makes of it, others are served.</summary>
public class HostileOpenClTests
{
    private static readonly ulong s_context = Handle.Pack(1, 1, (uint)HandleKind.ClContext, 0);
    private static readonly ulong s_queue = Handle.Pack(1, 1, (uint)HandleKind.ClQueue, 0);
    private static readonly ulong s_buffer = Handle.Pack(1, 1, (uint)HandleKind.ClMemory, 0);
    private static readonly ulong s_event = Handle.Pack(1, 1, (uint)HandleKind.ClEvent, 0);

    [Fact]
    public void Random_records_about_live_objects_end_the_session_at_worst()
    {
        const int RecordsPerSeed = 400;
        using var run = WeirRun.Start();
        // What waits may wait for an event that nobody sets.
        Op[] ops =
        [
            .. Enum.GetValues<Op>().Where(op => CallTable.IsOfObjects((ushort)op) && !CallTable.Blocks((ushort)op)),
        ];
        Assert.NotEmpty(ops);
        int reached = 0;
        for (int seed = 1; seed <= 4; seed++)
        {
            var random = new Random(seed);
            using var hostile = WireClient.Attach(run.SocketName);
            Assert.SkipWhen(
                (ClResult?)(int?)hostile.Call(Op.ClList, 0) == ClResult.PlatformNotFound,
                "no OpenCL driver is installed"
            );
            Assert.Equal(CuResult.Success, hostile.Call(Op.ClCreateContext, 0, s_context, 1, 8, 0));
            Assert.Equal(CuResult.Success, hostile.Call(Op.ClCreateQueue, 0, s_queue, s_context, 0, 0));
            Assert.Equal(CuResult.Success, hostile.Call(Op.ClCreateBuffer, 0, s_buffer, s_context, 1, 4096, 0));
            hostile.Post(Op.ClCreateUserEvent, 0, s_event, s_context);
            ulong[] words =
            [
                .. (ulong[])[0, 1, 2, 3, 4, 8, 16, 64, 128, 4095, 4096, 4097, 65536, uint.MaxValue, ulong.MaxValue],
                .. (ulong[])[s_context, s_queue, s_buffer, s_event, s_buffer + 16, 1UL << 40, 1UL << 52, 1UL << 63],
            ];
            for (int i = 0; i < RecordsPerSeed; i++)
            {
                Op op = ops[random.Next(ops.Length)];
                ulong[] payload = new ulong[random.Next(1, 18)];
                for (int j = 0; j < payload.Length; j++)
                {
                    payload[j] = words[random.Next(words.Length)];
                }
                if (CallTable.IsCall((ushort)op))
                {
                    if (hostile.Call(op, 0, payload) is null)
                    {
                        break;
                    }
                }
                else
                {
                    hostile.Post(op, 0, payload);
                }
                reached++;
            }
        }
        Assert.True(reached > 0);
        using var other = WireClient.Attach(run.SocketName);
        Assert.Equal(CuResult.Success, other.Call(Op.ClList, 0));
        Assert.Equal(CuResult.Success, other.Call(Op.ClCreateContext, 0, s_context, 1, 8, 0));
    }

    [Fact]
    public void A_record_of_the_wrong_length_ends_its_session_only()
    {
        using var run = WeirRun.Start();
        using var hostile = WireClient.Attach(run.SocketName);
        Assert.Null(hostile.Call(Op.ClCreateContext, 0, s_context, 3, 8, 0));
        hostile.AssertClosed();
        using var other = WireClient.Attach(run.SocketName);
        Assert.NotNull(other.Call(Op.ClList, 0));
    }

    [Fact]
    public void What_is_more_than_the_slice_is_refused_and_what_was_given_back_is_not_counted()
    {
        using var run = WeirRun.Start("--mem", "16MiB");
        using var client = WireClient.Attach(run.SocketName);
        Assert.SkipWhen(
            (ClResult?)(int?)client.Call(Op.ClList, 0) == ClResult.PlatformNotFound,
            "no OpenCL driver is installed"
        );
        Assert.Equal(CuResult.Success, client.Call(Op.ClCreateContext, 0, s_context, 1, 8, 0));
        for (int round = 0; round < 10; round++)
        {
            Assert.Equal(CuResult.Success, client.Call(Op.ClCreateBuffer, 0, s_buffer, s_context, 1, 12 << 20, 0));
            Assert.Equal(
                (int)ClResult.MemObjectAllocationFailure,
                (int?)client.Call(Op.ClCreateBuffer, 0, s_buffer + 16, s_context, 1, 8 << 20, 0)
            );
            client.Post(Op.ClReleaseMemory, 0, s_buffer);
        }
    }
}
