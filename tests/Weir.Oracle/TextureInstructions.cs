using System.Buffers.Binary;

namespace Weir.Oracle;

/// <summary>tex.1d/2d/3d through texture objects, by the rules of the CUDA Programming Guide, "Texture Fetching".</summary>
internal static class TextureInstructions
{
    public static Step Bind(Instruction at, Binding binding)
    {
        Binding.Allow(at, "1d", "2d", "3d", "v4");
        var dimensions = at.Modifiers[0][0] - '0';
        var (to, from) = (at.Types[0], at.Types[1]);
        if (
            at.Operands[0] is not VectorOperand results
            || at.Operands[1] is not TextureOperand texture
            || to.Bits != 32
        )
        {
            throw at.Unknown("form of texture fetch");
        }
        var writes = results.Elements.Select(e => Binding.Write(e, to, at)).ToArray();
        var handle = binding.Read(texture.Handle, PtxType.U64, at);
        var coordinates = texture
            .Coordinates.Elements.Take(dimensions)
            .Select(e => binding.Read(e, from, at))
            .ToArray();
        return lane =>
        {
            if (!lane.Block.Launch.Textures.TryGetValue(handle(lane), out var descriptor))
            {
                throw new OracleFault(OracleFaultKind.BadTexture, $"no texture 0x{handle(lane):x}");
            }
            var sampler = new TextureSampler(descriptor, lane.Block.Memory);
            var bits = coordinates.Select(c => c(lane)).ToArray();
            var texel = from.IsFloat
                ? sampler.Sample(bits.Select(b => BitConverter.UInt32BitsToSingle((uint)b)).ToArray())
                : sampler.Fetch(bits.Select(b => (long)from.Value(b)).ToArray());
            for (var i = 0; i < writes.Length; i++)
            {
                writes[i](lane, texel[i]);
            }
        };
    }
}

/// <summary>Reads texels of one texture object.</summary>
internal sealed class TextureSampler(OracleTexture texture, OracleMemory memory)
{
    private const uint Wrap = 0;
    private const uint Clamp = 1;
    private const uint Mirror = 2;
    private const uint Border = 3;

    private uint Size(int axis) =>
        axis switch
        {
            0 => texture.Width,
            1 => Math.Max(texture.Height, 1),
            _ => Math.Max(texture.Depth, 1),
        };

    /// <summary>Wrap and mirror exist for normalised coordinates only; otherwise they clamp.</summary>
    private uint Mode(int axis)
    {
        var mode = axis switch
        {
            0 => texture.AddressX,
            1 => texture.AddressY,
            _ => texture.AddressZ,
        };
        return mode is Wrap or Mirror && !texture.Normalised ? Clamp : mode;
    }

    /// <summary>Four channels of the texel or texels at floating-point coordinates.</summary>
    public uint[] Sample(float[] coordinates)
    {
        var position = new float[coordinates.Length];
        for (var axis = 0; axis < coordinates.Length; axis++)
        {
            position[axis] = Place(axis, coordinates[axis]);
        }
        return texture.Linear && !texture.ReadAsInteger
            ? Interpolate(position)
            : Fetch(position.Select(p => ToIndex(MathF.Floor(p))).ToArray());
    }

    /// <summary>The coordinate in texels, after wrapping or mirroring.</summary>
    private float Place(int axis, float coordinate)
    {
        if (!texture.Normalised)
        {
            return coordinate;
        }
        var fraction = coordinate - MathF.Floor(coordinate);
        var placed = Mode(axis) switch
        {
            Wrap => fraction,
            Mirror => ToIndex(MathF.Floor(coordinate)) % 2 == 0 ? fraction : 1 - fraction,
            _ => coordinate,
        };
        return placed * Size(axis);
    }

    private static long ToIndex(float value) =>
        float.IsNaN(value) ? 0 : (long)Math.Clamp(value, -2147483648f, 2147483520f);

    /// <summary>The texel at whole coordinates, address mode applied.</summary>
    public uint[] Fetch(long[] index)
    {
        ulong offset = 0;
        for (var axis = 0; axis < index.Length; axis++)
        {
            long size = Size(axis);
            var i = index[axis];
            if (i < 0 || i >= size)
            {
                switch (Mode(axis))
                {
                    case Border:
                        return [0, 0, 0, 0];
                    case Wrap:
                        i = ((i % size) + size) % size;
                        break;
                    case Mirror:
                        i = ((i % (2 * size)) + (2 * size)) % (2 * size);
                        i = i < size ? i : (2 * size) - 1 - i;
                        break;
                    default:
                        i = Math.Clamp(i, 0, size - 1);
                        break;
                }
            }
            offset += axis switch
            {
                0 => (ulong)i * TexelBytes,
                1 => (ulong)i * texture.PitchBytes,
                _ => (ulong)i * texture.PitchBytes * texture.Height,
            };
        }
        var bytes = memory.At(texture.Base + offset, (int)TexelBytes);
        var channels = new uint[4];
        for (var c = 0; c < 4; c++)
        {
            channels[c] = c < texture.Channels ? Channel(bytes[(c * ChannelBytes)..]) : 0;
        }
        return channels;
    }

    private int ChannelBytes =>
        texture.Format switch
        {
            1 or 8 => 1,
            2 or 9 or 0x10 => 2,
            _ => 4,
        };

    private uint TexelBytes => (uint)ChannelBytes * texture.Channels;

    private uint Channel(ReadOnlySpan<byte> bytes)
    {
        uint Float(float value) => BitConverter.SingleToUInt32Bits(value);
        var raw = texture.ReadAsInteger;
        switch (texture.Format)
        {
            case 1:
                return raw ? bytes[0] : Float(bytes[0] / 255f);
            case 2:
                var u16 = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
                return raw ? u16 : Float(u16 / 65535f);
            case 8:
                var s8 = (sbyte)bytes[0];
                return raw ? (uint)s8 : Float(Math.Max(s8 / 127f, -1f));
            case 9:
                var s16 = BinaryPrimitives.ReadInt16LittleEndian(bytes);
                return raw ? (uint)s16 : Float(Math.Max(s16 / 32767f, -1f));
            case 0x10:
                return Float((float)BinaryPrimitives.ReadHalfLittleEndian(bytes));
            default:
                return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        }
    }

    /// <summary>Weights have 8 fraction bits; the weighted sum is taken in single precision, left to right.</summary>
    private uint[] Interpolate(float[] position)
    {
        var low = new long[position.Length];
        var weight = new float[position.Length];
        for (var axis = 0; axis < position.Length; axis++)
        {
            var centred = position[axis] - 0.5f;
            var floor = MathF.Floor(centred);
            low[axis] = ToIndex(floor);
            weight[axis] = MathF.Round((centred - floor) * 256f, MidpointRounding.ToEven) / 256f;
        }
        var result = new float[4];
        for (var corner = 0; corner < 1 << position.Length; corner++)
        {
            var factor = 1f;
            var index = new long[position.Length];
            for (var axis = 0; axis < position.Length; axis++)
            {
                var high = ((corner >> axis) & 1) != 0;
                index[axis] = low[axis] + (high ? 1 : 0);
                factor *= high ? weight[axis] : 1f - weight[axis];
            }
            var texel = Fetch(index);
            for (var c = 0; c < 4; c++)
            {
                var term = factor * BitConverter.UInt32BitsToSingle(texel[c]);
                result[c] = corner == 0 ? term : result[c] + term;
            }
        }
        return result.Select(BitConverter.SingleToUInt32Bits).ToArray();
    }
}
