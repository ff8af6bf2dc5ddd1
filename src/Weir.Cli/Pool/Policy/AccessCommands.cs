using System.CommandLine;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Policy;

/// <summary>`weir token`, `weir login`, `weir audit`.</summary>
internal static class AccessCommands
{
    public static Command CreateToken()
    {
        var kind = new Option<string>("--kind")
        {
            Description = "user: to speak to the controller; join: to add nodes.",
            DefaultValueFactory = _ => "user",
        };
        kind.AcceptOnlyFromAmong("user", "join");
        var user = new Option<string?>("--user") { Description = "Whom a user token stands for (default: you)." };
        var life = ClaimOptions.Parsed(
            "--life",
            "Valid for so long, e.g. 30d.",
            text => (long?)Quantities.Milliseconds(text)
        );
        var output = OutputFormat.Option();
        var command = new Command("token", "Tokens for users and nodes.")
        {
            new Command("create", "Make a token and print it; it is told only once.") { kind, user, life, output }.Does(
                async (parsed, client, _) =>
                {
                    var token = await client.PostAsync(
                        "v1/tokens",
                        new TokenRequest(parsed.GetValue(kind)!, parsed.GetValue(user), parsed.GetValue(life)),
                        RestJson.Default.TokenRequest,
                        RestJson.Default.TokenView
                    );
                    if (parsed.GetValue(output) == "json")
                    {
                        return PoolCommand.Json(token, RestJson.Default.TokenView);
                    }
                    Console.WriteLine(token.Token);
                    return ExitCodes.Success;
                }
            ),
        };
        var listOutput = OutputFormat.Option();
        command.Subcommands.Add(
            new Command("list", "List tokens, without their text.") { listOutput }.Does(
                async (parsed, client, _) =>
                {
                    var tokens = await client.GetAsync("v1/tokens", RestJson.Default.TokenViewArray);
                    return parsed.GetValue(listOutput) == "json"
                        ? PoolCommand.Json(tokens, RestJson.Default.TokenViewArray)
                        : PoolCommand.Table(
                            "No tokens.",
                            ["TOKEN", "KIND", "USER", "EXPIRES"],
                            tokens.Select(token =>
                                (string[])
                                    [
                                        token.Id,
                                        token.Kind,
                                        token.User ?? "",
                                        $"{DateTimeOffset.FromUnixTimeMilliseconds(token.ExpiresAt):yyyy-MM-dd HH:mm} UTC",
                                    ]
                            )
                        );
                }
            )
        );
        var id = new Argument<string>("token") { Description = "Its id (weir token list)." };
        command.Subcommands.Add(
            new Command("revoke", "Make a token worthless.") { id }.Does(
                async (parsed, client, _) =>
                {
                    await client.DoAsync<DrainRequest>(
                        HttpMethod.Delete,
                        $"v1/tokens/{parsed.GetValue(id)}",
                        null,
                        null
                    );
                    return ExitCodes.Success;
                }
            )
        );
        return command;
    }

    public static Command CreateLogin()
    {
        var controller = new Argument<string?>("controller")
        {
            Description = "HOST:PORT of the controller.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var token = new Option<string?>("--token") { Description = "A user token (weir token create)." };
        var forget = new Option<bool>("--forget") { Description = "Speak to this machine's controller again." };
        var command = new Command("login", "Choose the controller that commands speak to.")
        {
            controller,
            token,
            forget,
        };
        command.SetAction(
            (parsed, _) =>
                PoolCommand.Guard(async () =>
                {
                    if (parsed.GetValue(forget))
                    {
                        Login.Forget();
                        return ExitCodes.Success;
                    }
                    var login = new Login(
                        parsed.GetValue(controller)
                            ?? throw new PoolException("name the controller: weir login HOST:PORT --token …"),
                        parsed.GetValue(token)
                    );
                    using var client = new ControllerClient(login);
                    var status = await client.GetAsync("v1/status", RestJson.Default.StatusView);
                    login.Save();
                    Console.WriteLine(
                        $"You are {status.User}{(status.Operator ? " (operator)" : "")} at {login.Controller}; {status.Nodes} nodes, {status.Devices} devices."
                    );
                    return ExitCodes.Success;
                })
        );
        return command;
    }

    public static Command CreateAudit()
    {
        var output = OutputFormat.Option();
        return new Command("audit", "Who changed what (for operators).") { output }.Does(
            async (parsed, client, _) =>
            {
                var lines = await client.GetAsync("v1/audit", RestJson.Default.AuditViewArray);
                return parsed.GetValue(output) == "json"
                    ? PoolCommand.Json(lines, RestJson.Default.AuditViewArray)
                    : PoolCommand.Table(
                        "Nothing yet.",
                        ["AGO", "USER", "ACTION", "SUBJECT", "DETAIL"],
                        lines.Select(line =>
                            (string[])[PoolCommand.Ago(line.At), line.User, line.Action, line.Subject, line.Detail]
                        )
                    );
            }
        );
    }
}
