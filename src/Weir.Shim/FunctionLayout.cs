using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// What the client keeps of a function: its parameters' places, so that launches can be packed here; its name and module. In
/// memory of the C library: head, then pairs of (offset, size), then the name.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FunctionLayout
{
    /// <summary>Next function of the same module.</summary>
    internal FunctionLayout* Next;
    internal nint Function;
    internal nint Module;
    internal byte* Name;

    /// <summary>Size of the parameter block, bytes.</summary>
    internal uint ParameterBytes;
    internal uint ParameterCount;

    internal static uint* Parameters(FunctionLayout* layout) => (uint*)(layout + 1);

    /// <summary>
    /// From the answer to ModuleGetFunction: u64 bytes of the block (highest bit: the kernel may print), u32 length of an array of (u32 offset, u32 size). Null when it
    /// is malformed or there is no memory.
    /// </summary>
    internal static FunctionLayout* Read(byte* reply, uint replyBytes, byte* name)
    {
        if (replyBytes < 16)
        {
            return null;
        }
        const ulong mayPrint = 1ul << 63;
        var blockBytes = *(ulong*)reply & ~mayPrint;
        if ((*(ulong*)reply & mayPrint) != 0)
        {
            Output.Expect();
        }
        var arrayBytes = *(uint*)(reply + 8);
        if (blockBytes > RecordLimits.MaxPayloadBytes || arrayBytes > replyBytes - 12 || (arrayBytes & 7) != 0)
        {
            return null;
        }
        var pairs = (uint*)(reply + 12);
        for (var i = 0u; i < arrayBytes / 8; i++)
        {
            if ((ulong)pairs[2 * i] + pairs[2 * i + 1] > blockBytes)
            {
                return null;
            }
        }

        var nameBytes = GuestLibc.Length(name) + 1;
        var layout = (FunctionLayout*)GuestLibc.Allocate((nuint)sizeof(FunctionLayout) + arrayBytes + nameBytes);
        if (layout == null)
        {
            return null;
        }
        *layout = default;
        layout->ParameterBytes = (uint)blockBytes;
        layout->ParameterCount = arrayBytes / 8;
        _ = GuestLibc.Copy(Parameters(layout), pairs, arrayBytes);
        layout->Name = (byte*)Parameters(layout) + arrayBytes;
        _ = GuestLibc.Copy(layout->Name, name, nameBytes);
        return layout;
    }
}
