using System.Data.Common;
using Npgsql;

namespace Weir.Controller.Store;

/// <summary>A PostgreSQL database; the controller that holds its advisory lock is the only one.</summary>
internal sealed class PostgresDatabase : Database
{
    // "weir" in ASCII.
    private const long AdvisoryLock = 0x77656972;
    private readonly NpgsqlConnectionStringBuilder _text;
    private NpgsqlConnection? _lock;

    public PostgresDatabase(string connectionString)
    {
        try
        {
            _text = new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            throw new StoreException($"the connection string is not understood: {error.Message}", error);
        }
    }

    public override string Kind => "postgresql";

    public override string Place => $"postgresql://{_text.Host}:{_text.Port}/{_text.Database}";

    /// <summary>postgresql://user:password@host:port/database as Npgsql writes it.</summary>
    public static string FromUri(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri))
        {
            throw new StoreException(
                "the connection string is not understood: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
            );
        }
        string[] user = uri.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Port = uri.Port > 0 ? uri.Port : 5432,
            Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')),
        };
        if (user[0].Length > 0)
        {
            builder.Username = Uri.UnescapeDataString(user[0]);
        }
        if (user.Length > 1)
        {
            builder.Password = Uri.UnescapeDataString(user[1]);
        }
        return builder.ToString();
    }

    public override void Claim()
    {
        try
        {
            _lock = (NpgsqlConnection)Open();
            using var command = _lock.CreateCommand();
            command.CommandText = $"SELECT pg_try_advisory_lock({AdvisoryLock})";
            if (command.ExecuteScalar() is not true)
            {
                throw new StoreException(
                    $"the store {Place} is in use by another controller: stop that one, or use another database"
                );
            }
        }
        catch (Exception error) when (Unavailable(error) is { } what)
        {
            throw new StoreException($"the store {Place} cannot be opened: {what}", error);
        }
        catch (PostgresException error)
        {
            throw new StoreException($"the store {Place} cannot be opened: {error.MessageText}", error);
        }
    }

    public override Database Beside(string name) => new PostgresDatabase(_text.ToString());

    public override DbConnection Open()
    {
        var text = new NpgsqlConnectionStringBuilder(_text.ToString())
        {
            Pooling = false,
            Timeout = 5,
            CommandTimeout = 10,
        };
        var connection = new NpgsqlConnection(text.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public override void Backup(string path)
    {
        // Plain JSON lines, so that `recover` needs no tool of the server.
        using var connection = (NpgsqlConnection)Open();
        using var transaction = connection.BeginTransaction(System.Data.IsolationLevel.RepeatableRead);
        using var file = new FileStream(path, FileMode.CreateNew);
        using var writer = new StreamWriter(file);
        foreach (string table in Migrations.Tables)
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT * FROM {table}";
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                writer.WriteLine(BackupLine.Write(table, reader));
            }
        }
        writer.Flush();
        file.Flush(flushToDisk: true);
    }

    public override string? Unavailable(Exception error) =>
        error switch
        {
            PostgresException { SqlState: "53100" } => "the disk of the database server is full: free some space",
            PostgresException
            {
                SqlState: ['0', '8', ..] or ['5', '3', ..] or ['5', '7', ..] or ['5', '8', ..] or ['2', '8', ..]
            } server => $"the database server says: {server.MessageText}",
            PostgresException => null,
            NpgsqlException network =>
                $"the database server cannot be reached ({network.Message}): look whether it runs",
            System.Net.Sockets.SocketException network =>
                $"the database server cannot be reached ({network.Message}): look whether it runs",
            InvalidOperationException closed => $"the connection to the database server is gone ({closed.Message})",
            _ => null,
        };

    public override void Dispose()
    {
        try
        {
            // The server notices a closed connection when it comes to it; the next controller may be sooner.
            using var command = _lock?.CreateCommand();
            if (command is not null)
            {
                command.CommandText = $"SELECT pg_advisory_unlock({AdvisoryLock})";
                command.ExecuteScalar();
            }
        }
        catch (Exception gone) when (Unavailable(gone) is not null || gone is InvalidOperationException)
        {
            // The server is away: the lock went with the connection.
        }
        _lock?.Dispose();
    }
}
