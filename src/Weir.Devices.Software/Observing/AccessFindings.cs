using System.Globalization;
using Weir.Devices.Software.Execution;
using Weir.Devices.Software.Memory;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Observing;

/// <summary>Gathers what checked code reports: the first access of each place in a kernel, and how many followed.</summary>
internal sealed unsafe class AccessFindings(SoftwareDevice device)
{
    // More places than anybody reads.
    private const int Most = 1000;

    private readonly Lock gate = new();
    private readonly Dictionary<nint, LoadedKernel> kernels = [];
    private readonly Dictionary<(string Kernel, int Line, AccessFault Fault, bool Writes), AccessFinding> findings = [];

    /// <summary>A kernel is about to be launched that may report.</summary>
    public void Expect(LoadedKernel kernel)
    {
        lock (gate)
        {
            kernels[kernel.Function] = kernel;
        }
    }

    /// <summary>What was found, in the order of kernels and lines.</summary>
    public IReadOnlyList<AccessFinding> All()
    {
        lock (gate)
        {
            return [.. findings.Values.OrderBy(one => one.Kernel, StringComparer.Ordinal).ThenBy(one => one.Line)];
        }
    }

    /// <summary>A wrong access, as code reports it (<see cref="SystemService.Report"/>).</summary>
    public void Add(KernelLaunch* launch, SystemCall* call)
    {
        var fault = (AccessFault)(call->Arguments[0] & 0xFF);
        bool writes = (call->Arguments[0] & 0x100) != 0;
        lock (gate)
        {
            LoadedKernel? kernel = kernels.GetValueOrDefault(launch->Kernel);
            string name = kernel?.Info.Name ?? "?";
            int line = kernel?.MapLine((int)call->Line) ?? (int)call->Line;
            var key = (name, line, fault, writes);
            if (findings.TryGetValue(key, out AccessFinding? known))
            {
                findings[key] = known with { Times = known.Times + 1 };
                return;
            }
            if (findings.Count == Most)
            {
                return;
            }
            int bytes = (int)(call->Arguments[0] >> 16);
            ulong address = call->Arguments[1];
            findings[key] = new AccessFinding
            {
                Kernel = name,
                Fault = fault,
                Writes = writes,
                Bytes = bytes,
                Line = line,
                Block = Place(call->Block, launch->GridX, launch->GridY),
                Thread = Place(call->Thread, launch->BlockX, launch->BlockY),
                Address = address,
                Detail = Detail(fault, address, call->Arguments[2], launch),
                Times = 1,
            };
        }
    }

    private string Detail(AccessFault fault, ulong address, ulong other, KernelLaunch* launch)
    {
        switch (fault)
        {
            case AccessFault.Race when other < KernelThread.SeveralThreads - 1:
                uint[] thread = Place(other, launch->BlockX, launch->BlockY);
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"against thread ({thread[0]},{thread[1]},{thread[2]})"
                );
            case AccessFault.Race:
                return "against several threads, or an atomic operation";
            case AccessFault.OutOfBounds when Before(address) is { } near:
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{address - near.Address - near.SizeBytes} bytes behind an allocation of {near.SizeBytes} bytes at 0x{near.Address:x}"
                );
            default:
                return "";
        }
    }

    private DeviceAllocation? Before(ulong address)
    {
        const ulong Near = 1 << 20;
        DeviceAllocation? best = null;
        foreach (DeviceAllocation one in device.Memory.Snapshot())
        {
            if (one.Address + one.SizeBytes <= address && (best is null || one.Address > best.Address))
            {
                best = one;
            }
        }
        return best is { } found && address - found.Address - found.SizeBytes < Near ? found : null;
    }

    private static uint[] Place(ulong index, uint x, uint y) =>
        [(uint)(index % x), (uint)(index / x % y), (uint)(index / x / y)];
}
