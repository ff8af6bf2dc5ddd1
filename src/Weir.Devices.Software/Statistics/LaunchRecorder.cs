using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Weir.Devices.Software.Execution;
using Weir.Devices.Software.Memory;
using Weir.Devices.Software.Modules;
using Weir.Devices.Software.Native;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Statistics;

/// <summary>
/// Writes every launch to a file, with the memory before and after it, so that it can be run again elsewhere and
/// compared. The format is defined where it is read, in tests/Weir.Oracle/LaunchRecord.cs. Memory is bounded: everything
/// when little is allocated, else only what the parameters and textures point into.
/// </summary>
internal sealed unsafe class LaunchRecorder
{
    private const ulong EverythingBytes = 64ul << 20;

    private readonly SoftwareDevice device;
    private readonly string folder;
    private readonly Lock gate = new();
    private long count;

    public LaunchRecorder(SoftwareDevice device, string folder)
    {
        this.device = device;
        this.folder = folder;
        Directory.CreateDirectory(folder);
    }

    /// <summary>Runs a launch alone and records it.</summary>
    public void Run(DeviceKernel kernel, in LaunchShape shape, ReadOnlySpan<byte> parameters, KernelCommand command)
    {
        lock (gate)
        {
            device.Scheduler.Synchronize(kernel.Module.Context);
            List<ulong> textures = TexturesIn(parameters);
            List<DeviceAllocation> segments = SegmentsOf(kernel, parameters, textures);
            List<byte[]> before = [.. segments.Select(Contents)];
            MemoryStream record = new();
            using BinaryWriter writer = new(record);
            WriteHead(writer, kernel, shape, parameters, textures);
            device.Scheduler.Enqueue(command);
            device.Scheduler.Wait(command);
            writer.Write(segments.Count);
            for (int index = 0; index < segments.Count; index++)
            {
                writer.Write(segments[index].Address);
                WriteBlob(writer, before[index]);
                WriteBlob(writer, Contents(segments[index]));
            }
            string name = string.Create(
                CultureInfo.InvariantCulture,
                $"{Environment.ProcessId:d7}-{count++:d6}-{SafeName(kernel.Entry.Name)}.launch"
            );
            File.WriteAllBytes(Path.Combine(folder, name), record.ToArray());
        }
    }

    private void WriteHead(
        BinaryWriter writer,
        DeviceKernel kernel,
        in LaunchShape shape,
        ReadOnlySpan<byte> parameters,
        List<ulong> textures
    )
    {
        writer.Write("WEIRLNC1"u8);
        WriteBlob(writer, kernel.Module.Ptx.EntryText(kernel.Entry.Name));
        WriteBlob(writer, Encoding.UTF8.GetBytes(kernel.Entry.Name));
        writer.Write(shape.GridX);
        writer.Write(shape.GridY);
        writer.Write(shape.GridZ);
        writer.Write(shape.BlockX);
        writer.Write(shape.BlockY);
        writer.Write(shape.BlockZ);
        writer.Write(shape.DynamicSharedBytes);
        WriteBlob(writer, parameters);
        IReadOnlyList<string> symbols = kernel.Load().Info.GlobalSymbols;
        writer.Write(symbols.Count);
        foreach (string symbol in symbols)
        {
            WriteBlob(writer, Encoding.UTF8.GetBytes(symbol));
            writer.Write(kernel.Module.Variables[symbol].Address);
        }
        writer.Write(textures.Count);
        foreach (ulong texture in textures)
        {
            writer.Write(texture);
            device.Textures.TryRead(texture, out TextureDescriptor descriptor);
            writer.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<TextureDescriptor>(in descriptor)));
        }
    }

    private List<ulong> TexturesIn(ReadOnlySpan<byte> parameters)
    {
        List<ulong> found = [];
        foreach (ulong word in Words(parameters))
        {
            if (device.Textures.TryRead(word, out _) && !found.Contains(word))
            {
                found.Add(word);
            }
        }
        return found;
    }

    private List<DeviceAllocation> SegmentsOf(DeviceKernel kernel, ReadOnlySpan<byte> parameters, List<ulong> textures)
    {
        DeviceAllocation[] all = device.Memory.Snapshot();
        if (all.Aggregate(0ul, (sum, one) => sum + one.SizeBytes) <= EverythingBytes)
        {
            return [.. all];
        }
        HashSet<DeviceAllocation> used = [.. kernel.Module.Variables.Values];
        foreach (ulong word in Words(parameters))
        {
            if (device.Memory.Find(word) is { } pointedAt)
            {
                used.Add(pointedAt);
            }
        }
        foreach (ulong texture in textures)
        {
            if (
                device.Textures.TryRead(texture, out TextureDescriptor descriptor)
                && device.Memory.Find(descriptor.Base) is { } sampled
            )
            {
                used.Add(sampled);
            }
        }
        return [.. used.OrderBy(one => one.Address)];
    }

    private static ulong[] Words(ReadOnlySpan<byte> parameters) =>
        MemoryMarshal.Cast<byte, ulong>(parameters[..(parameters.Length & ~7)]).ToArray();

    private static byte[] Contents(DeviceAllocation allocation)
    {
        byte[] content = new byte[checked((int)allocation.SizeBytes)];
        fixed (byte* to = content)
        {
            _ = LibC.MoveBytes(to, (void*)allocation.Address, (nuint)content.Length);
        }
        return content;
    }

    private static void WriteBlob(BinaryWriter writer, ReadOnlySpan<byte> bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    private static string SafeName(string name) =>
        new([.. name.Take(80).Select(one => char.IsAsciiLetterOrDigit(one) || one == '_' ? one : '-')]);
}
