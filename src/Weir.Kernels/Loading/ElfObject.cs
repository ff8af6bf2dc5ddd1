using System.Buffers.Binary;
using System.Text;

namespace Weir.Kernels.Loading;

/// <summary>
/// A relocatable x86-64 ELF object as LLVM emits it (System V ABI, AMD64 supplement): the sections that are loaded,
/// laid out one after another, and what must be patched in them. Reads nothing outside the bytes it was given.
/// </summary>
internal sealed class ElfObject
{
    private const int HeaderBytes = 64;
    private const int SectionBytes = 64;
    private const int SymbolBytes = 24;
    private const int RelaBytes = 24;
    private const int MaxImageBytes = 1 << 30;

    private const uint SectionProgBits = 1;
    private const uint SectionSymTab = 2;
    private const uint SectionRela = 4;
    private const uint SectionNoBits = 8;
    private const ulong FlagAlloc = 2;

    private readonly byte[] _file;
    private readonly Section[] _sections;
    private readonly Symbol[] _symbols;
    private readonly List<(int Target, Relocation[] Entries)> _relocations = [];
    private readonly Dictionary<int, int> _gotSlots = [];
    private readonly int _gotOffset;

    private ElfObject(byte[] file, Section[] sections, Symbol[] symbols, int imageBytes)
    {
        _file = file;
        _sections = sections;
        _symbols = symbols;
        _gotOffset = imageBytes;
    }

    private readonly record struct Section(
        string Name,
        uint Type,
        ulong Flags,
        int FileOffset,
        int SizeBytes,
        int Link,
        int Info,
        int ImageOffset
    );

    private readonly record struct Symbol(string Name, int Section, long Value);

    private readonly record struct Relocation(int Offset, uint Type, int Symbol, long Addend);

    /// <summary>Bytes of the loaded form, rounded up to whole pages.</summary>
    public nuint ImageBytes => (nuint)Align(_gotOffset + 8 * _gotSlots.Count, 4096);

    /// <summary>Reads the tables of an object.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    public static ElfObject Parse(ReadOnlySpan<byte> image)
    {
        try
        {
            return ParseChecked(image);
        }
        catch (OverflowException)
        {
            throw Invalid("a number in it is out of range");
        }
    }

    private static ElfObject ParseChecked(ReadOnlySpan<byte> image)
    {
        byte[] file = image.ToArray();
        Check(file.Length >= HeaderBytes, "it is shorter than a header");
        Check(
            file.AsSpan(0, 7).SequenceEqual<byte>([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]),
            "it is not 64-bit ELF"
        );
        Check(U16(file, 16) == 1 && U16(file, 18) == 62, "it is not a relocatable x86-64 object");
        int table = Offset(file, 40, 0);
        int count = U16(file, 60);
        Check(
            U16(file, 58) == SectionBytes && count > 0 && (long)table + (long)count * SectionBytes <= file.Length,
            "its section table lies outside"
        );
        int names = U16(file, 62);
        Check(names < count, "it has no section names");

        int image0 = 0;
        Section[] sections = new Section[count];
        int nameTable = Offset(file, table + names * SectionBytes + 24, 0);
        for (int i = 0; i < count; i++)
        {
            sections[i] = ReadSection(file, table + i * SectionBytes, nameTable, ref image0);
        }
        int symbolTable = Array.FindIndex(sections, section => section.Type == SectionSymTab);
        Check(symbolTable >= 0, "it has no symbols");
        Symbol[] symbols = ReadSymbols(file, sections, sections[symbolTable]);
        ElfObject result = new(file, sections, symbols, Align(image0, 8));
        result.ReadRelocations();
        return result;
    }

    /// <summary>Copies the loaded sections to their places.</summary>
    /// <param name="memory">At least <see cref="ImageBytes"/>, zeroed.</param>
    public void CopyTo(Span<byte> memory)
    {
        foreach (Section section in _sections)
        {
            if (section.ImageOffset >= 0 && section.Type != SectionNoBits)
            {
                _file.AsSpan(section.FileOffset, section.SizeBytes).CopyTo(memory[section.ImageOffset..]);
            }
        }
    }

