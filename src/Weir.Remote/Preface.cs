using System.Buffers.Binary;

namespace Weir.Remote;

/// <summary>
/// The only plaintext on a connection to a node: <see cref="Bytes"/> bytes, before TLS begins, that say who shall do the TLS. The
/// agent reads exactly these and either speaks TLS itself (<see cref="IsControl"/>) or gives the descriptor to the process that the
/// routing id names. It holds no secret and proves nothing: that is done inside TLS.
/// <code>
/// 0 u64 magic · 8 u32 version · 12 u32 zero · 16 routing id, 16 bytes
/// </code>
/// </summary>
/// <param name="Routing">The offer's routing id; all zero for the agent's own control channel.</param>
internal readonly record struct Preface(Guid Routing)
{
    /// <summary>Size of the message.</summary>
    public const int Bytes = 32;

    /// <summary>Version of preface and data plane; a node refuses others.</summary>
    public const uint Version = 1;

    private const ulong Magic = 0x0A54_454E_5249_4557; // "WEIRNET\n"

    /// <summary>For the agent itself.</summary>
    public bool IsControl => Routing == Guid.Empty;

    /// <summary>Writes the message.</summary>
    public byte[] Encode()
    {
        byte[] message = new byte[Bytes];
        BinaryPrimitives.WriteUInt64LittleEndian(message, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(8), Version);
        _ = Routing.TryWriteBytes(message.AsSpan(16));
        return message;
    }

    /// <summary>Reads a received message; false with a reason when it is none, or of another version.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> message, out Preface preface, out string reason)
    {
        preface = default;
        reason = "";
        if (message.Length != Bytes || BinaryPrimitives.ReadUInt64LittleEndian(message) != Magic)
        {
            reason = "the connection does not begin with a Weir preface";
            return false;
        }
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(message[8..]);
        if (version != Version || BinaryPrimitives.ReadUInt32LittleEndian(message[12..]) != 0)
        {
            reason = $"the other side speaks version {version} of the transport, this one version {Version}";
            return false;
        }
        preface = new Preface(new Guid(message.Slice(16, 16)));
        return true;
    }
}
