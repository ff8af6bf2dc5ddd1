using Weir.Api;
using Weir.Worker.Handles;
using Weir.Worker.Rings;
using Weir.Worker.Sessions;

namespace Weir.Worker;

/// <summary>
/// Carries out records on the device. Decoding, handle translation and most calls are generated from the API
/// description; the files beside this one hold the calls that it marks for handwritten treatment. One per executor.
/// </summary>
internal sealed unsafe partial class Dispatcher(Session session)
{
    /// <summary>The ring whose record is carried out.</summary>
    public RingState? Ring { get; set; }

    /// <summary>The client's handle of the current context.</summary>
    public ulong Context { get; set; }

    /// <summary>Private copy of the record's fields.</summary>
    public byte* Payload { get; set; }

    /// <summary>The handler has taken charge of the record's staging chunk.</summary>
    public bool ChunkBegun { get; set; }

    /// <summary>The image that the record has loaded a module from; who takes it sets it to null.</summary>
    public byte[]? Image { get; set; }

    private IDriver Driver => session.Driver;

    private HandleTables Handles => session.Handles;

    private SessionStatistics Statistics => session.Statistics;

    /// <summary>
    /// Streams 0 and 1 are the device's own. Stream 2 is the default stream of the client's thread, but here the
    /// threads of all rings are executed by any executor, so each ring has a stream that stands for it.
    /// </summary>
    private nint DefaultObject(HandleKind kind, ulong number)
    {
        const ulong PerThread = 2;
        if (kind != HandleKind.Stream || number != PerThread || Ring is null)
        {
            return (nint)number;
        }
        nint context;
        if (Driver.CtxGetCurrent(&context) != CuResult.Success || context == 0)
        {
            return (nint)number;
        }
        Ring.ThreadStreams ??= [];
        if (!Ring.ThreadStreams.TryGetValue(context, out nint stream))
        {
            if (Driver.StreamCreate(&stream, 0) != CuResult.Success)
            {
                return (nint)number;
            }
            Ring.ThreadStreams.Add(context, stream);
        }
        return stream;
    }
}
