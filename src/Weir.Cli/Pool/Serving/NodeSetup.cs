using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Weir.Protocol;
using Weir.Protocol.Agents;
using Weir.Protocol.Grpc;

namespace Weir.Cli.Pool.Serving;

/// <summary>Makes this machine a node: its credential and the agent's configuration (src/Weir.Agent/Configuration/AgentConfig.cs).</summary>
internal static class NodeSetup
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>--oversubscribe, of `weir up` and `weir join`.</summary>
    public static Option<double?> OversubscribeOption()
    {
        var option = new Option<double?>("--oversubscribe")
        {
            Description = "What may be promised of a software device's memory, as a multiple of it: 1 to 8, e.g. 1.8.",
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is { } factor and not (>= 1 and <= 8))
            {
                result.AddError($"--oversubscribe takes a factor from 1 to 8, not {factor}");
            }
        });
        return option;
    }

    /// <summary>Software devices as the agent's configuration has them.</summary>
    public static JsonObject Software(int count, long? memoryBytes, double? oversubscribe)
    {
        var device = new JsonObject { ["count"] = count };
        if (memoryBytes is not null)
        {
            device["memoryBytes"] = memoryBytes;
        }
        if (oversubscribe is not null)
        {
            device["oversubscribe"] = oversubscribe;
        }
        return device;
    }

    /// <summary>Trades a join token for a credential and keeps it.</summary>
    public static async Task JoinAsync(PoolFolders folders, string address, string token, string node)
    {
        string fingerprint = ControllerClient.Fingerprint(token, "weir1");
        PoolFolders.MakePassable(folders.State);
        PoolFolders.MakePassable(folders.Agent);
        JoinReply reply;
        try
        {
            using var client = new AgentsClient(address, fingerprint);
            reply = await client.JoinAsync(
                new JoinRequest
                {
                    Token = token,
                    Node = node,
                    Version = new Protocol.Agents.Version
                    {
                        Major = ProtocolVersion.Major,
                        Minor = ProtocolVersion.Minor,
                        Release = typeof(NodeSetup).Assembly.GetName().Version?.ToString(3) ?? "",
                    },
                },
                CancellationToken.None
            );
        }
        catch (GrpcException refused)
        {
            throw new PoolException(refused.Message);
        }
        catch (HttpRequestException error)
        {
            throw new PoolException(
                error.HttpRequestError == HttpRequestError.SecureConnectionError
                    ? $"whoever answers at {address} is not the controller that made this token: look at the address, and whether the token is forged"
                    : $"no controller answers at {address} ({error.InnerException?.Message ?? error.Message}): look whether it runs there and its port is open"
            );
        }
        Private.Write(folders.AgentCredential, reply.Credential);
        Configure(
            folders,
            config =>
            {
                config["node"] = reply.Node;
                Point(config, folders, address, fingerprint);
            }
        );
    }

    /// <summary>Tells the agent where the controller is now.</summary>
    public static void Point(PoolFolders folders, string address, string fingerprint) =>
        Configure(folders, config => Point(config, folders, address, fingerprint));

    /// <summary>Changes the agent's configuration; what a person wrote there stays.</summary>
    public static void Configure(PoolFolders folders, Action<JsonObject> change)
    {
        PoolFolders.MakePassable(folders.State);
        PoolFolders.MakePassable(folders.Agent);
        JsonObject config = [];
        if (File.Exists(folders.AgentConfig))
        {
            try
            {
                config =
                    JsonNode.Parse(
                        File.ReadAllText(folders.AgentConfig),
                        null,
                        new JsonDocumentOptions
                        {
                            AllowTrailingCommas = true,
                            CommentHandling = JsonCommentHandling.Skip,
                        }
                    ) as JsonObject
                    ?? [];
            }
            catch (JsonException error)
            {
                throw new PoolException(
                    $"{folders.AgentConfig}, line {error.LineNumber + 1}, column {error.BytePositionInLine + 1}: {error.Message.Split(" LineNumber:")[0]}"
                );
            }
        }
        string before = config.ToJsonString();
        change(config);
        if (config.ToJsonString() != before)
        {
            Private.Write(folders.AgentConfig, config.ToJsonString(Indented));
        }
    }

    private static void Point(JsonObject config, PoolFolders folders, string address, string fingerprint) =>
        config["controller"] = new JsonObject
        {
            ["address"] = address,
            ["fingerprint"] = fingerprint,
            ["credentialFile"] = folders.AgentCredential,
        };
}
