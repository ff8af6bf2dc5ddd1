using System.CommandLine;

namespace Weir.Cli.Devices;

/// <summary>`weir devices`: what the next program would see.</summary>
internal static class DevicesCommand
{
    public static Command Create()
    {
        var command = new Command("devices", "List the devices that a program would see.");
        command.SetAction(_ => ExitCodes.Success);
        return command;
    }
}
