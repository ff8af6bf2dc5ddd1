using Weir.Agent.Tests.Support;
using Weir.Api;
using Weir.Protocol.Agents;
using Weir.Worker.Tests.Support;

namespace Weir.Agent.Tests;

/// <summary>Leases that make room for others: all of their sessions leave the device, or none does. Real agent, real workers.</summary>
public class YieldTests
{
    private const int Bytes = 8 << 20;
    private const uint Pattern = 0x0FF0_1234;

    [Fact]
    public async Task All_sessions_leave_and_none_comes_back_or_begins_before_there_is_room()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices(), 64 << 20);
        using TestHolder holder = TestHolder.Hold(run, lease);
        using var first = new Filled(holder);
        using var second = new Filled(holder);
        // One of them calls all the time, also while the other is on its way off.
        using var enough = new CancellationTokenSource();
        Task<bool> calls = Task.Run(() => IsWholeUntil(first, enough.Token), TestContext.Current.CancellationToken);
        op.Send(Yield());
        LeaseYielded said = op.Next(message => message.Yielded is not null).Yielded;
        Assert.Equal(("l-1", 1ul, ""), (said.Lease, said.Epoch, said.Refusal));
        Assert.Equal(
            2,
            op.Heard.Where(message => message.Session?.State == SessionState.SessionParked)
                .Select(message => message.Session.Session)
                .Distinct()
                .Count()
        );
        Assert.Equal(0ul, op.Usage().Devices.Single().MemoryBytes);
        AgentRun.Becomes(() => op.Heard.Any(message => message.Want is not null), "the lease wants its slices");
        Assert.False(calls.IsCompleted);
        op.Send(Room());
        await enough.CancelAsync();
        Assert.True(await calls.WaitAsync(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken));
        Assert.True(second.IsWhole());
        Assert.Single(op.Heard, message => message.Yielded is not null);
    }

    [Fact]
    public void When_one_session_cannot_leave_all_go_on()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices(), 64 << 20);
        using TestHolder holder = TestHolder.Hold(run, lease);
        using var first = new Filled(holder);
        using var second = new Filled(holder);
        // Where its image is to be there is something else.
        File.WriteAllText(Path.Combine(run.Folders.Images, second.Session), "");
        op.Send(Yield());
        LeaseYielded said = op.Next(message => message.Yielded is not null).Yielded;
        Assert.Contains("cannot be written", said.Refusal);
        Assert.True(first.IsWhole());
        Assert.True(second.IsWhole());
        // Asked again when nothing is in the way, it leaves.
        File.Delete(Path.Combine(run.Folders.Images, second.Session));
        op.Send(Yield());
        Assert.Equal("", op.Next(message => message.Yielded is not null).Yielded.Refusal);
    }

    [Fact]
    public async Task A_lease_without_sessions_yields_at_once_and_an_unknown_one_is_told()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices(), 64 << 20);
        using TestHolder holder = TestHolder.Hold(run, lease);
        op.Send(Yield());
        Assert.Equal("", op.Next(message => message.Yielded is not null).Yielded.Refusal);
        // A session that begins now asks for the slices first.
        Task<Filled> begun = Task.Run(() => new Filled(holder), TestContext.Current.CancellationToken);
        _ = op.Next(message => message.Want is not null);
        Assert.False(begun.IsCompleted);
        op.Send(Room());
        using Filled session = await begun.WaitAsync(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken);
        Assert.True(session.IsWhole());
        op.Send(Yield(epoch: 7));
        Assert.Contains("does not know", op.Next(message => message.Yielded is not null).Yielded.Refusal);
    }

    private static bool IsWholeUntil(Filled session, CancellationToken enough)
    {
        bool isWhole = true;
        do
        {
            isWhole = isWhole && session.IsWhole();
        } while (!enough.IsCancellationRequested);
        return isWhole;
    }

    private static ControllerMessage Yield(ulong epoch = 1) =>
        new()
        {
            Yield = new LeaseYield
            {
                Lease = "l-1",
                Epoch = epoch,
                Reason = "a test",
            },
        };

    private static ControllerMessage Room() =>
        new()
        {
            Room = new LeaseRoom { Lease = "l-1", Epoch = 1 },
        };

    /// <summary>A session with some memory, whose content is known.</summary>
    private sealed class Filled : IDisposable
    {
        private readonly WireClient _client;
        private readonly DeviceContext _context;
        private readonly ulong _address;

        public Filled(TestHolder holder)
        {
            _client = holder.Attach();
            Session = holder.LastSession;
            _context = new DeviceContext(_client);
            Assert.Equal(CuResult.Success, _context.Alloc(Bytes, out _address));
            Assert.Equal(CuResult.Success, _context.Fill(_address, Pattern, Bytes / 4));
        }

        public string Session { get; }

        public bool IsWhole() =>
            !System
                .Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(
                    _context.Read(_address + Bytes - DeviceContext.ReadBytes)
                )
                .ContainsAnyExcept(Pattern);

        public void Dispose() => _client.Dispose();
    }
}
