using System.Net;

namespace Weir.Metering.Reports;

/// <summary>Names come from anybody: what a browser or a spreadsheet would take for code is made harmless.</summary>
public static class SafeText
{
    /// <summary>As text of an HTML page.</summary>
    public static string Html(string text) => WebUtility.HtmlEncode(text);

    /// <summary>
    /// As a cell of a CSV file (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe in front, which makes it text there.
    /// </summary>
    public static string Csv(string text)
    {
        string safe =
            text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n' ? "'" + text : text;
        return safe.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{safe.Replace("\"", "\"\"")}\"" : safe;
    }
}
