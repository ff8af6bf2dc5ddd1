namespace Weir.Devices.Software;

/// <summary>What kernels print: kept by the device until whoever serves the program takes it.</summary>
public interface IDeviceOutput
{
    /// <summary>Takes what comes first, of one of the program's files.</summary>
    /// <param name="buffer">Receives the text.</param>
    /// <param name="descriptor">1 = standard output, 2 = standard error; 0 when there is nothing.</param>
    /// <returns>Bytes written to <paramref name="buffer"/>.</returns>
    int TakeOutput(Span<byte> buffer, out int descriptor);

    /// <summary>True for a function that may print.</summary>
    /// <param name="function">As a module gave it.</param>
    bool MayPrint(nint function);
}
