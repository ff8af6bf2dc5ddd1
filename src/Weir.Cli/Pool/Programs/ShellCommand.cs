using System.CommandLine;

namespace Weir.Cli.Pool.Programs;

/// <summary>`weir shell`: a shell in which every program uses the same lease.</summary>
internal static class ShellCommand
{
    public static Command Create()
    {
        var claim = new ClaimOptions();
        var command = new Command("shell", "Open a shell in which every program is attached to the pool's devices.");
        claim.AddTo(command);
        command.SetAction(
            (parsed, _) =>
            {
                string shell = Environment.GetEnvironmentVariable("SHELL") is { Length: > 0 } own ? own : "/bin/sh";
                return LeasedProgram.RunAsync(claim.Read(parsed, shell), [shell], []);
            }
        );
        return command;
    }
}
