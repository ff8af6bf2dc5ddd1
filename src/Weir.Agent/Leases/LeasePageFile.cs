using System.IO.MemoryMappedFiles;
using Weir.Wire;

namespace Weir.Agent.Leases;

/// <summary>
/// The page of a lease's slice of one device (Weir.Wire's LeasePage), in a file, so that an agent that is restarted
/// finds what workers have counted meanwhile.
/// </summary>
internal sealed unsafe class LeasePageFile : IDisposable
{
    private readonly string _path;
    private readonly FileStream _file;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly LeasePage* _page;

    /// <summary>Opens the file, or makes it.</summary>
    /// <param name="path">Its place.</param>
    /// <param name="quotaBytes">Device memory that all sessions together may hold.</param>
    public LeasePageFile(string path, ulong quotaBytes)
    {
        _path = path;
        if (!File.Exists(path))
        {
            WholeFile.Reserve(path, LeasePage.Bytes);
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
        _file.SetLength(LeasePage.Bytes);
        _map = MemoryMappedFile.CreateFromFile(
            _file,
            null,
            LeasePage.Bytes,
            MemoryMappedFileAccess.ReadWrite,
            HandleInheritability.None,
            leaveOpen: true
        );
        _view = _map.CreateViewAccessor(0, LeasePage.Bytes);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _page = (LeasePage*)start;
        _page->QuotaBytes = quotaBytes;
        _page->Magic = LeasePage.ExpectedMagic;
    }

    /// <summary>To be handed to workers; stays this object's.</summary>
    public int Descriptor => (int)_file.SafeFileHandle.DangerousGetHandle();

    /// <summary>Bytes that all sessions hold.</summary>
    public ulong UsedBytes => LeasePage.Used(_page);

    /// <summary>What a session uses, as its worker last wrote it.</summary>
    public LeaseSlot Read(int slot) => *LeasePage.Slot(_page, slot);

    /// <summary>Gives back what a session held: its worker has ended, or is about to be prepared.</summary>
    public void Clear(int slot) => *LeasePage.Slot(_page, slot) = default;

    /// <summary>Notes what a session has, when its worker does not.</summary>
    public void Write(int slot, LeaseSlot value) => *LeasePage.Slot(_page, slot) = value;

    /// <summary>Closes and removes it; workers that still have it mapped keep it until they end.</summary>
    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }
}
