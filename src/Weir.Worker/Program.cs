using Weir.Posix;
using Weir.Worker.Brokering;
using Weir.Worker.Devices;
using Weir.Worker.Enclosing;
using Weir.Worker.Launching;
using Weir.Worker.Leasing;
using Weir.Worker.Logging;
using Weir.Worker.LoneNode;
using Weir.Worker.Measuring;
using Weir.Worker.Relaying;
using Weir.Worker.Sessions;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

namespace Weir.Worker;

/// <summary>One program, three roles; the first argument chooses.</summary>
internal static class Program
{
    private const string Usage = """
        weir-worker: the native parts behind `weir run`.
          --launch [OPTIONS] -- PROGRAM ARGS…   start a broker, become the program
          --broker OPTIONS                      hand clients to workers (started by --launch)
          --worker OPTIONS                      serve one client (started by --broker)
          --enclose OPTIONS -- PROGRAM ARGS…    become the program within limits, as another user (started by an agent)
          --keep FILE [--seconds N] -- PROGRAM  run the program, note how it ended, end what it left (started by an agent)
          --self-test OPTIONS                   move and compare data on the device; what is wrong, if anything
          --lone-node --ticket FILE OPTIONS     lend this machine's device, without a pool, to whoever has the ticket
          --relay                               stand in for a worker on another node (started by --broker)
          --describe [--opencl] OPTIONS         print the devices that a client would see, as JSON
          --measure bare-tls ADDRESS [WORDS…]   print what an SslStream alone does between two processes
          --measure empty-launch                print the nanoseconds that the software device takes for an empty launch
        """;

    private static int Main()
    {
        List<string> words = NativeText.Arguments();
        string role = words.Count > 1 ? words[1] : "";
        List<string> rest = [.. words.Skip(2)];
        switch (role)
        {
            case "--launch":
                return Launcher.Run(rest);
            case "--broker":
                return RunBroker(rest);
            case "--worker":
                return RunWorker(rest);
            case "--enclose":
                return Enclosure.Run(rest);
            case "--keep":
                return Keeper.Run(rest);
            case "--self-test":
                return RunSelfTest(rest);
            case "--lone-node":
                return RunLoneNode(rest);
            case "--relay":
                return RunRelay();
            case "--describe":
                return Describe(rest);
            case "--measure" when rest is ["bare-tls", var listen, .. var prefix]:
                BareTls.Run(listen, [.. prefix]);
                return 0;
            case "--measure" when rest is ["bare-tls-client", var address]:
                BareTls.RunClient(address);
                return 0;
            case "--measure" when rest is ["empty-launch"]:
                return Measure();
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }

    private static int RunWorker(List<string> words)
    {
        Log.SetRole("worker");
        _ = UntouchedSignals.Set(Libc.SIGPIPE, 1);
        try
        {
            return new WorkerProcess(WorkerOptions.Parse(words)).Run();
        }
        catch (FormatException failure)
        {
            Log.Error(failure.Message);
            return 2;
        }
        catch (IOException failure)
        {
            Log.Error(failure.Message);
            return 1;
        }
    }

    private static int RunLoneNode(List<string> words)
    {
        Log.SetRole("node");
        _ = UntouchedSignals.Set(Libc.SIGPIPE, 1);
        try
        {
            return new LoneNodeProcess(LoneNodeOptions.Parse(words)).Run();
        }
        catch (Exception failure) when (failure is FormatException or IOException or System.Net.Sockets.SocketException)
        {
            Log.Error(failure.Message);
            return 2;
        }
    }

    private static int RunRelay()
    {
        Log.SetRole("relay");
        _ = UntouchedSignals.Set(Libc.SIGPIPE, 1);
        return new RelayProcess().Run();
    }

    private static int Describe(List<string> words)
    {
        Log.SetRole("describe");
        try
        {
            bool hasOpenCl = words.Remove("--opencl");
            DeviceListing listing = DeviceListing.Create(WorkerOptions.Parse(words));
            Console.WriteLine((hasOpenCl ? listing with { OpenCl = OpenClListing.Create() } : listing).ToJson());
            return 0;
        }
        catch (FormatException failure)
        {
            Log.Error(failure.Message);
            return 2;
        }
    }

    private static int RunSelfTest(List<string> words)
    {
        Log.SetRole("self-test");
        try
        {
            string? fault = SelfTest.Run(WorkerOptions.Parse(words));
            Console.WriteLine(fault ?? "the device works");
            return fault is null ? 0 : 1;
        }
        catch (FormatException failure)
        {
            Log.Error(failure.Message);
            return 2;
        }
    }

    private static int Measure()
    {
        Log.SetRole("measure");
        try
        {
            Console.WriteLine(
                EmptyLaunch.Nanoseconds().ToString("0.0", System.Globalization.CultureInfo.InvariantCulture)
            );
            return 0;
        }
        catch (InvalidOperationException failure)
        {
            Log.Error(failure.Message);
            return 1;
        }
    }

    private static int RunBroker(List<string> words)
    {
        Log.SetRole("broker");
        _ = UntouchedSignals.Set(Libc.SIGPIPE, 1);
        var log = new BrokerLog();
        log.Open();
        try
        {
            BrokerOptions options = BrokerOptions.Parse(words);
            return options.Lease is null ? new Broker(options).Run() : new LeaseBroker(options).Run();
        }
        catch (FormatException failure)
        {
            Log.Error(failure.Message);
            return 2;
        }
        finally
        {
            log.Close();
        }
    }
}
