namespace Weir.Oracle;

/// <summary>What a launch gives a kernel besides memory.</summary>
public sealed record OracleLaunch
{
    public required Dim3 Grid { get; init; }

    public required Dim3 Block { get; init; }

    public uint DynamicSharedBytes { get; init; }

    /// <summary>Packed parameters, as PTX lays them out.</summary>
    public byte[] Parameters { get; init; } = [];

    /// <summary>Texture objects by handle.</summary>
    public IReadOnlyDictionary<ulong, OracleTexture> Textures { get; init; } = new Dictionary<ulong, OracleTexture>();

    /// <summary>
    /// Addresses of .global and .const variables that are in memory already, by name. The others are placed, with
    /// their initial values, where the oracle likes.
    /// </summary>
    public IReadOnlyDictionary<string, ulong> Symbols { get; init; } = new Dictionary<string, ulong>();

    /// <summary>
    /// Instructions that a thread may take before the next has its turn. Results of a kernel without races do not
    /// depend on it.
    /// </summary>
    public int TurnSteps { get; init; } = 10_000;

    /// <summary>Gives threads their turns from the last to the first.</summary>
    public bool LastThreadFirst { get; init; }

    /// <summary>Instructions that one block may take before the oracle gives up.</summary>
    public long MaxSteps { get; init; } = 2_000_000_000;
}
