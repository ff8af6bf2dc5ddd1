using System.CommandLine;

namespace Weir.Cli.Doctor;

/// <summary>`weir doctor`: is everything there that a run needs, and what did the last runs miss?</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var command = new Command("doctor", "Check the installation; list API calls that programs asked for and did not get.");
        command.SetAction(_ => ExitCodes.Success);
        return command;
    }
}
