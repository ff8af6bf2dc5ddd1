using System.Runtime.InteropServices;
using Weir.Api;

namespace Weir.Worker.Portable;

/// <summary>The table of mapped memory as bytes.</summary>
internal static class VirtualCodec
{
    /// <summary>Writes the table.</summary>
    public static byte[] Encode(VirtualTable table)
    {
        var writer = new StateWriter();
        writer.Number((ulong)table.Reserved.Count);
        foreach ((ulong address, ulong bytes) in table.Reserved)
        {
            writer.Number(address);
            writer.Number(bytes);
        }
        writer.Number((ulong)table.Physical.Count);
        foreach (PhysicalEntry memory in table.Physical)
        {
            writer.Numbers([.. memory.Handles]);
            writer.Number(memory.Bytes);
            writer.Number(memory.Key);
            CUmemAllocationProp properties = memory.Properties;
            writer.Text(MemoryMarshal.AsBytes(new ReadOnlySpan<CUmemAllocationProp>(in properties)));
        }
        writer.Number((ulong)table.Mappings.Count);
        foreach (MappingEntry mapping in table.Mappings.Values)
        {
            writer.Number(mapping.Address);
            writer.Number(mapping.Bytes);
            writer.Number(mapping.Offset);
            writer.Number((ulong)table.Physical.IndexOf(mapping.Memory));
            writer.Number((ulong)mapping.Access);
        }
        return writer.Bytes.ToArray();
    }

    /// <summary>Reads it into an empty table.</summary>
    /// <exception cref="Images.ImageException">It is none.</exception>
    public static unsafe void Decode(ReadOnlySpan<byte> bytes, VirtualTable table)
    {
        const int Pair = 2 * sizeof(ulong);
        const int Entry = 5 * sizeof(ulong);
        var reader = new StateReader(bytes);
        for (int left = reader.Count(Pair); left > 0; left--)
        {
            ulong address = reader.Number();
            table.Reserved[address] = reader.Number();
        }
        for (int left = reader.Count(Pair); left > 0; left--)
        {
            List<ulong> handles = [.. reader.Numbers()];
            ulong size = reader.Number();
            ulong key = reader.Number();
            ReadOnlySpan<byte> properties = reader.Text();
            if (properties.Length != sizeof(CUmemAllocationProp))
            {
                throw new Images.ImageException(
                    Images.ImageFault.Malformed,
                    "the image's physical memory is malformed"
                );
            }
            table.Physical.Add(
                new PhysicalEntry(handles, size, MemoryMarshal.Read<CUmemAllocationProp>(properties)) { Key = key }
            );
        }
        for (int left = reader.Count(Entry); left > 0; left--)
        {
            ulong address = reader.Number();
            ulong size = reader.Number();
            ulong offset = reader.Number();
            PhysicalEntry memory = table.Physical[reader.Below(table.Physical.Count)];
            table.Mappings[address] = new MappingEntry(address, size, offset, memory) { Access = reader.Below(4) };
        }
        reader.End();
    }
}
