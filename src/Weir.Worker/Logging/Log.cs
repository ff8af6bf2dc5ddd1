using System.Globalization;
using System.Text;
using Weir.Posix;

namespace Weir.Worker.Logging;

/// <summary>
/// One line per event on standard error, which the broker has pointed at the run's log file. Lines are written with one
/// append, so those of several processes do not mix.
/// </summary>
internal static unsafe class Log
{
    private const int MaxLineBytes = 4096;
    private static string s_role = "weir";

    /// <summary>Names the process in every line, e.g. "worker[123]".</summary>
    public static void SetRole(string role) => s_role = $"{role}[{Environment.ProcessId}]";

    /// <summary>Something a reader of the log wants to know.</summary>
    public static void Info(string text) => Write("", text);

    /// <summary>Something went wrong; the process goes on.</summary>
    public static void Error(string text) => Write("error: ", text);

    private static void Write(string level, string text)
    {
        string time = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        string line = $"{time} {s_role} {level}{text.ReplaceLineEndings(" | ")}\n";
        byte[] bytes = Encoding.UTF8.GetBytes(line);
        int length = Math.Min(bytes.Length, MaxLineBytes);
        if (length < bytes.Length)
        {
            bytes[length - 1] = (byte)'\n';
        }
        fixed (byte* data = bytes)
        {
            _ = Libc.write(2, data, (nuint)length);
        }
    }
}
