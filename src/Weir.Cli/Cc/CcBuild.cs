using System.Diagnostics;

namespace Weir.Cli.Cc;

/// <summary>
/// The way from CUDA C to a program: kernels to PTX, the host's half with that PTX in it, the runtime, the link. clang's two
/// passes read the same source; the header makes each see what it needs.
/// </summary>
/// <param name="clang">Path of clang.</param>
internal sealed class CcBuild(string clang)
{
    private static readonly string s_sdk = Path.Combine(AppContext.BaseDirectory, "sdk", "cuda");

    /// <summary>Target of the PTX, sm_NN.</summary>
    public required string Architecture { get; init; }

    /// <summary>0 to 3, or fast.</summary>
    public required string Optimisation { get; init; }

    /// <summary>C++ standard.</summary>
    public required string Standard { get; init; }

    /// <summary>Folders and macros, as clang takes them.</summary>
    public required IReadOnlyList<string> Options { get; init; }

    /// <summary>Libraries to link, as clang takes them.</summary>
    public required IReadOnlyList<string> Libraries { get; init; }

    /// <summary>Writes the PTX of each source; the exit code.</summary>
    public int ToPtx(IReadOnlyList<string> sources, string? output)
    {
        if (output is not null && sources.Count > 1)
        {
            Console.Error.WriteLine("weir cc: --out names one file, but there are several sources");
            return ExitCodes.Usage;
        }
        foreach (string source in sources)
        {
            if (!IsCuda(source))
            {
                Console.Error.WriteLine($"weir cc: {source} is no CUDA source (.cu)");
                return ExitCodes.Usage;
            }
            if (!Run(DevicePass(source, output ?? Path.ChangeExtension(Path.GetFileName(source), ".ptx"))))
            {
                return ExitCodes.Failure;
            }
        }
        return ExitCodes.Success;
    }

    /// <summary>Compiles all sources and links them; the exit code.</summary>
    public int ToProgram(IReadOnlyList<string> sources, string output)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("weir-cc-");
        try
        {
            List<string> objects = [];
            foreach (string source in sources)
            {
                string stem = Path.Combine(folder.FullName, $"{objects.Count}");
                if (!IsCuda(source))
                {
                    objects.Add(source);
                }
                else if (Compile(source, stem))
                {
                    objects.Add(stem + ".o");
                }
                else
                {
                    return ExitCodes.Failure;
                }
            }
            string runtime = Path.Combine(folder.FullName, "runtime.o");
            return
                Run(["-O2", "-c", Path.Combine(s_sdk, "weir_runtime.c"), "-I", s_sdk, "-o", runtime])
                && Run([.. objects, runtime, "-o", output, .. Libraries, "-lstdc++", "-lm", "-ldl", "-lpthread"])
                ? ExitCodes.Success
                : ExitCodes.Failure;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static bool IsCuda(string source) => Path.GetExtension(source) is ".cu";

    private bool Compile(string source, string stem)
    {
        string ptx = stem + ".ptx";
        if (!Run(DevicePass(source, ptx)))
        {
            return false;
        }
        // The image in the program is a text that ends with a NUL, as cuModuleLoadData takes it.
        using (FileStream image = new(ptx, FileMode.Append))
        {
            image.WriteByte(0);
        }
        return Run([
            .. Common(source),
            "--cuda-host-only",
            Optimisation == "fast" ? "-O3" : "-O" + Optimisation,
            "-Xclang",
            "-fcuda-include-gpubinary",
            "-Xclang",
            ptx,
            "-c",
            "-o",
            stem + ".o",
        ]);
    }

    private List<string> DevicePass(string source, string ptx) =>
        [
            .. Common(source),
            "--cuda-device-only",
            // Without a toolkit clang takes the oldest ISA; this one knows all that the header uses.
            "--cuda-feature=+ptx78",
            .. Optimisation == "fast" ? (string[])["-O3", "-ffast-math"] : ["-O" + Optimisation],
            "-S",
            "-o",
            ptx,
        ];

    private List<string> Common(string source) =>
        [
            "-x",
            "cuda",
            "-std=" + Standard,
            "-nocudainc",
            "-nocudalib",
            "--cuda-gpu-arch=" + Architecture,
            // Launches as toolkits from 9.2 on make them.
            "-Xclang",
            "-target-sdk-version=11.0",
            "-I",
            s_sdk,
            "-include",
            "weir_cuda.h",
            .. Options,
            source,
        ];

    // clang's own words go through; what they mean for this header is added.
    private bool Run(List<string> arguments)
    {
        var start = new ProcessStartInfo(clang, arguments) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        List<string> lines = [];
        while (process.StandardError.ReadLine() is { } line)
        {
            Console.Error.WriteLine(line);
            lines.Add(line);
        }
        process.WaitForExit();
        foreach (string hint in HeaderHints.For(lines))
        {
            Console.Error.WriteLine($"weir cc: {hint}");
        }
        return process.ExitCode == 0;
    }
}
