using System.Buffers.Binary;
using Weir.Devices.Software.Contexts;
using Weir.Devices.Software.Memory;
using Weir.Devices.Software.Native;
using Weir.Kernels;
using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Devices.Software.Modules;

/// <summary>A loaded module: its variables in device memory, and the kernels that were asked for.</summary>
internal sealed unsafe class DeviceModule : IDisposable
{
    private readonly SoftwareDevice device;
    private readonly Dictionary<string, DeviceAllocation> variables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PtxEntry> entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DeviceKernel> kernels = new(StringComparer.Ordinal);

    private DeviceModule(SoftwareDevice device, DeviceContext context, PtxModule ptx)
    {
        this.device = device;
        Context = context;
        Ptx = ptx;
        foreach (PtxEntry entry in ptx.Entries)
        {
            entries[entry.Name] = entry;
        }
    }

    /// <summary>Context it belongs to.</summary>
    public DeviceContext Context { get; }

    /// <summary>What it was loaded from.</summary>
    public PtxModule Ptx { get; }

    /// <summary>Handle that the program holds.</summary>
    public nint Handle { get; set; }

    /// <summary>Addresses of its variables.</summary>
    public IReadOnlyDictionary<string, DeviceAllocation> Variables => variables;

    /// <summary>Loads a module: its variables get memory and their initial values. Kernels are compiled when asked for.</summary>
    /// <returns>Null when device memory is exhausted.</returns>
    /// <exception cref="PtxException">A variable cannot be placed.</exception>
    public static DeviceModule? Load(SoftwareDevice device, DeviceContext context, PtxModule ptx)
    {
        DeviceModule module = new(device, context, ptx);
        try
        {
            if (module.PlaceVariables())
            {
                return module;
            }
            module.Dispose();
            return null;
        }
        catch (PtxException)
        {
            module.Dispose();
            throw;
        }
    }

    /// <summary>The kernel of a name, or null when the module has none.</summary>
    /// <exception cref="PtxException">It is malformed or uses what is not supported.</exception>
    public DeviceKernel? Find(string name)
    {
        lock (kernels)
        {
            if (kernels.TryGetValue(name, out DeviceKernel? known))
            {
                return known;
            }
            if (!entries.TryGetValue(name, out PtxEntry? entry))
            {
                return null;
            }
            DeviceKernel kernel = new(device, this, entry);
            kernel.Handle = device.Kernels.Add(kernel);
            kernels.Add(name, kernel);
            return kernel;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (kernels)
        {
            foreach (DeviceKernel kernel in kernels.Values)
            {
                device.Kernels.Remove(kernel.Handle);
                kernel.Dispose();
            }
            kernels.Clear();
        }
        foreach (DeviceAllocation allocation in variables.Values)
        {
            device.Memory.Free(allocation);
        }
        variables.Clear();
    }

    private bool PlaceVariables()
    {
        List<PtxVariable> placed = [];
        foreach (PtxVariable variable in Ptx.Variables)
        {
            if (variable.Space is not (IrSpace.Global or IrSpace.Const) || variable.IsOpaque)
            {
                continue;
            }
            if (variable.IsExtern)
            {
                throw new PtxException(
                    $"variable '{variable.Name}' is declared extern but defined nowhere",
                    variable.Line
                );
            }
            ulong bytes = (ulong)Math.Max(1, variable.SizeBytes);
            if (device.Memory.Allocate(bytes, this, freedByAddress: false) is not { } allocation)
            {
                return false;
            }
            variables.Add(variable.Name, allocation);
            placed.Add(variable);
            _ = LibC.FillBytes((void*)allocation.Address, 0, (nuint)bytes);
            Write(allocation.Address, variable.Initial);
        }
        foreach (PtxVariable variable in placed)
        {
            foreach (PtxRelocation relocation in variable.Relocations)
            {
                Relocate(variable, relocation);
            }
        }
        return true;
    }

    private void Relocate(PtxVariable variable, PtxRelocation relocation)
    {
        ulong value = 0;
        if (variables.TryGetValue(relocation.Symbol, out DeviceAllocation? target))
        {
            value = target.Address;
        }
        else if (Ptx.HasFunction(relocation.Symbol))
        {
            value = FunctionHandle.Of(relocation.Symbol);
        }
        else
        {
            throw new PtxException(
                $"the initial value of '{variable.Name}' takes the address of '{relocation.Symbol}', which is no variable and no function",
                variable.Line,
                unsupported: true
            );
        }
        if (relocation.OffsetBytes < 0 || relocation.OffsetBytes > variable.SizeBytes - relocation.SizeBytes)
        {
            throw new PtxException($"the initial value of '{variable.Name}' is longer than it", variable.Line);
        }
        ulong address = (value + (ulong)relocation.Addend) >> relocation.ShiftBits;
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, address);
        Write(variables[variable.Name].Address + (ulong)relocation.OffsetBytes, bytes[..relocation.SizeBytes]);
    }

    private static void Write(ulong address, ReadOnlySpan<byte> content)
    {
        fixed (byte* from = content)
        {
            _ = LibC.MoveBytes((void*)address, from, (nuint)content.Length);
        }
    }
}
