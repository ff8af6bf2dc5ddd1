namespace Weir.Oracle;

/// <summary>
/// Where an address leads. Generic addresses of shared and local variables and of kernel parameters lie in three
/// windows of 4 GiB at low addresses, where no test puts memory.
/// </summary>
internal static class AddressSpaces
{
    public const ulong SharedWindow = 0x1_0000_0000;
    public const ulong LocalWindow = 0x2_0000_0000;
    public const ulong ParameterWindow = 0x3_0000_0000;
    private const ulong WindowBytes = 0x1_0000_0000;

    public static ulong WindowOf(string space) =>
        space switch
        {
            "shared" => SharedWindow,
            "local" => LocalWindow,
            "param" or "entry" => ParameterWindow,
            _ => 0,
        };

    public static bool IsIn(string space, ulong generic)
    {
        var window = WindowOf(space);
        return window != 0 ? generic - window < WindowBytes : generic - SharedWindow >= 3 * WindowBytes;
    }

    public static Span<byte> Resolve(Lane lane, string space, ulong address, int size, int alignment)
    {
        if (address % (ulong)alignment != 0)
        {
            throw new OracleFault(OracleFaultKind.MisalignedAddress, $"0x{address:x} is no multiple of {alignment}");
        }
        if (space == "generic")
        {
            var at = address - SharedWindow;
            (space, address) = (at / WindowBytes) switch
            {
                0 => ("shared", address - SharedWindow),
                1 => ("local", address - LocalWindow),
                2 => ("entry", address - ParameterWindow),
                _ => ("global", address),
            };
        }
        return space switch
        {
            "shared" => Part(lane.Block.Shared, lane.Block.Shared.Length, address, size, space),
            "local" => Part(lane.Local, lane.LocalTop, address, size, space),
            "entry" => Part(lane.Block.Launch.Parameters, lane.Block.Launch.Parameters.Length, address, size, space),
            _ => lane.Block.Memory.At(address, size),
        };
    }

    private static Span<byte> Part(byte[] bytes, int length, ulong address, int size, string space) =>
        address <= (ulong)length && (ulong)length - address >= (ulong)size
            ? bytes.AsSpan((int)address, size)
            : throw new OracleFault(
                OracleFaultKind.IllegalAddress,
                $"{size} bytes at 0x{address:x} of {length} in .{space}"
            );
}
