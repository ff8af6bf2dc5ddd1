namespace Weir.EndToEnd;

/// <summary>
/// The folder of a container's image, as small as it can be: a program and the C library that it is linked with, nothing of Weir.
/// </summary>
internal static class Image
{
    /// <summary>Makes the image; the program in it is "/program".</summary>
    /// <param name="program">Path of the program.</param>
    /// <param name="more">Libraries that it needs besides, by file name.</param>
    public static string Create(string program, params string[] more)
    {
        string root = Path.Combine(WeirInstallation.NewFolder("image"), "root");
        foreach (string folder in (string[])["proc", "dev", "tmp", "run", "opt"])
        {
            _ = Directory.CreateDirectory(Path.Combine(root, folder));
        }
        File.Copy(program, Path.Combine(root, "program"));
        // "name => path (address)", or the loader's path alone.
        IEnumerable<string> libraries = ProgramRun
            .Start("ldd", [program])
            .Succeeded()
            .Text.Split('\n')
            .SelectMany(line => line.Split(' ', '\t'))
            .Where(word => word.StartsWith('/'))
            .Concat(more.Select(Library));
        foreach (string library in libraries)
        {
            string place = root + library;
            _ = Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            File.Copy(library, place, overwrite: true);
        }
        return root;
    }

    private static string Library(string name) =>
        ProgramRun
            .Start("sh", ["-c", $"PATH=$PATH:/sbin ldconfig -p | grep -m1 '^\\s{name} .*x86-64' | sed 's/.*=> //'"])
            .Succeeded()
            .Text.Trim();
}
