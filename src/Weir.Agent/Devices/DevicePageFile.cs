using Weir.Wire;

namespace Weir.Agent.Devices;

/// <summary>
/// The file of a device's page (Weir.Wire's DevicePage), which workers get as a descriptor. A restarted agent opens the same one, so
/// that old and new sessions go on sharing. The agent itself never locks it.
/// </summary>
internal sealed class DevicePageFile
{
    private readonly FileStream _file;

    /// <summary>Opens the file, or makes it.</summary>
    public DevicePageFile(string path)
    {
        if (!File.Exists(path))
        {
            WholeFile.Reserve(path, DevicePage.Bytes);
        }
        _file = new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite | FileShare.Delete,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }
        );
        if (_file.Length < DevicePage.Bytes)
        {
            _file.SetLength(DevicePage.Bytes);
        }
    }

    /// <summary>To be handed to workers; stays this object's.</summary>
    public int Descriptor => (int)_file.SafeFileHandle.DangerousGetHandle();
}
