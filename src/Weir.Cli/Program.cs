using System.CommandLine;
using Weir.Cli.Bench;
using Weir.Cli.Cc;
using Weir.Cli.Demo;
using Weir.Cli.Devices;
using Weir.Cli.Doctor;
using Weir.Cli.Run;

namespace Weir.Cli;

/// <summary>The command `weir`: lists its commands, nothing else.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        var root = new RootCommand("Weir: accelerators as a pool. Runs unmodified GPU programs on what there is.")
        {
            RunCommand.Create(),
            DevicesCommand.Create(),
            PtxCommand.Create(),
            DoctorCommand.Create(),
            DemoCommand.Create(),
            CcCommand.Create(),
            BenchCommand.Create(),
            SelfTestCommand.Create(),
            CompletionCommand.Create(),
            VersionCommand.Create(),
        };
        return root.Parse(args).Invoke();
    }
}
