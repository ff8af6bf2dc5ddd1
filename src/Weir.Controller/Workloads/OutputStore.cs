namespace Weir.Controller.Workloads;

/// <summary>Output of workloads: one file per attempt.</summary>
internal sealed class OutputStore(string folder)
{
    /// <summary>
    /// Writes a piece where it belongs and returns how much there is now. A piece that was sent before is written over
    /// itself; one that leaves a gap is not taken.
    /// </summary>
    public long Append(string workload, int attempt, long offset, ReadOnlySpan<byte> data)
    {
        string path = PathOf(workload, attempt);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        if (offset > file.Length)
        {
            return file.Length;
        }
        file.Position = offset;
        file.Write(data);
        return file.Length;
    }

    /// <summary>The file of an attempt; it may not exist yet.</summary>
    public string PathOf(string workload, int attempt) => Path.Combine(folder, workload, $"{attempt}.log");
}
