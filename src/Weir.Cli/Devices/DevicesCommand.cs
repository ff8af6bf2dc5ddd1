using System.CommandLine;
using System.Text.Json;
using Weir.Cli.Pool;
using Weir.Cli.Pool.Nodes;
using Weir.Protocol.Rest;

namespace Weir.Cli.Devices;

/// <summary>`weir devices`: what the next program would see here, and what the pool has.</summary>
internal static class DevicesCommand
{
    public static Command Create()
    {
        Option<string> output = OutputFormat.Option();
        var device = new Option<string>("--device")
        {
            Description = "As for `weir run`: auto, software or cuda.",
            DefaultValueFactory = _ => "auto",
        };
        device.AcceptOnlyFromAmong("auto", "software", "cuda");
        var memory = new Option<string?>("--mem") { Description = "As for `weir run`, e.g. 8GiB." };
        var pool = new Option<bool>("--pool") { Description = "Only the pool's devices." };
        var local = new Option<bool>("--local") { Description = "Only what a program would see on this machine." };
        var command = new Command("devices", "List the devices that a program would see here, and those of the pool.")
        {
            device,
            memory,
            pool,
            local,
            output,
        };
        command.SetAction(
            (parsed, _) =>
                PoolCommand.Guard(async () =>
                {
                    bool asJson = parsed.GetValue(output) == "json";
                    bool only = parsed.GetValue(pool);
                    DeviceView[]? shared = parsed.GetValue(local) ? null : await PoolDevices.ReadAsync(must: only);
                    if (only)
                    {
                        if (asJson)
                        {
                            return PoolCommand.Json(shared!, RestJson.Default.DeviceViewArray);
                        }
                        PoolDevices.Print(shared!);
                        return ExitCodes.Success;
                    }
                    int code = Run(parsed.GetValue(device)!, parsed.GetValue(memory), asJson);
                    if (shared is not null && !asJson)
                    {
                        Console.WriteLine();
                        Console.WriteLine("The pool (weir run --gpus …):");
                        PoolDevices.Print(shared);
                    }
                    return code;
                })
        );
        command.Subcommands.Add(PoolDevices.Mode("cordon", "Place nothing new on a device of the pool."));
        command.Subcommands.Add(
            PoolDevices.Mode("uncordon", "Let a device be used again; a faulty one runs its self-test first.")
        );
        return command;
    }

    private static int Run(string device, string? memory, bool asJson)
    {
        if (Artifacts.Find() is not { } artifacts)
        {
            Console.Error.WriteLine(Artifacts.Missing);
            return ExitCodes.CannotStart;
        }
        DeviceList? list = DeviceList.Read(artifacts, device, memory, out string problem);
        if (list is null)
        {
            Console.Error.WriteLine($"weir: {problem}");
            return ExitCodes.Failure;
        }
        if (asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(list, DeviceListJson.Default.DeviceList));
        }
        else
        {
            Print(list);
        }
        return list.Devices.Count > 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static void Print(DeviceList list)
    {
        if (list.Devices.Count == 0)
        {
            Console.WriteLine($"No device: {list.Reason}");
            Print(list.OpenCl);
            return;
        }
        foreach (ListedDevice device in list.Devices)
        {
            Console.WriteLine($"{device.Ordinal}  {device.Name}");
            Console.WriteLine(
                $"   {list.Backend}, {Sizes.Text(device.MemoryBytes)}, compute capability {device.ComputeCapability}, "
                    + $"{device.Multiprocessors} multiprocessors"
            );
            Console.WriteLine($"   PCI {device.PciAddress}, GPU-{device.Uuid}");
        }
        if (list.Backend == "software" && list.Reason.Length > 0)
        {
            Console.WriteLine($"The real driver is not used: {list.Reason}.");
        }
        Print(list.OpenCl);
    }

    private static void Print(OpenClList? list)
    {
        if (list is null)
        {
            return;
        }
        Console.WriteLine();
        if (list.Devices.Count == 0)
        {
            Console.WriteLine($"OpenCL: no device: {list.Reason}.");
            return;
        }
        Console.WriteLine("OpenCL:");
        for (int i = 0; i < list.Devices.Count; i++)
        {
            ListedOpenClDevice device = list.Devices[i];
            Console.WriteLine($"{i}  {device.Name}");
            Console.WriteLine(
                $"   {device.Platform}, {device.Type}, {Sizes.Text(device.MemoryBytes)}, {device.ComputeUnits} compute units, {device.Version}"
            );
        }
    }
}
