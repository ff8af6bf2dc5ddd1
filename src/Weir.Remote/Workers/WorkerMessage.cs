namespace Weir.Remote.Workers;

/// <summary>
/// First byte of the messages between a worker and whoever started it (broker or agent), over the SOCK_SEQPACKET socket that the worker
/// inherits as descriptor 3.
/// </summary>
internal static class WorkerMessage
{
    /// <summary>Worker: the device is open; the device snapshot follows.</summary>
    public const byte Ready = (byte)'R';

    /// <summary>
    /// Worker that was started with `--remote 1`, before <see cref="Ready"/>: the SHA-256 of the certificate that it made for its one
    /// session follows, 32 bytes.
    /// </summary>
    public const byte Identity = (byte)'I';

    /// <summary>Worker: the client is served now, so that the next worker can be prepared without slowing its start.</summary>
    public const byte Attached = (byte)'A';

    /// <summary>Worker: nobody answers at the compile service's socket.</summary>
    public const byte StartCompiler = (byte)'C';

    /// <summary>To the worker: serve this client of the same node; its socket comes along.</summary>
    public const byte Serve = (byte)'S';

    /// <summary>
    /// To the worker: a client of another node will come; the JSON of <see cref="RemoteTerms"/> follows. Its connections come as
    /// <see cref="Connection"/>.
    /// </summary>
    public const byte Expect = (byte)'E';

    /// <summary>
    /// To the worker, any time after <see cref="Expect"/>: an accepted connection whose <see cref="Preface"/> has been read comes along. The
    /// worker does TLS and checks who it is.
    /// </summary>
    public const byte Connection = (byte)'N';

    /// <summary>To the worker: end the session, for the reason (UTF-8) that follows; its calls fail.</summary>
    public const byte End = (byte)'X';

    /// <summary>Largest message: a snapshot of all devices and the first byte.</summary>
    public const int MaxBytes = 128 << 10;
}
