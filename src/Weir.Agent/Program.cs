using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using Weir.Agent;
using Weir.Agent.Channels;
using Weir.Agent.Configuration;
using Weir.Agent.Upstream;
using Weir.Remote.Secure;

[assembly: SupportedOSPlatform("linux")]

// Weir.Agent --config FILE --run FOLDER --state FOLDER --worker PATH; every option has a default.
const int CannotStart = 1;
const int Misused = 2;
AgentOptions options;
AgentConfig config;
try
{
    options = AgentOptions.Parse(args);
    config = options.Config is { } file ? AgentConfig.Read(file) : AgentConfig.Checked(new AgentConfig());
}
catch (FormatException failure)
{
    Log.Error(failure.Message);
    return Misused;
}

var folders = new AgentFolders(options.Run, options.State);
try
{
    folders.Prepare();
    using var alone = new FileStream(
        Path.Combine(folders.Run, "lock"),
        FileMode.OpenOrCreate,
        FileAccess.ReadWrite,
        FileShare.None
    );
    var node = new Node(config, folders, options.Worker);
    if (config.Listen.Length > 0)
    {
        new RemoteEndpoint(node, Certificate(folders)).Start();
    }
    node.Run();
    new LocalEndpoint(node).Start();
    new OperatorEndpoint(node).Start();
    using var ended = new CancellationTokenSource();
    using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
    using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
    Log.Info(
        $"node {config.Node} serves {node.Devices.Count} devices at {folders.Socket}{(node.Address.Length > 0 ? $" and {node.Address}" : "")}"
    );
    if (config.Controller is { } controller)
    {
        await new ControllerLink(node, controller).Run(ended.Token);
    }
    else
    {
        await Task.Delay(Timeout.Infinite, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
    // Sessions go on; idle workers end by themselves when their sockets close.
    Log.Info("ends; open sessions go on");
    return 0;

    void End(PosixSignalContext signal)
    {
        signal.Cancel = true;
        ended.Cancel();
    }
}
catch (Exception failure)
    when (failure is IOException or UnauthorizedAccessException or SocketException or FormatException)
{
    Log.Error($"cannot start: {failure.Message}");
    return CannotStart;
}

// The node's own: whoever joins it to a controller tells its fingerprint.
static X509Certificate2 Certificate(AgentFolders folders)
{
    string file = Path.Combine(folders.State, "agent.pfx");
    if (!File.Exists(file))
    {
        using X509Certificate2 made = PinnedTls.CreateCertificate();
        WholeFile.Write(file, made.Export(X509ContentType.Pfx));
    }
    return X509CertificateLoader.LoadPkcs12FromFile(file, null);
}
