using System.Data.Common;

namespace Weir.Controller.Store;

/// <summary>One connection with its prepared statements. Used by one thread.</summary>
internal sealed class StoreSession(DbConnection connection) : IDisposable
{
    private readonly Dictionary<string, DbCommand> _prepared = [];

    public DbConnection Connection => connection;

    /// <summary>The transaction that statements run in.</summary>
    public DbTransaction? Transaction { get; set; }

    /// <summary>Runs a statement; its parameters are @p0, @p1, … in the order of <paramref name="values"/>.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values)
    {
        var command = Prepare(sql, values);
        return command.ExecuteNonQuery();
    }

    /// <summary>Rows of a question.</summary>
    public DbDataReader Read(string sql, params ReadOnlySpan<object?> values) => Prepare(sql, values).ExecuteReader();

    public void Dispose()
    {
        foreach (var command in _prepared.Values)
        {
            command.Dispose();
        }
        connection.Dispose();
    }

    private DbCommand Prepare(string sql, ReadOnlySpan<object?> values)
    {
        if (!_prepared.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (int i = 0; i < values.Length; i++)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = $"@p{i}";
                command.Parameters.Add(parameter);
            }
            _prepared.Add(sql, command);
        }
        command.Transaction = Transaction;
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] switch
            {
                null => DBNull.Value,
                int number => (long)number,
                uint number => (long)number,
                ulong number => (long)number,
                bool flag => flag ? 1L : 0L,
                var value => value,
            };
        }
        return command;
    }
}
