using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Weir.Devices.Software.Contexts;

/// <summary>
/// What the device says of itself. Numbers are those of a device of compute capability 8.6 where a program may plan by
/// them, and those of the host where it may measure them. What is not supported answers 0.
/// </summary>
internal sealed class DeviceAttributes
{
    /// <summary>Most threads in a block.</summary>
    public const int MaxThreadsPerBlock = 1024;

    /// <summary>Shared memory of a block unless the kernel asks for more, bytes.</summary>
    public const int SharedBytesPerBlock = 48 << 10;

    /// <summary>Most shared memory that a kernel may ask for, bytes.</summary>
    public const int SharedBytesPerBlockOptIn = 99 << 10;

    /// <summary>Most threads that count as resident on a core.</summary>
    public const int MaxThreadsPerCore = 1536;

    /// <summary>Most blocks that count as resident on a core.</summary>
    public const int MaxBlocksPerCore = 16;

    /// <summary>Shared memory of a core, bytes.</summary>
    public const int SharedBytesPerCore = 100 << 10;

    /// <summary>Registers of a core.</summary>
    public const int RegistersPerCore = 65536;

    /// <summary>Alignment of texture memory and of pitched rows, bytes.</summary>
    public const int TextureAlignment = 512;

    /// <summary>Alignment of a texture's pitch, bytes.</summary>
    public const int TexturePitchAlignment = 32;

    private const int DefaultClockKilohertz = 2_500_000;
    private const int DefaultCacheBytes = 8 << 20;

    private readonly Dictionary<int, int> values;

    public DeviceAttributes(SoftwareDeviceOptions options)
    {
        values = Build(options);
        Name = $"Weir software device ({options.Cores} {(options.Cores == 1 ? "core" : "cores")})";
        Uuid = options.Uuid?.ToByteArray(bigEndian: true) ?? MakeUuid();
    }

    /// <summary>Name as programs show it.</summary>
    public string Name { get; }

    /// <summary>Sixteen bytes, the same at every start on one host.</summary>
    public byte[] Uuid { get; }

    /// <summary>Reads an attribute by its number (CUdevice_attribute); false for one that is not known.</summary>
    public bool TryGet(int attribute, out int value) => values.TryGetValue(attribute, out value);

    private static Dictionary<int, int> Build(SoftwareDeviceOptions options)
    {
        int clock = ClockKilohertz();
        Dictionary<int, int> all = new()
        {
            [1] = MaxThreadsPerBlock,
            [2] = 1024, // block x, y, z
            [3] = 1024,
            [4] = 64,
            [5] = int.MaxValue, // grid x, y, z
            [6] = 65535,
            [7] = 65535,
            [8] = SharedBytesPerBlock,
            [9] = 64 << 10, // constant memory
            [10] = 32, // warp
            [11] = int.MaxValue, // pitch
            [12] = RegistersPerCore,
            [13] = clock,
            [14] = TextureAlignment,
            [15] = 1, // copies overlap with kernels
            [16] = options.Cores,
            [19] = 1, // can map host memory
            [21] = 131072, // texture 1D
            [22] = 131072, // texture 2D
            [23] = 65536,
            [24] = 16384, // texture 3D
            [25] = 16384,
            [26] = 16384,
            [27] = 32768, // texture 2D layered
            [28] = 32768,
            [29] = 2048,
            [30] = 512, // surface alignment
            [31] = 1, // concurrent kernels
            [36] = clock, // memory clock
            [37] = 128, // memory bus width, bits
            [38] = CacheBytes(),
            [39] = MaxThreadsPerCore,
            [40] = 2, // copy engines
            [41] = 1, // unified addressing
            [42] = 32768, // texture 1D layered
            [43] = 2048,
            [51] = TexturePitchAlignment,
            [69] = 268435456, // texture 1D linear
            [70] = 131072, // texture 2D linear: width, height, pitch
            [71] = 65000,
            [72] = 2097120,
            [75] = options.ComputeCapability.Major,
            [76] = options.ComputeCapability.Minor,
            [78] = 1, // stream priorities
            [79] = 1, // global and local memory are cached
            [80] = 1,
            [81] = SharedBytesPerCore,
            [82] = RegistersPerCore,
            [87] = 2, // single to double performance
            [90] = 1, // compute preemption
            [97] = SharedBytesPerBlockOptIn,
            [102] = 1, // virtual memory management
            [106] = MaxBlocksPerCore,
            [111] = 1024, // shared memory reserved per block
            [115] = 1, // memory pools
            [126] = 1, // memory synchronisation domains
            [131] = -1, // no NUMA node of its own
            [134] = -1,
        };
        for (int attribute = 1; attribute <= 147; attribute++)
        {
            all.TryAdd(attribute, 0);
        }
        return all;
    }

    private static int ClockKilohertz()
    {
        if (ReadNumber("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq") is { } kilohertz)
        {
            return kilohertz;
        }
        try
        {
            string? line = File.ReadLines("/proc/cpuinfo")
                .FirstOrDefault(one => one.StartsWith("cpu MHz", StringComparison.Ordinal));
            return
                line is not null
                && double.TryParse(line[(line.IndexOf(':') + 1)..], CultureInfo.InvariantCulture, out double megahertz)
                ? (int)(megahertz * 1000)
                : DefaultClockKilohertz;
        }
        catch (IOException)
        {
            return DefaultClockKilohertz;
        }
    }

    private static int CacheBytes()
    {
        try
        {
            string text = File.ReadAllText("/sys/devices/system/cpu/cpu0/cache/index3/size").Trim();
            return
                int.TryParse(text.TrimEnd('K'), CultureInfo.InvariantCulture, out int kibibytes) && kibibytes < 1 << 20
                ? kibibytes << 10
                : DefaultCacheBytes;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return DefaultCacheBytes;
        }
    }

    private static int? ReadNumber(string path)
    {
        try
        {
            return int.TryParse(File.ReadAllText(path).Trim(), CultureInfo.InvariantCulture, out int value)
                ? value
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static byte[] MakeUuid()
    {
        string host = Environment.MachineName;
        try
        {
            host = File.ReadAllText("/etc/machine-id").Trim() is { Length: > 0 } id ? id : host;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Containers may have none: the host's name will do.
        }
        return SHA256.HashData(Encoding.UTF8.GetBytes($"weir software device 0 of {host}"))[..16];
    }
}
