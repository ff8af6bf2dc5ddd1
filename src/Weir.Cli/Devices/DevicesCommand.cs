using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace Weir.Cli.Devices;

/// <summary>`weir devices`: what the next program would see.</summary>
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
        var command = new Command("devices", "List the devices that a program would see.") { device, memory, output };
        command.SetAction(parsed =>
            Run(parsed.GetValue(device)!, parsed.GetValue(memory), parsed.GetValue(output) == "json")
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
            return;
        }
        Table table = new Table().Border(TableBorder.Rounded);
        foreach (string column in (string[])["#", "device", "kind", "memory", "compute", "units", "PCI", "UUID"])
        {
            table.AddColumn(new TableColumn(column).NoWrap());
        }
        foreach (ListedDevice device in list.Devices)
        {
            table.AddRow(
                new Text($"{device.Ordinal}"),
                new Text(device.Name),
                new Text(list.Backend),
                new Text(Sizes.Text(device.MemoryBytes)),
                new Text(device.ComputeCapability),
                new Text($"{device.Multiprocessors}"),
                new Text(device.PciAddress),
                new Text($"GPU-{device.Uuid}")
            );
        }
        AnsiConsole.Write(table);
        if (list.Reason.Length > 0)
        {
            Console.WriteLine($"The real driver is not used: {list.Reason}.");
        }
    }
}
