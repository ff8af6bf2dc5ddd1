using System.Diagnostics;
using Weir.Agent.Sessions;
using Weir.Protocol.Agents;

namespace Weir.Agent.Devices;

/// <summary>
/// Devices that fail serve nobody until they pass a self-test: their sessions end with the fault as the reason, the
/// controller is told, and tests are made after growing pauses or when somebody asks. Methods are called under the node's lock.
/// </summary>
internal sealed class FaultWatch(Node node)
{
    private static readonly TimeSpan s_lookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_testLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(5);
    private Timer? _looking;

    /// <summary>Begins to look for the fault files of devices that have one.</summary>
    public void Watch()
    {
        if (node.Devices.Any(device => device.FaultFile is not null))
        {
            _looking = new Timer(_ => Look(), null, TimeSpan.Zero, s_lookInterval);
        }
    }

    /// <summary>A device failed.</summary>
    public void Report(DeviceState device, string fault)
    {
        if (device.Fault is not null)
        {
            return;
        }
        Log.Error($"device {device.Uuid} has a fault: {fault}");
        device.Fault = fault;
        device.FailedTests = 0;
        foreach (ClientSession session in node.Sessions.All.Where(session => session.Device == device).ToArray())
        {
            node.Sessions.End(session, $"device fault: {fault}");
        }
        Tell(device);
        Monitor.PulseAll(node.Gate);
        Plan(device);
    }

    /// <summary>Somebody wants to know whether a device works; the controller is told either way.</summary>
    public void Test(string uuid)
    {
        if (node.Device(uuid) is { } device)
        {
            _ = Task.Run(() => Run(device));
        }
    }

    private void Look()
    {
        foreach (DeviceState device in node.Devices)
        {
            if (ReadFaultFile(device) is { } fault)
            {
                lock (node.Gate)
                {
                    Report(device, fault);
                }
            }
        }
    }

    private static string? ReadFaultFile(DeviceState device)
    {
        try
        {
            return device.FaultFile is { } path && File.Exists(path)
                ? $"rehearsed: {File.ReadAllText(path).Trim()}"
                : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Plan(DeviceState device)
    {
        if (device.IsTestPlanned)
        {
            return;
        }
        device.IsTestPlanned = true;
        TimeSpan pause = TimeSpan.FromSeconds(
            Math.Min(s_longestPause.TotalSeconds, 5 << Math.Min(device.FailedTests, 10))
        );
        _ = Task.Delay(pause).ContinueWith(_ => Run(device), TaskScheduler.Default);
    }

    private void Run(DeviceState device)
    {
        string? fault = ReadFaultFile(device) ?? SelfTest(device);
        lock (node.Gate)
        {
            device.IsTestPlanned = false;
            if (fault is null)
            {
                if (device.Fault is not null)
                {
                    Log.Info($"device {device.Uuid} passed its self-test");
                }
                device.Fault = null;
                device.FailedTests = 0;
                Tell(device);
                node.Farm.Refill(device);
            }
            else if (device.Fault is null)
            {
                Report(device, fault);
            }
            else
            {
                device.FailedTests++;
                device.Fault = fault;
                Tell(device);
                Plan(device);
            }
        }
    }

    private string? SelfTest(DeviceState device)
    {
        var start = new ProcessStartInfo(
            node.Start.Program,
            ["--self-test", .. device.Options(Math.Min(device.MemoryBytes, 256 << 20))]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (device.Kind == "cuda")
        {
            start.Environment["CUDA_VISIBLE_DEVICES"] = device.Uuid;
        }
        try
        {
            using Process process = Process.Start(start)!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(s_testLimit))
            {
                process.Kill();
                return $"the self-test does not end within {s_testLimit.TotalSeconds} s";
            }
            return process.ExitCode == 0 ? null : $"self-test: {output.Result.Trim()} (exit code {process.ExitCode})";
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            return $"the self-test cannot be started: {failure.Message}";
        }
    }

    private void Tell(DeviceState device) =>
        node.Tell(
            new AgentMessage
            {
                Health = new DeviceHealth
                {
                    Uuid = device.Uuid,
                    Healthy = device.Fault is null,
                    Reason = device.Fault ?? "",
                },
            }
        );
}
