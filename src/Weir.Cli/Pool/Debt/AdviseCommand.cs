using System.CommandLine;
using System.Text.Json;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Debt;

/// <summary>`weir advise`: what to fix, the largest saving first; `weir advise policy`.</summary>
internal static class AdviseCommand
{
    public static Command Create()
    {
        var output = OutputFormat.Option();
        var span = new TimeSpanOptions("6h");
        var command = new Command(
            "advise",
            "What to fix, with the time and money that it would free, and the command that does it."
        )
        {
            output,
        };
        span.AddTo(command);
        command.Does(
            async (parsed, client, _) =>
            {
                string query = span.Query(parsed).TrimStart('&');
                var view = await client.GetAsync($"v1/advise?{query}", RestJson.Default.AdviceView);
                return parsed.GetValue(output) == "json"
                    ? PoolCommand.Json(view, RestJson.Default.AdviceView)
                    : Show(view);
            }
        );
        command.Subcommands.Add(CreatePolicy());
        return command;
    }

    private static Command CreatePolicy()
    {
        var command = new Command("policy", "Show as JSON what follows from findings, in the form that `set` takes.");
        command.Does(
            async (_, client, _) =>
                PoolCommand.Json(
                    await client.GetAsync("v1/advise/policy", RestJson.Default.FindingPolicyView),
                    RestJson.Default.FindingPolicyView
                )
        );
        var file = new Argument<string>("file")
        {
            Description =
                "JSON: {\"actions\":{\"idle-hold\":{\"notifyAfterMs\":0,\"warnAfterMs\":600000,\"parkAfterMs\":1800000}}}",
        };
        command.Subcommands.Add(
            new Command("set", "Set what follows from findings.") { file }.Does(
                async (parsed, client, _) =>
                {
                    FindingPolicyView policy = await client.PutAsync(
                        "v1/advise/policy",
                        Read(parsed.GetValue(file)!),
                        RestJson.Default.FindingPolicyView
                    );
                    Console.WriteLine($"Findings of {policy.Actions.Count} detectors have consequences.");
                    return ExitCodes.Success;
                }
            )
        );
        return command;
    }

    private static FindingPolicyView Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), RestJson.Default.FindingPolicyView)
                ?? throw new PoolException($"{path} is empty");
        }
        catch (JsonException malformed)
        {
            throw new PoolException($"{path} is no policy: {malformed.Message}");
        }
    }

    private static int Show(AdviceView view)
    {
        Console.WriteLine($"What to fix, {DebtCommand.Span(view.From, view.To)}");
        if (view.Findings.Count == 0)
        {
            Console.WriteLine("Nothing was found.");
        }
        foreach (FindingView finding in view.Findings)
        {
            string saving = finding.SavingUs > 0 ? $", {DebtCommand.Hours(finding.SavingUs)} of a device" : "";
            string money =
                view.Currency is not null && finding.Saving is not null
                    ? $", {DebtCommand.Money(finding.Saving, view.Currency)}"
                    : "";
            string whose = finding.Project.Length > 0 ? $" ({finding.Project}, {finding.User})" : "";
            Console.WriteLine();
            Console.WriteLine($"{finding.Detector}: {finding.Subject}{whose}{saving}{money}  [{finding.Step}]");
            Console.WriteLine($"  {finding.Evidence}");
            Console.WriteLine($"  {finding.Remedy}");
            if (finding.Command is { } remedy)
            {
                Console.WriteLine($"  $ {remedy}");
            }
        }
        return ExitCodes.Success;
    }
}
