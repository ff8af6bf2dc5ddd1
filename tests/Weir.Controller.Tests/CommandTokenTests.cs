using System.Net.Sockets;
using Weir.Controller.Tests.Support;

namespace Weir.Controller.Tests;

/// <summary>Tokens that open nothing, as a person at a command line meets them: a sentence that says what to do, and an exit code.</summary>
public class CommandTokenTests
{
    [Fact]
    public async Task Forged_expired_revoked_and_missing_tokens_end_commands_with_words_and_an_exit_code()
    {
        await using var pool = await TestPool.StartAsync();
        string address = pool.Host.Identity.Address;
        string forged = $"weiru1.{pool.Host.Identity.Fingerprint}.{new string('A', 43)}";
        await Says(1, "not known here", address, forged, "leases");
        await Says(1, "not known here", address, forged, "submit", "--gpus", "1", "--", "true");
        // What runs a program says so as env and timeout do: 125, the program was not started.
        await Says(125, "not known here", address, forged, "run", "--gpus", "1", "--", "true");

        var brief = await pool.TokenAsync("user", "ann", lifeMs: 1);
        await LeaseTests.Until(async () => (await Run(address, brief.Token, "leases")).Errors.Contains("expired"));
        await Says(1, "weir token create", address, brief.Token, "leases");

        var revoked = await pool.TokenAsync("user", "ann");
        Assert.Equal(0, (await Run(address, revoked.Token, "leases")).ExitCode);
        await WeirCommand.SaysAsync(pool, "token", "revoke", revoked.Id);
        await Says(1, "revoked", address, revoked.Token, "leases");

        await Says(1, "a token is needed", address, null, "leases");
        await Says(1, "not a token of the form", address, "hello", "leases");
        // The token names the certificate, so a stranger in the controller's place learns nothing.
        string other = new('0', 64);
        await Says(1, "another certificate", address, $"weiru1.{other}.{new string('A', 43)}", "leases");
    }

    [Fact]
    public async Task A_machine_cannot_join_with_a_token_that_is_forged_or_for_something_else()
    {
        await using var pool = await TestPool.StartAsync();
        string address = pool.Host.Identity.Address;
        string forged = $"weir1.{pool.Host.Identity.Fingerprint}.{new string('A', 43)}";
        var user = await pool.TokenAsync("user", "ann");
        foreach (string token in (string[])[forged, user.Token])
        {
            using var folder = new TestFolder();
            var (exitCode, _, errors) = await Run(
                address,
                null,
                "join",
                address,
                "--token",
                token,
                "--name",
                "n1",
                "--no-start",
                "--state",
                folder.At("state"),
                "--run",
                folder.At("run")
            );
            Assert.Equal(1, exitCode);
            Assert.Contains("weir token create --kind join", errors);
        }
        Assert.Empty(await pool.Client.GetAsync("v1/nodes", Protocol.Rest.RestJson.Default.NodeViewArray));
    }

    [Fact]
    public async Task A_controller_that_is_not_there_or_is_none_is_said_to_be()
    {
        await Says(1, "no controller answers", $"127.0.0.1:{ControllerProcess.FreePort()}", Any, "leases");
        // Something that answers nothing but text.
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        _ = GreetAsync(listener);
        await Says(1, "weir: ", listener.LocalEndpoint.ToString()!, Any, "leases");
    }

    private static async Task GreetAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await client.GetStream().WriteAsync("hello\n"u8.ToArray());
            }
        }
        catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException)
        {
            // The test is over, or the command has left.
        }
    }

    private static string Any => $"weiru1.{new string('0', 64)}.{new string('A', 43)}";

    private static Task<(int ExitCode, string Output, string Errors)> Run(
        string address,
        string? token,
        params string[] arguments
    ) => WeirCommand.RunAsync(address, token, arguments);

    private static async Task Says(int exitCode, string says, string address, string? token, params string[] arguments)
    {
        var run = await Run(address, token, arguments);
        Assert.True(
            run.ExitCode == exitCode && run.Errors.Contains(says),
            $"weir {string.Join(' ', arguments)}: {run.ExitCode}: {run.Errors}"
        );
    }
}
