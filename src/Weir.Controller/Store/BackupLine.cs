using System.Data.Common;
using System.Text;
using System.Text.Json;

namespace Weir.Controller.Store;

/// <summary>One row of a backup in text: {"table":"…","row":{"column":value}}.</summary>
internal static class BackupLine
{
    public static string Write(string table, DbDataReader row)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("table", table);
            json.WriteStartObject("row");
            for (int i = 0; i < row.FieldCount; i++)
            {
                json.WritePropertyName(row.GetName(i));
                switch (row.GetValue(i))
                {
                    case long number:
                        json.WriteNumberValue(number);
                        break;
                    case string text:
                        json.WriteStringValue(text);
                        break;
                    default:
                        json.WriteNullValue();
                        break;
                }
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    public static (string Table, List<(string Column, object Value)> Row) Read(string line)
    {
        using var document = JsonDocument.Parse(line);
        string table = document.RootElement.GetProperty("table").GetString() ?? "";
        if (!Migrations.Tables.Contains(table))
        {
            throw new FormatException($"the backup names a table \"{table}\" that this release does not know");
        }
        List<(string, object)> row = [];
        foreach (var property in document.RootElement.GetProperty("row").EnumerateObject())
        {
            row.Add(
                (
                    property.Name,
                    property.Value.ValueKind switch
                    {
                        JsonValueKind.Number => property.Value.GetInt64(),
                        JsonValueKind.String => property.Value.GetString()!,
                        _ => DBNull.Value,
                    }
                )
            );
        }
        return (table, row);
    }
}
