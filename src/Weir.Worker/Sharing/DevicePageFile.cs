using System.Globalization;
using System.Runtime.InteropServices;
using Weir.Posix;
using Weir.Wire;
using Weir.Worker.Attach;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Sharing;

/// <summary>
/// The file of a <see cref="DevicePage"/>, mapped, and the record locks by which slots are owned. Locks are the process's, so it
/// must open the file once only: closing any descriptor of it gives all of them up.
/// </summary>
internal sealed unsafe class DevicePageFile
{
    private const int GetLock = 5;
    private const int SetLock = 6;
    private const short WriteLock = 1;
    private const short Unlocked = 2;

    private readonly int _file;

    private DevicePageFile(int file, DevicePage* page)
    {
        _file = file;
        Page = page;
    }

    /// <summary>The page.</summary>
    public DevicePage* Page { get; }

    /// <summary>Opens it.</summary>
    /// <param name="place">A path, made when it is not there, or the number of a descriptor that this process inherited.</param>
    /// <exception cref="IOException">It cannot be.</exception>
    public static DevicePageFile Open(string place)
    {
        const int Private = 0x180; // rw for the owner
        int file = int.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor)
            ? descriptor
            : Libc.open(NativeText.Allocate(place), Libc.O_RDWR | Libc.O_CLOEXEC | Libc.O_CREAT, Private);
        string name = NativeText.ToDisplay(place);
        if (file < 0)
        {
            throw new IOException($"the device's page {name} cannot be opened: errno {Libc.Errno}");
        }
        // Growing keeps what is there, and zeros are a valid page: whoever comes first makes it.
        if (Libc.fallocate(file, 0, 0, DevicePage.Bytes) != 0)
        {
            throw new IOException($"the device's page {name} cannot be made: errno {Libc.Errno}");
        }
        byte* page = Mapping.Map(file, DevicePage.Bytes);
        return page != null
            ? new DevicePageFile(file, (DevicePage*)page)
            : throw new IOException($"the device's page {name} cannot be mapped: errno {Libc.Errno}");
    }

    /// <summary>Takes a slot that no living process owns, for the life of this one; -1 when there is none.</summary>
    public int Claim()
    {
        for (int slot = 0; slot < DevicePage.Slots; slot++)
        {
            var wanted = new FileLock
            {
                Type = WriteLock,
                Start = slot,
                Length = 1,
            };
            if (Libc.fcntl(_file, SetLock, (nint)(&wanted)) == 0)
            {
                int high;
                while ((high = Volatile.Read(ref Page->High)) <= slot)
                {
                    _ = Interlocked.CompareExchange(ref Page->High, slot + 1, high);
                }
                return slot;
            }
        }
        return -1;
    }

    /// <summary>Does another living process own the slot?</summary>
    public bool IsOwned(int slot)
    {
        var found = new FileLock
        {
            Type = WriteLock,
            Start = slot,
            Length = 1,
        };
        return Libc.fcntl(_file, GetLock, (nint)(&found)) == 0 && found.Type != Unlocked;
    }

    /// <summary>struct flock, x86-64.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int ProcessId;
    }
}
