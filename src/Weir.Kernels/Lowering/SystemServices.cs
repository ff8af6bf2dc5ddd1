using Weir.Kernels.Abi;

namespace Weir.Kernels.Lowering;

/// <summary>Functions that a module declares and the device has: the system calls of the CUDA device runtime.</summary>
internal static class SystemServices
{
    /// <summary>Arguments that reach the device; what comes after them says nothing new.</summary>
    public const int MaxArguments = 4;

    /// <summary>Names that modules may declare without a body.</summary>
    public static readonly IReadOnlyDictionary<string, SystemService> All = new Dictionary<string, SystemService>
    {
        ["vprintf"] = SystemService.Print,
        ["malloc"] = SystemService.Allocate,
        ["free"] = SystemService.Free,
        ["__assertfail"] = SystemService.Assert,
    };

    /// <summary>The service behind a name, or null.</summary>
    public static SystemService? Find(string name) => All.TryGetValue(name, out var service) ? service : null;

    /// <summary>Numbers of parameters and results.</summary>
    public static (int Parameters, int Results) Shape(SystemService service) =>
        service switch
        {
            SystemService.Print => (2, 1),
            SystemService.Allocate => (1, 1),
            SystemService.Free => (1, 0),
            _ => (5, 0),
        };
}
