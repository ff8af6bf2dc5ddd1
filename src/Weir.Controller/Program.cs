using System.Runtime.InteropServices;
using Weir.Controller.Serving;
using Weir.Controller.Store;

namespace Weir.Controller;

/// <summary>
/// `weir-controller serve|recover …`: the process behind `weir up`. Writes one line "ready …" to standard output when it
/// serves; logs go to standard error's place in the journal.
/// </summary>
internal static class Program
{
    private const int Usage = 2;
    private const int CannotStart = 3;

    private static async Task<int> Main(string[] args)
    {
        try
        {
            var line = new CommandLine(args);
            switch (line.Verb)
            {
                case "serve":
                    return await ServeAsync(line.Options());
                case "recover":
                    Console.WriteLine(
                        Recovery.Run(line.Required("--state"), line.Value("--database"), line.Value("--from"))
                    );
                    return 0;
                case "measure":
                    return Metering.MeteringMeasurement.Run();
                default:
                    throw new FormatException("say serve or recover");
            }
        }
        catch (FormatException misuse)
        {
            await Console.Error.WriteLineAsync($"weir-controller: {misuse.Message}");
            return Usage;
        }
        catch (StoreException error)
        {
            await Console.Error.WriteLineAsync($"weir-controller: {error.Message}");
            return CannotStart;
        }
    }

    private static async Task<int> ServeAsync(ControllerOptions options)
    {
        using var ending = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        await using var host = await ControllerHost.StartAsync(options);
        Console.WriteLine($"ready {host.Identity.Address} {host.Identity.Fingerprint}");
        await Task.Delay(Timeout.Infinite, ending.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        return 0;

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            ending.Cancel();
        }
    }
}
