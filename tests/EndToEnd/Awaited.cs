using System.Diagnostics;

namespace Weir.EndToEnd;

/// <summary>Waits for conditions themselves, not for what comes shortly before them. A machine under load may take its time.</summary>
internal static class Awaited
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);

    /// <summary>Waits until it is so; fails the test long after it should have been.</summary>
    public static void True(Func<bool> condition, Func<string> what)
    {
        long started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > s_limit)
            {
                Assert.Fail($"it does not become so: {what()}");
            }
            Thread.Sleep(10);
        }
    }

    /// <summary>The same with a fixed text.</summary>
    public static void True(Func<bool> condition, string what) => True(condition, () => what);
}
