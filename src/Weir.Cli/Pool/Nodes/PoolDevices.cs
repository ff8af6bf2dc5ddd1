using System.CommandLine;
using System.Globalization;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Nodes;

/// <summary>The pool's part of `weir devices`.</summary>
internal static class PoolDevices
{
    /// <summary>Prints the pool's devices; null when there is no controller and none was named.</summary>
    public static async Task<DeviceView[]?> ReadAsync(bool must)
    {
        try
        {
            using var client = new ControllerClient(Login.Find());
            return await client.GetAsync("v1/devices", RestJson.Default.DeviceViewArray);
        }
        catch (PoolException) when (!must)
        {
            // Without a pool there are still the devices of this machine.
            return null;
        }
    }

    public static void Print(DeviceView[] devices) =>
        PoolCommand.Table(
            "The pool has no devices.",
            ["DEVICE", "NODE", "STATE", "MODEL", "POOL", "COMPUTE", "MEMORY", "LEASES", "BUSY"],
            devices.Select(device =>
                (string[])
                    [
                        device.Uuid,
                        $"{device.Node}/{device.Ordinal}",
                        device.Fault is null ? device.State : $"{device.State}: {device.Fault}",
                        device.Model,
                        device.Pool,
                        $"{device.ComputeGranted}/100 %",
                        $"{Sizes.Text((ulong)device.MemoryGranted)}/{Sizes.Text((ulong)device.MemoryBytes)}",
                        $"{device.Leases}",
                        string.Create(CultureInfo.InvariantCulture, $"{device.ComputeUsed:0} %"),
                    ]
            )
        );

    /// <summary>`weir devices cordon|uncordon UUID`.</summary>
    public static Command Mode(string verb, string description)
    {
        var uuid = new Argument<string>("uuid");
        return new Command(verb, description) { uuid }.Does(
            async (parsed, client, _) =>
            {
                await client.DoAsync<DrainRequest>(
                    HttpMethod.Post,
                    $"v1/devices/{NodesCommand.Escaped(parsed.GetValue(uuid)!)}/{verb}",
                    null,
                    null
                );
                return ExitCodes.Success;
            }
        );
    }
}
