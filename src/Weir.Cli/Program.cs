using System.CommandLine;
using Weir.Cli.Bench;
using Weir.Cli.Cc;
using Weir.Cli.Demo;
using Weir.Cli.Devices;
using Weir.Cli.Doctor;
using Weir.Cli.Estimate;
using Weir.Cli.Pool.Debt;
using Weir.Cli.Pool.Jobs;
using Weir.Cli.Pool.Nodes;
using Weir.Cli.Pool.Policy;
using Weir.Cli.Pool.Programs;
using Weir.Cli.Pool.Queue;
using Weir.Cli.Pool.Serving;
using Weir.Cli.Run;
using Weir.Cli.Sessions;
using Weir.Cli.Simulate;

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
            SimulateCommand.Create(),
            EstimateCommand.Create(),
            SelfTestCommand.Create(),
            UpCommand.Create(),
            JoinCommand.Create(),
            JoinCommand.CreateAgent(),
            InstallCommand.Create(),
            AccessCommands.CreateLogin(),
            AccessCommands.CreateToken(),
            NodesCommand.Create(),
            NodesCommand.CreateDrain(),
            PoolsCommand.Create(),
            ProjectsCommand.Create(),
            ProjectCommand.Create(),
            CalendarCommand.Create(),
            QueueCommand.Create(),
            QueueCommand.CreateExplain(),
            RebalanceCommand.Create(),
            TemplatesCommand.Create(),
            LeasesCommand.Create(),
            PsCommand.Create(),
            TopCommand.Create(),
            DebtCommand.Create(),
            CostCommand.Create(),
            AdviseCommand.Create(),
            ReportCommand.Create(),
            ForecastCommand.Create(),
            ShellCommand.Create(),
            SubmitCommand.Create(),
            JobsCommands.CreateLogs(),
            JobsCommands.CreateCancel(),
            SessionCommands.CreatePark(),
            SessionCommands.CreateResume(),
            SessionCommands.CreateSnapshot(),
            SessionCommands.CreateMigrate(),
            SessionCommands.CreateRestore(),
            EnvCommand.Create(),
            AccessCommands.CreateAudit(),
            RescueCommands.CreateBackup(),
            RescueCommands.CreateRecover(),
            CompletionCommand.Create(),
            VersionCommand.Create(),
        };
        return root.Parse(args).Invoke();
    }
}
