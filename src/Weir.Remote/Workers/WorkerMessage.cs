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

    /// <summary>
    /// To a worker with a client: send the session's descriptors. Answered by the same byte with two of them, segment and host memory: who keeps them
    /// and the client's socket can give the session to another worker (<see cref="Restore"/>).
    /// </summary>
    public const byte Descriptors = (byte)'V';

    /// <summary>
    /// To a worker with a client: bring the session to rest, take its memory off the device, keep client and journal. Answered by
    /// <see cref="Parked"/> or <see cref="Refused"/>. The JSON of a <see cref="StateOrder"/> follows: with a folder, memory goes into the image there.
    /// </summary>
    public const byte Park = (byte)'K';

    /// <summary>
    /// To a worker whose session is parked, held (<see cref="HandOver"/>) or wants its device back: go on. Answered by <see cref="Resumed"/> or
    /// <see cref="Refused"/>.
    /// </summary>
    public const byte Resume = (byte)'M';

    /// <summary>
    /// To a worker with a client: write the session's state into the image in a folder and go on. The JSON of a <see cref="StateOrder"/> follows.
    /// Answered by <see cref="Saved"/> or <see cref="Refused"/>.
    /// </summary>
    public const byte Snapshot = (byte)'T';

    /// <summary>
    /// To a worker with a client: as <see cref="Snapshot"/>, but the session stays at rest, so that another worker can take it; then
    /// <see cref="Leave"/>, or <see cref="Resume"/> when nobody could. Answered by <see cref="Saved"/> or <see cref="Refused"/>.
    /// </summary>
    public const byte HandOver = (byte)'H';

    /// <summary>To a worker that has handed its session over: end, without a word to the client.</summary>
    public const byte Leave = (byte)'L';

    /// <summary>
    /// To a worker without a client: take over the session whose client's socket, segment and host memory come along, in this order, from
    /// the image in a folder. The JSON of a <see cref="StateOrder"/> follows. Answered by <see cref="Resumed"/>, then as any worker with a client; or
    /// by <see cref="Refused"/>, and the worker ends.
    /// </summary>
    public const byte Restore = (byte)'O';

    /// <summary>
    /// To a worker with a client, while its program goes on: write the memory that changed since the last time into the image in a folder, which is none
    /// to restore from. The JSON of a <see cref="StateOrder"/> follows. Answered by <see cref="Copied"/> or <see cref="Refused"/>.
    /// </summary>
    public const byte Copy = (byte)'G';

    /// <summary>Worker: what changed is written; the JSON of a <see cref="StateReport"/> follows.</summary>
    public const byte Copied = (byte)'g';

    /// <summary>
    /// To a relay, any time after <see cref="Serve"/>: get ready to go on with another worker. The JSON of a <see cref="RelayMove"/> follows. Answered by
    /// <see cref="MoveReady"/>; then <see cref="MoveOn"/> or <see cref="MoveOff"/>.
    /// </summary>
    public const byte Move = (byte)'>';

    /// <summary>
    /// To a relay without a client: take a client over from its worker on this node, whose socket, segment and host memory come along, in this order.
    /// Otherwise as <see cref="Move"/>.
    /// </summary>
    public const byte TakeClient = (byte)'<';

    /// <summary>Relay: everything is ready at the other worker; or, with a text (UTF-8) behind it, why it is not, and nothing has changed.</summary>
    public const byte MoveReady = (byte)'=';

    /// <summary>To a relay: the session is the other worker's from now on.</summary>
    public const byte MoveOn = (byte)'!';

    /// <summary>To a relay: the other worker is not needed.</summary>
    public const byte MoveOff = (byte)'?';

    /// <summary>Relay: it goes on with the other worker.</summary>
    public const byte Moved = (byte)'+';

    /// <summary>To a worker with a client: how long has it made no call? Answered by the same byte and the JSON of a <see cref="StateReport"/>.</summary>
    public const byte Idle = (byte)'Y';

    /// <summary>Worker: the session is parked; the JSON of a <see cref="StateReport"/> follows.</summary>
    public const byte Parked = (byte)'k';

    /// <summary>Worker: the client of a parked session has made a call. Said once until <see cref="Resume"/>.</summary>
    public const byte Wants = (byte)'w';

    /// <summary>Worker: the log of its calls fills up; an image makes room (<see cref="Snapshot"/>), and calls wait for it when there is none left.</summary>
    public const byte LogFills = (byte)'l';

    /// <summary>Worker: the session goes on; the JSON of a <see cref="StateReport"/> follows.</summary>
    public const byte Resumed = (byte)'m';

    /// <summary>Worker: the image is whole; the JSON of a <see cref="StateReport"/> follows.</summary>
    public const byte Saved = (byte)'t';

    /// <summary>Worker: what was asked for cannot be; nothing has changed. The JSON of a <see cref="StateReport"/> with the reason follows.</summary>
    public const byte Refused = (byte)'r';

    /// <summary>Largest message: a snapshot of all devices and the first byte.</summary>
    public const int MaxBytes = 128 << 10;
}