    /// <summary>Patches what <see cref="CopyTo"/> placed.</summary>
    /// <param name="memory">The placed sections.</param>
    /// <param name="address">Address at which they will run.</param>
    /// <exception cref="InvalidDataException">A relocation is unknown, out of range or names something outside.</exception>
    public void Relocate(Span<byte> memory, ulong address)
    {
        foreach ((int symbol, int slot) in _gotSlots)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(
                memory[(_gotOffset + 8 * slot)..],
                address + (ulong)ImageOffset(symbol)
            );
        }
        foreach ((int target, Relocation[] entries) in _relocations)
        {
            Section section = _sections[target];
            foreach (Relocation entry in entries)
            {
                Apply(memory.Slice(section.ImageOffset, section.SizeBytes), section, entry, address);
            }
        }
    }

    /// <summary>Place of a defined symbol in the loaded form.</summary>
    /// <exception cref="InvalidDataException">There is none of that name.</exception>
    public long SymbolOffset(string name)
    {
        int index = Array.FindIndex(_symbols, symbol => symbol.Name == name && symbol.Section > 0);
        Check(index >= 0, $"it does not define {name}");
        return ImageOffset(index);
    }

    private void Apply(Span<byte> bytes, Section section, Relocation entry, ulong address)
    {
        bool wide = entry.Type is 1 or 24;
        Check(
            entry.Offset >= 0 && entry.Offset <= bytes.Length - (wide ? 8 : 4),
            "a relocation lies outside its section"
        );
        Span<byte> place = bytes[entry.Offset..];
        long here = section.ImageOffset + (long)entry.Offset;
        switch (entry.Type)
        {
            case 1: // R_X86_64_64
                BinaryPrimitives.WriteUInt64LittleEndian(
                    place,
                    address + (ulong)(ImageOffset(entry.Symbol) + entry.Addend)
                );
                break;
            case 2: // R_X86_64_PC32
            case 4: // R_X86_64_PLT32
                WriteSigned(place, ImageOffset(entry.Symbol) + entry.Addend - here);
                break;
            case 24: // R_X86_64_PC64
                BinaryPrimitives.WriteInt64LittleEndian(place, ImageOffset(entry.Symbol) + entry.Addend - here);
                break;
            case 9: // R_X86_64_GOTPCREL
            case 41: // R_X86_64_GOTPCRELX
            case 42: // R_X86_64_REX_GOTPCRELX
                WriteSigned(place, _gotOffset + 8L * _gotSlots[entry.Symbol] + entry.Addend - here);
                break;
            default:
                throw Invalid($"relocation type {entry.Type} is not supported");
        }
    }

    private static void WriteSigned(Span<byte> place, long value)
    {
        Check(value is >= int.MinValue and <= int.MaxValue, "a relocation is out of range");
        BinaryPrimitives.WriteInt32LittleEndian(place, (int)value);
    }

    private long ImageOffset(int symbol)
    {
        Symbol entry = _symbols[symbol];
        if (entry.Section <= 0 || entry.Section >= _sections.Length || _sections[entry.Section].ImageOffset < 0)
        {
            throw Invalid($"it needs '{entry.Name}', which it does not define");
        }
        Section section = _sections[entry.Section];
        Check(entry.Value >= 0 && entry.Value <= section.SizeBytes, "a symbol lies outside its section");
        return section.ImageOffset + entry.Value;
    }

    private void ReadRelocations()
    {
        foreach (Section section in _sections)
        {
            if (section.Type != SectionRela)
            {
                continue;
            }
            Check(section.Info < _sections.Length, "relocations name no section");
            if (_sections[section.Info].ImageOffset < 0)
            {
                continue;
            }
            Relocation[] entries = new Relocation[section.SizeBytes / RelaBytes];
            for (int i = 0; i < entries.Length; i++)
            {
                int at = section.FileOffset + i * RelaBytes;
                uint type = U32(_file, at + 8);
                int symbol = checked((int)U32(_file, at + 12));
                Check(symbol < _symbols.Length, "a relocation names no symbol");
                entries[i] = new Relocation(Offset(_file, at, 0), type, symbol, (long)U64(_file, at + 16));
                if (type is 9 or 41 or 42)
                {
                    _gotSlots.TryAdd(symbol, _gotSlots.Count);
                }
            }
            _relocations.Add((section.Info, entries));
        }
    }

    private static Section ReadSection(byte[] file, int at, int names, ref int imageOffset)
    {
        string name = Name(file, names, U32(file, at));
        uint type = U32(file, at + 4);
        ulong flags = U64(file, at + 8);
        int fileOffset = Offset(file, at + 24, 0);
        int size = Offset(file, at + 32, 0);
        Check(type is 0 or SectionNoBits || (long)fileOffset + size <= file.Length, $"section {name} lies outside");
        ulong alignment = Math.Max(1, U64(file, at + 48));
        int place = -1;
        bool loaded = type is SectionProgBits or SectionNoBits && (flags & FlagAlloc) != 0 && name != ".eh_frame";
        if (loaded)
        {
            Check(alignment <= 4096 && (alignment & (alignment - 1)) == 0, $"section {name} has a strange alignment");
            place = Align(imageOffset, (int)alignment);
            imageOffset = checked(place + size);
            Check(imageOffset <= MaxImageBytes, "it is too large");
        }
        return new Section(
            name,
            type,
            flags,
            fileOffset,
            size,
            checked((int)U32(file, at + 40)),
            checked((int)U32(file, at + 44)),
            place
        );
    }

    private static Symbol[] ReadSymbols(byte[] file, Section[] sections, Section table)
    {
        Check(table.Link < sections.Length, "its symbols have no names");
        Symbol[] symbols = new Symbol[table.SizeBytes / SymbolBytes];
        for (int i = 0; i < symbols.Length; i++)
        {
            int at = table.FileOffset + i * SymbolBytes;
            symbols[i] = new Symbol(
                Name(file, sections[table.Link].FileOffset, U32(file, at)),
                U16(file, at + 6) is var section && section < 0xff00 ? section : -1,
                (long)U64(file, at + 8)
            );
        }
        return symbols;
    }

    private static string Name(byte[] file, int table, uint offset)
    {
        long start = table + (long)offset;
        Check(start < file.Length, "a name lies outside");
        int end = Array.IndexOf(file, (byte)0, (int)start);
        Check(end >= 0, "a name does not end");
        return Encoding.UTF8.GetString(file, (int)start, end - (int)start);
    }

    private static int Offset(byte[] file, int at, int minimum)
    {
        ulong value = U64(file, at);
        Check(value >= (ulong)minimum && value <= MaxImageBytes, "an offset or size is out of range");
        return (int)value;
    }

    private static int Align(int value, int alignment) => checked(value + alignment - 1) & -alignment;

    private static ushort U16(byte[] file, int at) => BinaryPrimitives.ReadUInt16LittleEndian(Slice(file, at, 2));

    private static uint U32(byte[] file, int at) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(file, at, 4));

    private static ulong U64(byte[] file, int at) => BinaryPrimitives.ReadUInt64LittleEndian(Slice(file, at, 8));

    private static ReadOnlySpan<byte> Slice(byte[] file, int at, int size)
    {
        Check(at >= 0 && at <= file.Length - size, "it ends early");
        return file.AsSpan(at, size);
    }

    private static void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw Invalid(otherwise);
        }
    }

    private static InvalidDataException Invalid(string reason) => new($"The compiled kernel is unusable: {reason}.");
}
