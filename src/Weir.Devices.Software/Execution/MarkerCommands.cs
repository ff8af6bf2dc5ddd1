using System.Diagnostics;

namespace Weir.Devices.Software.Execution;

/// <summary>Reaches an event.</summary>
internal sealed class RecordCommand(DeviceStream stream, DeviceEvent mark) : Command(stream)
{
    /// <inheritdoc/>
    public override void Run(ExecutorSlot slot, long first, long end) { }

    /// <inheritdoc/>
    public override void Complete() => mark.Reach(this, Stopwatch.GetTimestamp());
}

/// <summary>Does nothing in its place but hold up what follows; <paramref name="action"/> is run when it is reached.</summary>
internal sealed class MarkerCommand(DeviceStream stream, Action? action = null) : Command(stream)
{
    /// <inheritdoc/>
    public override void Run(ExecutorSlot slot, long first, long end) { }

    /// <inheritdoc/>
    public override void Complete() => action?.Invoke();
}

/// <summary>Calls a function of the program.</summary>
internal sealed class HostFunctionCommand(DeviceStream stream, Action function, bool skippedByFault) : Command(stream)
{
    /// <inheritdoc/>
    public override bool IsHostFunction => true;

    /// <inheritdoc/>
    public override void Run(ExecutorSlot slot, long first, long end)
    {
        if (!skippedByFault || Stream.Context.Fault == 0)
        {
            function();
        }
    }
}
