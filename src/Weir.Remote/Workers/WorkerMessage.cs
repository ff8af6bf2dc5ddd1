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

    /// <summary>
    /// To a worker without a client: what its session's device shall be, as words of its command line with a NUL after each; the lease's
    /// page (Weir.Wire's LeasePage) comes along. Before <see cref="Serve"/> or <see cref="Expect"/>. Answered by the same byte and the
    /// snapshot of that device, or by nothing when the words are wrong: the worker ends.
    /// </summary>
    public const byte Prepare = (byte)'P';

    /// <summary>
    /// To a worker without a client, before <see cref="Prepare"/>: the page of the device (Weir.Wire's DevicePage) comes along, by which
    /// all workers of it keep to their shares. Not answered.
    /// </summary>
    public const byte Share = (byte)'B';

    /// <summary>To a worker without a client: as <see cref="Prepare"/>, but only the snapshot is wanted; nothing comes along.</summary>
    public const byte Describe = (byte)'D';

    /// <summary>To a worker with a client: write your counts into the lease's page. Answered by the same byte.</summary>
    public const byte Usage = (byte)'U';

    /// <summary>Worker: the session is over and the process ends; the reason (UTF-8) follows, nothing when the client closed it.</summary>
    public const byte Ended = (byte)'Z';

    /// <summary>Worker: the device itself failed (not the program on it); what it said (UTF-8) follows.</summary>
    public const byte Fault = (byte)'F';

    /// <summary>Largest message: a snapshot of all devices and the first byte.</summary>
    public const int MaxBytes = 128 << 10;
}
