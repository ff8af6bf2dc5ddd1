using System.Globalization;
using Weir.Posix;
using Weir.Worker.Logging;

namespace Weir.Worker.Brokering;

/// <summary>The log file of one run: standard error of the broker and all that it starts. Empty ones are taken away.</summary>
internal sealed unsafe class BrokerLog
{
    private const int Keep = 50;
    private string? _path;

    /// <summary>Opens the file and makes it this process' output; without a place to write all goes to /dev/null.</summary>
    public void Open()
    {
        if (StateDirectory.Logs is not { } folder)
        {
            return;
        }
        StateDirectory.KeepNewest(folder, "*.log", Keep - 1);
        string time = DateTime.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        string path = Path.Combine(folder, $"{time}-{Environment.ProcessId}.log");
        int file = Libc.open(
            NativeText.Allocate(NativeText.FromUtf8(path)),
            Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND | Libc.O_CLOEXEC,
            0x180
        );
        if (file >= 0)
        {
            _ = Libc.ChildDup2(file, 1);
            _ = Libc.ChildDup2(file, 2);
            _ = Libc.close(file);
            _path = path;
        }
    }

    /// <summary>Deletes the file when nothing was written to it.</summary>
    public void Close()
    {
        if (_path is not null && new FileInfo(_path) is { Exists: true, Length: 0 } file)
        {
            file.Delete();
        }
    }
}
