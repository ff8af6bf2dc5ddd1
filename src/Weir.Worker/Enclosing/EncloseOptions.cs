using System.Globalization;
using Weir.Posix;

namespace Weir.Worker.Enclosing;

/// <summary>A mount of a program's own view of the file system.</summary>
/// <param name="Kind">"host" or "nfs".</param>
/// <param name="Source">A path of this machine, or server:/path.</param>
/// <param name="Target">Where the program sees it; a folder or file that exists.</param>
/// <param name="IsReadOnly">Not to be written.</param>
internal sealed record EnclosedMount(string Kind, string Source, string Target, bool IsReadOnly);

/// <summary>Command line of the enclosing role: within what limits a program shall run.</summary>
internal sealed record EncloseOptions
{
    /// <summary>Name of a user, or UID:GID without any other groups; null: the caller's own.</summary>
    public string? User { get; private set; }

    /// <summary>Folders of control groups to join.</summary>
    public IReadOnlyList<string> ControlGroups { get; private set; } = [];

    /// <summary>Most open files, processes of the user, bytes of data memory; null: as inherited.</summary>
    public ulong? Files { get; private set; }

    /// <inheritdoc cref="Files"/>
    public ulong? Processes { get; private set; }

    /// <inheritdoc cref="Files"/>
    public ulong? DataBytes { get; private set; }

    /// <summary>A network of its own with nothing in it.</summary>
    public bool IsWithoutNetwork { get; private set; }

    /// <summary>Setuid programs give no rights.</summary>
    public bool HasNoNewPrivileges { get; private set; }

    /// <summary>Working directory, or null.</summary>
    public string? Directory { get; private set; }

    /// <summary>What is mounted, in this order.</summary>
    public IReadOnlyList<EnclosedMount> Mounts { get; private set; } = [];

    /// <summary>The program and its arguments.</summary>
    public IReadOnlyList<string> Program { get; private set; } = [];

    /// <summary>Reads OPTION VALUE … -- PROGRAM ARGUMENT….</summary>
    /// <exception cref="FormatException">Says what was not understood.</exception>
    public static EncloseOptions Parse(IReadOnlyList<string> words)
    {
        var options = new EncloseOptions();
        List<string> groups = [];
        List<EnclosedMount> mounts = [];
        int at = 0;
        for (; at < words.Count && words[at] != "--"; at += 2)
        {
            string name = words[at];
            string value = at + 1 < words.Count ? words[at + 1] : throw new FormatException($"{name} needs a value");
            switch (name)
            {
                case "--user":
                    options.User = value;
                    break;
                case "--cgroup":
                    groups.Add(value);
                    break;
                case "--files":
                    options.Files = Number(name, value);
                    break;
                case "--processes":
                    options.Processes = Number(name, value);
                    break;
                case "--data":
                    options.DataBytes = Number(name, value);
                    break;
                case "--network" when value == "none":
                    options.IsWithoutNetwork = true;
                    break;
                case "--new-privileges" when value == "no":
                    options.HasNoNewPrivileges = true;
                    break;
                case "--directory":
                    options.Directory = value;
                    break;
                case "--mount":
                    mounts.Add(Mount(value));
                    break;
                default:
                    throw new FormatException($"{NativeText.ToDisplay($"{name} {value}")} is not understood");
            }
        }
        options.ControlGroups = groups;
        options.Mounts = mounts;
        options.Program = [.. words.Skip(at + 1)];
        return options.Program.Count > 0 ? options : throw new FormatException("no program given");
    }

    // KIND<newline>SOURCE<newline>TARGET<newline>ro|rw: paths may have any other character.
    private static EnclosedMount Mount(string value) =>
        value.Split('\n') is [var kind and ("host" or "nfs"), var source, ['/', ..] and var target, var access]
            ? new EnclosedMount(kind, source, target, access == "ro")
            : throw new FormatException("--mount takes kind, source, absolute target and ro or rw, each on its line");

    private static ulong Number(string name, string value) =>
        ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : throw new FormatException($"{name} takes a number, not {NativeText.ToDisplay(value)}");
}
