namespace Weir.Worker.Brokering;

/// <summary>First byte of the messages between a broker and its workers.</summary>
internal static class BrokerMessage
{
    /// <summary>Worker: the device is open; the device snapshot follows.</summary>
    public const byte Ready = (byte)'R';

    /// <summary>Worker: the client is served now, so that the next worker can be prepared without slowing its start.</summary>
    public const byte Attached = (byte)'A';

    /// <summary>Worker: nobody answers at the compile service's socket.</summary>
    public const byte StartCompiler = (byte)'C';

    /// <summary>Broker: serve this client; its socket comes along.</summary>
    public const byte Serve = (byte)'S';

    /// <summary>Largest message: a snapshot of all devices and the first byte.</summary>
    public const int MaxBytes = 128 << 10;
}
