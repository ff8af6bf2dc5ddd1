namespace Weir.Controller.Serving;

/// <summary>How a controller is started.</summary>
/// <param name="StateFolder">Certificate, store (when it is SQLite) and output of workloads.</param>
/// <param name="Listen">"host:port" for agents and people of other machines; port 0: any.</param>
/// <param name="Socket">The local socket's path.</param>
/// <param name="Database">A file or a connection string; null: weir.db in the state folder.</param>
/// <param name="Address">Where others reach it; null: as it listens.</param>
/// <param name="AcceptClock">Start although the clock stands before the store's last entry.</param>
internal sealed record ControllerOptions(
    string StateFolder,
    string Listen,
    string Socket,
    string? Database = null,
    string? Address = null,
    bool AcceptClock = false
);
