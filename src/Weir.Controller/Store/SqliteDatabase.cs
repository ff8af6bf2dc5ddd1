using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Weir.Controller.Store;

/// <summary>One file beside its write-ahead log; every commit is on disk when it returns.</summary>
internal sealed class SqliteDatabase(string path, int maximumPages = 0) : Database
{
    private FileStream? _lock;

    public override string Kind => "sqlite";

    public override string Place => path;

    public override void Claim()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        try
        {
            _lock = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new StoreException(
                $"the store {path} is in use by another controller ({error.Message}): stop that one, or use another --state",
                error
            );
        }
        try
        {
            using var connection = Open();
            using var check = connection.CreateCommand();
            check.CommandText = "PRAGMA quick_check(1)";
            if (check.ExecuteScalar() as string is { } found && found != "ok")
            {
                throw Damaged(found, null);
            }
        }
        catch (SqliteException error)
        {
            if (error.SqliteErrorCode is 11 or 26)
            {
                throw Damaged(error.Message, error);
            }
            throw new StoreException(
                $"the store {path} cannot be opened: {Unavailable(error) ?? error.Message}",
                error
            );
        }
    }

    public override Database Beside(string name) =>
        new SqliteDatabase(
            Path.Combine(
                Path.GetDirectoryName(Path.GetFullPath(path))!,
                $"{Path.GetFileNameWithoutExtension(path)}-{name}.db"
            )
        );

    public override DbConnection Open()
    {
        var text = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
            DefaultTimeout = 5,
        };
        var connection = new SqliteConnection(text.ToString());
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;";
            command.ExecuteNonQuery();
            if (maximumPages > 0)
            {
                command.CommandText = $"PRAGMA max_page_count={maximumPages}";
                command.ExecuteNonQuery();
            }
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public override void Backup(string target)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        // One transaction's view, compact, while writers go on.
        command.CommandText = "VACUUM INTO $target";
        command.Parameters.Add(new SqliteParameter("$target", target));
        command.ExecuteNonQuery();
    }

    public override string? Unavailable(Exception error) =>
        error switch
        {
            SqliteException { SqliteErrorCode: 13 } =>
                $"the disk of {path} is full: free some space; the controller goes on by itself",
            SqliteException { SqliteErrorCode: 10 } sqlite =>
                $"{path} cannot be written ({sqlite.Message}): look at the disk; the controller goes on by itself",
            SqliteException { SqliteErrorCode: 11 or 26 } sqlite =>
                $"{path} is damaged ({sqlite.Message}): stop the controller and run `weir recover`",
            SqliteException { SqliteErrorCode: 5 or 6 or 8 or 14 } sqlite =>
                $"{path} cannot be written ({sqlite.Message}): look at its owner and who has it open",
            _ => null,
        };

    public override void Dispose() => _lock?.Dispose();

    private StoreException Damaged(string found, Exception? cause) =>
        new(
            $"the store {path} is damaged ({found}). `weir recover --from BACKUP` restores a backup; `weir recover` saves what can be read. Running sessions go on meanwhile.",
            cause
        );
}
