using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Worker.Tests.Support;

namespace Weir.Agent.Tests.Support;

/// <summary>A session with some memory, whose content is known.</summary>
internal sealed class Served : IDisposable
{
    /// <summary>More than half of the lease's quota: two workers cannot have it at a time.</summary>
    public const int Bytes = 40 << 20;

    private const uint Pattern = 0x5AFE_C0DE;

    private readonly DeviceContext _context;
    private readonly ulong _address;

    public Served(AgentRun run, OperatorClient op, uint idleMs = 0)
    {
        TestLease lease = op.Grant("l-1", 1, op.Devices(), 64 << 20, idleMs: idleMs);
        Lease = lease;
        Holder = TestHolder.Hold(run, lease);
        Client = Holder.Attach();
        Session = Holder.LastSession;
        _context = new DeviceContext(Client);
        Assert.Equal(CuResult.Success, _context.Alloc(Bytes, out _address));
        Assert.Equal(CuResult.Success, _context.Fill(_address, Pattern, Bytes / 4));
    }

    public WireClient Client { get; }

    public TestHolder Holder { get; set; }

    public TestLease Lease { get; }

    public string Session { get; }

    public bool IsWhole()
    {
        for (int at = 0; at < Bytes; at += DeviceContext.ReadBytes)
        {
            if (MemoryMarshal.Cast<byte, uint>(_context.Read(_address + (ulong)at)).ContainsAnyExcept(Pattern))
            {
                return false;
            }
        }
        return true;
    }

    public void Dispose()
    {
        Client.Dispose();
        Holder.Dispose();
    }
}
