using System.Collections.Concurrent;

namespace Weir.Devices.Software.Execution;

/// <summary>
/// Runs the program's own functions, which may take any time, on a thread of their own; started with the first.
/// </summary>
internal sealed class HostFunctionThread : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly BlockingCollection<Command> queue = [];
    private readonly Thread thread;

    /// <param name="run">Runs one command to its end.</param>
    public HostFunctionThread(Action<Command> run)
    {
        thread = new Thread(() =>
        {
            foreach (Command command in queue.GetConsumingEnumerable())
            {
                run(command);
            }
        })
        {
            IsBackground = true,
            Name = "weir-callbacks",
        };
        thread.Start();
    }

    /// <summary>Adds a command whose turn has come.</summary>
    public void Add(Command command) => queue.Add(command);

    /// <inheritdoc/>
    public void Dispose()
    {
        queue.CompleteAdding();
        // A function that never returns must not keep the device from ending.
        if (thread.Join(Patience))
        {
            queue.Dispose();
        }
    }
}
