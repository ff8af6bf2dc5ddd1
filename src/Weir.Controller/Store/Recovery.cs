using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Weir.Controller.Store;

/// <summary>`weir recover`: puts a store back in place, from a backup or from what a damaged one still gives.</summary>
internal static class Recovery
{
    /// <summary>
    /// Recovers the store and returns what was done, for people. The damaged store is kept beside it. Throws
    /// <see cref="StoreException"/>.
    /// </summary>
    /// <param name="stateFolder">The controller's state folder.</param>
    /// <param name="database">A file or connection string; null: weir.db in the state folder.</param>
    /// <param name="from">A backup; null: the damaged store itself.</param>
    public static string Run(string stateFolder, string? database, string? from)
    {
        if (from is not null && !File.Exists(from))
        {
            throw new StoreException($"there is no backup {from}: name the file that `weir backup` wrote");
        }
        string place = database ?? Path.Combine(stateFolder, "weir.db");
        using var target = Database.Of(place);
        return target is SqliteDatabase ? OfFile(place, from) : OfServer(target, from);
    }

    private static string OfFile(string path, string? from)
    {
        using var alone = Alone(path);
        string kept = $"{path}.damaged-{DateTime.UtcNow:yyyyMMddHHmmss}";
        bool was = File.Exists(path);
        if (!was && from is null)
        {
            throw new StoreException($"there is no store {path}: name the right --state, or a backup with --from");
        }
        string fresh = path + ".recovering";
        File.Delete(fresh);
        var source = from ?? path;
        var (rows, lost) = Copy(source, fresh);
        if (was)
        {
            foreach (string part in (string[])["", "-wal", "-shm"])
            {
                if (File.Exists(path + part))
                {
                    File.Move(path + part, kept + part);
                }
            }
        }
        File.Move(fresh, path);
        return $"{path}: {rows} rows from {source}"
            + (lost.Count > 0 ? $"; could not be read whole: {string.Join(", ", lost)}" : "")
            + (was ? $". What was there is now {kept}." : ".");
    }

    private static FileStream Alone(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        try
        {
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new StoreException($"{path} is in use: stop the controller first", error);
        }
    }

    private static (long Rows, List<string> Lost) Copy(string source, string fresh)
    {
        long rows = 0;
        List<string> lost = [];
        using (var into = new SqliteDatabase(fresh).Open())
        {
            Migrations.Apply(into, fresh);
            if (IsText(source))
            {
                rows = CopyLines(source, into);
            }
            else
            {
                foreach (string table in Migrations.Tables)
                {
                    rows += CopyTable(source, table, into, lost);
                }
            }
            if (rows == 0)
            {
                throw new StoreException($"nothing in {source} can be read: restore a backup with --from");
            }
            using var checkpoint = into.CreateCommand();
            checkpoint.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            checkpoint.ExecuteNonQuery();
        }
        return (rows, lost);
    }

    // Row by row and from both ends, so that a damaged page costs the rows on it and not the table.
    private static long CopyTable(string source, string table, DbConnection into, List<string> lost)
    {
        long rows = 0;
        foreach (string order in (string[])["ASC", "DESC"])
        {
            try
            {
                var text = new SqliteConnectionStringBuilder { DataSource = source, Pooling = false };
                using var from = new SqliteConnection(text.ToString());
                from.Open();
                using var transaction = into.BeginTransaction();
                using var command = from.CreateCommand();
                command.CommandText = $"SELECT * FROM {table} NOT INDEXED ORDER BY rowid {order}";
                using var reader = command.ExecuteReader();
                try
                {
                    while (reader.Read())
                    {
                        List<(string, object)> row = [];
                        for (int i = 0; i < reader.FieldCount; i++)
                        {
                            row.Add((reader.GetName(i), reader.GetValue(i)));
                        }
                        rows += Insert(into, transaction, table, row);
                    }
                    transaction.Commit();
                    return rows;
                }
                catch (SqliteException)
                {
                    // What was read so far counts; the other direction may give more.
                    transaction.Commit();
                }
            }
            catch (SqliteException)
            {
                // The table's root is damaged: nothing comes of it.
            }
        }
        lost.Add(table);
        return rows;
    }

    private static long CopyLines(string source, DbConnection into)
    {
        long rows = 0;
        using var transaction = into.BeginTransaction();
        foreach (string line in File.ReadLines(source))
        {
            try
            {
                var (table, row) = BackupLine.Read(line);
                rows += Insert(into, transaction, table, row);
            }
            catch (Exception error)
                when (error is FormatException or System.Text.Json.JsonException or KeyNotFoundException)
            {
                throw new StoreException($"{source}, row {rows + 1}: {error.Message}", error);
            }
        }
        transaction.Commit();
        return rows;
    }

    private static string OfServer(Database target, string? from)
    {
        if (from is null)
        {
            throw new StoreException(
                "a PostgreSQL store is repaired with the server's own tools; `weir recover --from BACKUP` fills an empty one"
            );
        }
        if (!IsText(from))
        {
            throw new StoreException($"{from} is a backup of SQLite; into PostgreSQL goes a backup of PostgreSQL");
        }
        target.Claim();
        using var into = target.Open();
        Migrations.Apply(into, target.Place);
        using var count = into.CreateCommand();
        count.CommandText = "SELECT COUNT(*) FROM nodes";
        if (Convert.ToInt64(count.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture) > 0)
        {
            throw new StoreException($"{target.Place} is not empty: recover into a new database");
        }
        return $"{target.Place}: {CopyLines(from, into)} rows from {from}.";
    }

    private static bool IsText(string path)
    {
        using var file = File.OpenRead(path);
        return file.ReadByte() == '{';
    }

    private static int Insert(
        DbConnection into,
        DbTransaction transaction,
        string table,
        List<(string Column, object Value)> row
    )
    {
        using var command = into.CreateCommand();
        command.Transaction = transaction;
        command.CommandText =
            $"INSERT INTO {table} ({string.Join(", ", row.Select(one => Quoted(one.Column)))}) VALUES ({string.Join(", ", row.Select((_, i) => $"@p{i}"))}) ON CONFLICT DO NOTHING";
        for (int i = 0; i < row.Count; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = $"@p{i}";
            parameter.Value = row[i].Value;
            command.Parameters.Add(parameter);
        }
        return command.ExecuteNonQuery();
    }

    private static string Quoted(string column) => $"\"{column.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
