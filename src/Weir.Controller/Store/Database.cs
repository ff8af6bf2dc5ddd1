using System.Data.Common;

namespace Weir.Controller.Store;

/// <summary>Where the controller's state is kept: SQLite, or PostgreSQL.</summary>
internal abstract class Database : IDisposable
{
    /// <summary>"sqlite" or "postgresql".</summary>
    public abstract string Kind { get; }

    /// <summary>For people: a path, or a server without its password.</summary>
    public abstract string Place { get; }

    /// <summary>
    /// The one of <paramref name="text"/>: "Host=…" or "postgresql://…" is PostgreSQL, anything else a file's path.
    /// </summary>
    public static Database Of(string text)
    {
        if (
            text.StartsWith("postgres://", StringComparison.Ordinal)
            || text.StartsWith("postgresql://", StringComparison.Ordinal)
        )
        {
            return new PostgresDatabase(PostgresDatabase.FromUri(text));
        }
        return text.Contains("Host=", StringComparison.OrdinalIgnoreCase)
            ? new PostgresDatabase(text)
            : new SqliteDatabase(text);
    }

    /// <summary>Makes sure that this process is the only controller of the store, and that it is whole.</summary>
    public abstract void Claim();

    /// <summary>
    /// Where history is kept that is large, and that nobody waits for: another file beside a file, the same database on a server. Used
    /// by one process because this one is.
    /// </summary>
    public abstract Database Beside(string name);

    /// <summary>A new connection.</summary>
    public abstract DbConnection Open();

    /// <summary>Writes a copy of all to a new file.</summary>
    public abstract void Backup(string path);

    /// <summary>Whether the fault is one of the place (full, gone, damaged), and what to do; null for an error in a statement.</summary>
    public abstract string? Unavailable(Exception error);

    public abstract void Dispose();
}
