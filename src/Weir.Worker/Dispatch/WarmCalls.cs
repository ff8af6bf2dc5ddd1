using System.Runtime.InteropServices;
using System.Text;
using Weir.Api;
using Weir.Wire;
using Weir.Worker.Logging;

namespace Weir.Worker;

/// <content>Memory that a program finds filled by an earlier run.</content>
internal sealed unsafe partial class Dispatcher
{
    private partial CuResult OnWeirMemAlloc(nuint bytesize, byte* name, ref ReplyWriter reply)
    {
        ulong address = 0;
        bool isRestored = false;
        CuResult result;
        try
        {
            result = session.Warm is { } warm
                ? warm.Allocate(session, TextOf(name), bytesize, out address, out isRestored)
                : Driver.MemAlloc(&address, bytesize);
        }
        catch (IOException failure)
        {
            Log.Error($"memory '{TextOf(name)}' is not what it was: {failure.Message}");
            _ = address == 0 ? CuResult.Success : Driver.MemFree(address);
            return CuResult.InvalidImage;
        }
        reply.U64(address);
        reply.U64(isRestored ? 1u : 0);
        return result;
    }

    // A module that was loaded has the variables of the image's, if that knows it.
    private void Warm(byte[] image, nint native)
    {
        try
        {
            session.Warm?.Fill(session, image, native);
        }
        catch (IOException failure)
        {
            Log.Error($"the variables of a module are not what they were: {failure.Message}");
        }
    }

    private static string TextOf(byte* name) =>
        Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));
}
