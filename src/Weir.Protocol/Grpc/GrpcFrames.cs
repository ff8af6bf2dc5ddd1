using System.Buffers.Binary;
using Google.Protobuf;

namespace Weir.Protocol.Grpc;

/// <summary>
/// gRPC's length-prefixed messages over an HTTP/2 body: one byte "compressed" (always 0 here), four bytes of length, big
/// endian, then the message (gRPC over HTTP/2, "Length-Prefixed-Message").
/// </summary>
public static class GrpcFrames
{
    /// <summary>Longer messages are refused before anything is allocated for them.</summary>
    public const int MaximumMessageBytes = 4 << 20;

    /// <summary>The content type of requests and answers.</summary>
    public const string ContentType = "application/grpc";

    private const int HeaderBytes = 5;

    /// <summary>A message with its prefix.</summary>
    public static byte[] Frame(IMessage message)
    {
        int size = message.CalculateSize();
        byte[] frame = new byte[HeaderBytes + size];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), size);
        message.WriteTo(frame.AsSpan(HeaderBytes));
        return frame;
    }

    /// <summary>
    /// The next message, or null at the end of the stream. Throws <see cref="InvalidDataException"/> on a torn,
    /// compressed, too long or malformed one.
    /// </summary>
    public static async ValueTask<T?> ReadAsync<T>(
        Stream stream,
        MessageParser<T> parser,
        CancellationToken cancellation
    )
        where T : class, IMessage<T>
    {
        byte[] header = new byte[HeaderBytes];
        int got = await stream.ReadAtLeastAsync(header, HeaderBytes, false, cancellation);
        if (got == 0)
        {
            return null;
        }
        if (got < HeaderBytes)
        {
            throw new InvalidDataException("the stream ended inside a message's prefix");
        }
        if (header[0] != 0)
        {
            throw new InvalidDataException("a compressed message came, and no compression was agreed");
        }
        uint size = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(1));
        if (size > MaximumMessageBytes)
        {
            throw new InvalidDataException($"a message of {size} bytes came; at most {MaximumMessageBytes} are taken");
        }
        byte[] body = new byte[size];
        if (await stream.ReadAtLeastAsync(body, body.Length, false, cancellation) < body.Length)
        {
            throw new InvalidDataException("the stream ended inside a message");
        }
        try
        {
            return parser.ParseFrom(body);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new InvalidDataException($"a malformed message came: {error.Message}", error);
        }
    }
}
