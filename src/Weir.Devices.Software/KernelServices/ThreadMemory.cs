using Weir.Devices.Software.Native;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.KernelServices;

/// <summary>The memory that a thread of a kernel sees, by generic addresses; what is not there cannot be read.</summary>
internal readonly unsafe ref struct ThreadMemory(SoftwareDevice device, KernelThread* thread, SystemCall* call)
{
    private const int WordBytes = 4;

    /// <summary>One byte; false when the address is none of the thread's.</summary>
    public bool TryRead(ulong address, out byte value)
    {
        value = 0;
        ulong local = address - KernelAbi.LocalWindow;
        if (local < call->LocalBytes)
        {
            ulong word = local / WordBytes * call->Lanes + call->Lane;
            value = call->Local[word * WordBytes + local % WordBytes];
            return true;
        }
        ulong shared = address - (ulong)thread->Shared;
        bool isThere =
            shared < thread->SharedBytes || device.HoldsDeviceMemory(address, 1) || device.HoldsHostMemory(address);
        if (isThere)
        {
            // Not a plain read: what is touched may have to be brought to the device first.
            byte read;
            _ = LibC.MoveBytes(&read, (void*)address, 1);
            value = read;
        }
        return isThere;
    }

    /// <summary>A number of <paramref name="bytes"/> bytes.</summary>
    public bool TryRead(ulong address, int bytes, out ulong value)
    {
        value = 0;
        for (int i = 0; i < bytes; i++)
        {
            if (!TryRead(address + (ulong)i, out byte part))
            {
                return false;
            }
            value |= (ulong)part << (8 * i);
        }
        return true;
    }

    /// <summary>A string up to its NUL, at most <paramref name="most"/> bytes.</summary>
    public bool TryReadText(ulong address, int most, out byte[] text)
    {
        List<byte> bytes = [];
        text = [];
        while (bytes.Count < most)
        {
            if (!TryRead(address + (ulong)bytes.Count, out byte one))
            {
                return false;
            }
            if (one == 0)
            {
                break;
            }
            bytes.Add(one);
        }
        text = [.. bytes];
        return true;
    }
}
