using System.CommandLine;
using System.Reflection;

namespace Weir.Cli;

/// <summary>`weir version`: the version, and where the parts are.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        var command = new Command("version", "Show the version of Weir and where its parts lie.");
        command.SetAction(_ =>
        {
            Console.WriteLine($"weir {Version}");
            Console.WriteLine(
                $"artifacts  {Artifacts.Find()?.Root ?? "not found: run ./weir build, or set WEIR_ARTIFACTS"}"
            );
            return ExitCodes.Success;
        });
        return command;
    }

    /// <summary>The version without the source revision that builds append.</summary>
    public static string Version { get; } =
        typeof(VersionCommand)
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion.Split('+')[0]
        ?? "0";
}
