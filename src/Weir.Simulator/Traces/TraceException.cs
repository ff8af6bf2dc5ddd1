namespace Weir.Simulator.Traces;

/// <summary>A trace that can't be used: says the file, the line and the reason.</summary>
/// <param name="file">The file.</param>
/// <param name="line">Its line, counted from 1; 0 when it is about the whole file.</param>
/// <param name="reason">What is wrong, and what would be right.</param>
public sealed class TraceException(string file, int line, string reason)
    : Exception(line > 0 ? $"{file}, line {line}: {reason}" : $"{file}: {reason}")
{
    /// <summary>The line, counted from 1; 0 when it is about the whole file.</summary>
    public int Line => line;

    /// <summary>What is wrong.</summary>
    public string Reason => reason;
}
