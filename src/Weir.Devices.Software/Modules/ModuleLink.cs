using System.Runtime.InteropServices;
using System.Text;

namespace Weir.Devices.Software.Modules;

/// <summary>
/// A link under way. Its result is PTX text again: several inputs are put behind one header, so that one may use what
/// another defines.
/// </summary>
internal sealed unsafe class ModuleLink : IDisposable
{
    private static readonly string[] HeaderDirectives = [".version", ".target", ".address_size"];

    private readonly List<string> inputs = [];
    private byte* result;

    /// <summary>Handle that the program holds.</summary>
    public nint Handle { get; set; }

    /// <summary>Adds PTX text.</summary>
    public void Add(ReadOnlySpan<byte> text) => inputs.Add(Encoding.UTF8.GetString(text.TrimEnd((byte)0)));

    /// <summary>Links; null when there is no input. The text is NUL-terminated and lives as long as the link.</summary>
    public byte* Complete(out nuint sizeBytes)
    {
        sizeBytes = 0;
        if (inputs.Count == 0)
        {
            return null;
        }
        StringBuilder linked = new(inputs[0]);
        foreach (string input in inputs.Skip(1))
        {
            linked.Append('\n');
            foreach (string line in input.Split('\n'))
            {
                if (
                    !HeaderDirectives.Any(directive => line.TrimStart().StartsWith(directive, StringComparison.Ordinal))
                )
                {
                    linked.Append(line).Append('\n');
                }
            }
        }
        byte[] bytes = Encoding.UTF8.GetBytes(linked.ToString());
        NativeMemory.Free(result);
        result = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
        bytes.CopyTo(new Span<byte>(result, bytes.Length));
        sizeBytes = (nuint)bytes.Length + 1;
        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.Free(result);
}
