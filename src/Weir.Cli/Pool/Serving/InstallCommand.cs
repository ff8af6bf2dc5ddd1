using System.CommandLine;

namespace Weir.Cli.Pool.Serving;

/// <summary>`weir install`: systemd units for controller and agent.</summary>
internal static class InstallCommand
{
    public static Command Create()
    {
        var agent = new Option<bool>("--agent") { Description = "Only the agent, on a machine that has joined." };
        var print = new Option<bool>("--print") { Description = "Print the units instead of writing them." };
        var folder = new Option<string?>("--folder")
        {
            Description = "Where units go (default: systemd's folder, the user's own without root).",
        };
        var listen = new Option<string>("--listen")
        {
            Description = "As for `weir up`.",
            DefaultValueFactory = _ => "0.0.0.0:7440",
        };
        var command = new Command(
            "install",
            "Write systemd units, so that controller and agent start with the machine."
        )
        {
            agent,
            print,
            folder,
            listen,
        };
        command.SetAction(
            (parsed, _) =>
                PoolCommand.Guard(() =>
                    Task.FromResult(
                        Install(
                            parsed.GetValue(agent),
                            parsed.GetValue(print),
                            parsed.GetValue(folder),
                            parsed.GetValue(listen)!
                        )
                    )
                )
        );
        return command;
    }

    // systemd.syntax: words with spaces stand in quotes, and '%' begins a specifier.
    private static string Quoted(string word)
    {
        string text = word.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("%", "%%", StringComparison.Ordinal);
        return text.Any(c => char.IsWhiteSpace(c) || c is '"' or '\'' or '\\') ? $"\"{text}\"" : text;
    }

    private static int Install(bool agentOnly, bool print, string? folder, string listen)
    {
        bool system = Environment.IsPrivilegedProcess;
        var artifacts = Artifacts.Find() ?? throw new PoolException(Artifacts.Missing["weir: ".Length..]);
        var folders = PoolFolders.Find();
        string host = Environment.ProcessPath!;
        string program =
            Path.GetFileName(host) == "dotnet"
                ? $"{Quoted(host)} {Quoted(Path.Combine(artifacts.Root, "cli", "weir.dll"))}"
                : Quoted(host);
        string name = agentOnly ? "weir-agent" : "weir";
        string unit = $"""
            [Unit]
            Description=Weir: {(agentOnly ? "agent of this node" : "controller and agent")}
            After=network-online.target
            Wants=network-online.target

            [Service]
            ExecStart={program} {(agentOnly ? "agent" : $"up --listen {Quoted(listen)}")}
            Environment={Quoted($"WEIR_ARTIFACTS={artifacts.Root}")} {Quoted($"WEIR_STATE={folders.State}")} {Quoted(
                $"WEIR_RUN={folders.Run}"
            )}
            Restart=always
            RestartSec=1
            # Sessions outlive their agent: only the processes that systemd started are ended.
            KillMode=process
            # The agent makes a control group for each session.
            Delegate=yes

            [Install]
            WantedBy={(system ? "multi-user.target" : "default.target")}

            """;
        if (print)
        {
            Console.Write(unit);
            return ExitCodes.Success;
        }
        string target =
            folder
            ?? (
                system
                    ? "/etc/systemd/system"
                    : Path.Combine(
                        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
                        ".config",
                        "systemd",
                        "user"
                    )
            );
        Directory.CreateDirectory(target);
        string path = Path.Combine(target, $"{name}.service");
        File.WriteAllText(path, unit);
        Console.WriteLine(
            $"{path} is written. Start it: systemctl {(system ? "" : "--user ")}daemon-reload && systemctl {(system ? "" : "--user ")}enable --now {name}"
        );
        return ExitCodes.Success;
    }
}
