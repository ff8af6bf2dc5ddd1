using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Weir.Kernels.Abi;

namespace Weir.Kernels.Service;

/// <summary>
/// Frames between a worker and the compile service. Each is a header of 12 bytes (magic, kind, length of the rest, all
/// little-endian u32) and a body; lengths are checked before anything is read. The client sends one request at a time
/// and the service answers <see cref="FrameKind.Started"/>, then one of the others.
/// </summary>
internal static class CompileProtocol
{
    /// <summary>Changes with every change of the frames.</summary>
    private const uint Magic = 0x33434b57;

    private const int HeaderBytes = 12;

    /// <summary>Largest body: PTX of one kernel, or an object.</summary>
    public const int MaxBodyBytes = 256 << 20;

    /// <summary>Sends a frame.</summary>
    public static void Send(Socket socket, FrameKind kind, ReadOnlySpan<byte> body)
    {
        byte[] frame = new byte[HeaderBytes + body.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), (uint)kind);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(8), (uint)body.Length);
        body.CopyTo(frame.AsSpan(HeaderBytes));
        int sent = 0;
        while (sent < frame.Length)
        {
            sent += socket.Send(frame, sent, frame.Length - sent, SocketFlags.None);
        }
    }

    /// <summary>Receives a frame; null when the other side closed the connection between frames.</summary>
    /// <exception cref="InvalidDataException">What came is no frame, or it ends early.</exception>
    /// <exception cref="SocketException">The connection broke or timed out.</exception>
    public static (FrameKind Kind, byte[] Body)? Receive(Socket socket)
    {
        byte[] header = new byte[HeaderBytes];
        int got = Fill(socket, header);
        if (got == 0)
        {
            return null;
        }
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8));
        if (got < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic || length > MaxBodyBytes)
        {
            throw new InvalidDataException("What came over the compile service's socket is no frame of this version.");
        }
        byte[] body = new byte[length];
        if (Fill(socket, body) < body.Length)
        {
            throw new InvalidDataException("A frame of the compile service ends early.");
        }
        return ((FrameKind)BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)), body);
    }

    /// <summary>Body of <see cref="FrameKind.Compile"/>.</summary>
    public static byte[] EncodeRequest(
        string entry,
        ReadOnlySpan<byte> text,
        bool alone,
        CodeQuality quality,
        CodeVariant variant = CodeVariant.Plain
    )
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream, Encoding.UTF8);
        writer.Write(entry);
        writer.Write(alone);
        writer.Write((byte)quality);
        writer.Write((byte)variant);
        writer.Write(text.Length);
        writer.Write(text);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads a request.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    public static (string Entry, byte[] Text, bool Alone, CodeQuality Quality, CodeVariant Variant) DecodeRequest(
        byte[] body
    ) =>
        Decode(
            body,
            reader =>
            {
                string entry = reader.ReadString();
                bool alone = reader.ReadBoolean();
                CodeQuality quality = reader.ReadByte() == 0 ? CodeQuality.Quick : CodeQuality.Full;
                var variant = (CodeVariant)reader.ReadByte();
                if (variant > CodeVariant.Profiled)
                {
                    throw new InvalidDataException("A request asks for a strange variant of code.");
                }
                return (entry, ReadBytes(reader), alone, quality, variant);
            }
        );

    /// <summary>Body of <see cref="FrameKind.Compiled"/>, and the form in the disk cache.</summary>
    public static byte[] EncodeKernel(CompiledKernel kernel)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream, Encoding.UTF8);
        KernelInfo info = kernel.Info;
        writer.Write(kernel.IsFinal);
        writer.Write(info.Name);
        writer.Write(info.ParameterBytes);
        writer.Write(info.SharedBytes);
        writer.Write(info.LocalBytes);
        writer.Write(info.MaxThreads);
        writer.Write(info.Registers);
        writer.Write(info.ScratchBytesPerVector);
        writer.Write(info.ScratchFixedBytes);
        writer.Write(info.VectorLanes);
        writer.Write(info.VectorsStayInRow);
        writer.Write(info.StraightLineInstructions);
        writer.Write(info.UsesTextures);
        writer.Write(info.GlobalSymbols.Count);
        foreach (string symbol in info.GlobalSymbols)
        {
            writer.Write(symbol);
        }
        writer.Write(kernel.Object.Length);
        writer.Write(kernel.Object);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads a compiled kernel.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    public static CompiledKernel DecodeKernel(byte[] body) =>
        Decode(
            body,
            reader =>
            {
                bool final = reader.ReadBoolean();
                KernelInfo info = new()
                {
                    Name = reader.ReadString(),
                    ParameterBytes = reader.ReadInt32(),
                    SharedBytes = reader.ReadInt32(),
                    LocalBytes = reader.ReadInt32(),
                    MaxThreads = reader.ReadInt32(),
                    Registers = reader.ReadInt32(),
                    ScratchBytesPerVector = reader.ReadInt32(),
                    ScratchFixedBytes = reader.ReadInt32(),
                    VectorLanes = reader.ReadInt32(),
                    VectorsStayInRow = reader.ReadBoolean(),
                    StraightLineInstructions = reader.ReadInt32(),
                    UsesTextures = reader.ReadBoolean(),
                    GlobalSymbols = ReadStrings(reader),
                };
                if (info.VectorLanes is not (16 or 32))
                {
                    throw new InvalidDataException("A compiled kernel has a strange vector width.");
                }
                return new CompiledKernel(info, ReadBytes(reader), final);
            }
        );

    /// <summary>Body of <see cref="FrameKind.Refused"/>.</summary>
    public static byte[] EncodeRefusal(PtxException refusal)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream, Encoding.UTF8);
        writer.Write(refusal.Line);
        writer.Write(refusal.Unsupported);
        writer.Write(refusal.Reason);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads a refusal.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    public static PtxException DecodeRefusal(byte[] body) =>
        Decode(
            body,
            reader =>
            {
                int line = reader.ReadInt32();
                bool unsupported = reader.ReadBoolean();
                return new PtxException(reader.ReadString(), line, unsupported);
            }
        );

    private static string[] ReadStrings(BinaryReader reader)
    {
        int count = reader.ReadInt32();
        if (count < 0 || count > reader.BaseStream.Length - reader.BaseStream.Position)
        {
            throw new InvalidDataException("A list is longer than what holds it.");
        }
        string[] list = new string[count];
        for (int i = 0; i < count; i++)
        {
            list[i] = reader.ReadString();
        }
        return list;
    }

    private static byte[] ReadBytes(BinaryReader reader)
    {
        int length = reader.ReadInt32();
        if (length < 0 || length > reader.BaseStream.Length - reader.BaseStream.Position)
        {
            throw new InvalidDataException("A part is longer than what holds it.");
        }
        return reader.ReadBytes(length);
    }

    private static T Decode<T>(byte[] body, Func<BinaryReader, T> read)
    {
        try
        {
            using MemoryStream stream = new(body);
            using BinaryReader reader = new(stream, Encoding.UTF8);
            T result = read(reader);
            return stream.Position == stream.Length
                ? result
                : throw new InvalidDataException("A frame of the compile service is longer than its contents.");
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or ArgumentException)
        {
            throw new InvalidDataException("A frame of the compile service is malformed.", e);
        }
    }

    private static int Fill(Socket socket, byte[] buffer)
    {
        int got = 0;
        while (got < buffer.Length)
        {
            int some = socket.Receive(buffer, got, buffer.Length - got, SocketFlags.None);
            if (some == 0)
            {
                break;
            }
            got += some;
        }
        return got;
    }
}
