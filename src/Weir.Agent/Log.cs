using System.Globalization;

namespace Weir.Agent;

/// <summary>One line per event on standard error; a service manager or `weir up` keeps them.</summary>
internal static class Log
{
    /// <summary>Something a reader of the log wants to know.</summary>
    public static void Info(string text) => Write("", text);

    /// <summary>Something went wrong; the agent goes on.</summary>
    public static void Error(string text) => Write("error: ", text);

    private static void Write(string level, string text)
    {
        string time = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        Console.Error.WriteLine($"{time} agent {level}{text.ReplaceLineEndings(" | ")}");
    }
}
