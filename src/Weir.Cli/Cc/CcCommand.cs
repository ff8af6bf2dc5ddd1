using System.CommandLine;

namespace Weir.Cli.Cc;

/// <summary>`weir cc`: CUDA C to a program, or to PTX, with clang and the header in sdk/cuda; no CUDA toolkit.</summary>
internal static class CcCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("files")
        {
            Description = "CUDA C sources (.cu); C, C++ and object files are compiled and linked along.",
            Arity = ArgumentArity.OneOrMore,
        };
        var output = new Option<string?>("--out", "-o")
        {
            Description = "The program (default a.out), or with --ptx the PTX file (default the source's name).",
        };
        var ptx = new Option<bool>("--ptx") { Description = "Stop at PTX." };
        var architecture = new Option<string>("--arch")
        {
            Description = "Target of the PTX.",
            DefaultValueFactory = _ => "sm_80",
        };
        var optimisation = new Option<string>("-O")
        {
            Description = "Optimisation: 0, 1, 2, 3 or fast (fast: approximate maths).",
            DefaultValueFactory = _ => "3",
        };
        optimisation.AcceptOnlyFromAmong("0", "1", "2", "3", "fast");
        var includes = new Option<string[]>("-I") { Description = "Folder to look for headers in." };
        var defines = new Option<string[]>("-D") { Description = "Macro, as NAME or NAME=VALUE." };
        var libraries = new Option<string[]>("-l") { Description = "Library to link." };
        var standard = new Option<string>("--std")
        {
            Description = "C++ standard.",
            DefaultValueFactory = _ => "c++17",
        };
        var command = new Command(
            "cc",
            "Compile CUDA C with Debian's clang and Weir's own header; run the program with `weir run`.\n\n"
                + "The header has index variables, launches, warp and atomic operations, half, maths, and the common part of "
                + "the runtime API: docs/guides/compiling.md."
        )
        {
            files,
            output,
            ptx,
            architecture,
            optimisation,
            includes,
            defines,
            libraries,
            standard,
        };
        command.SetAction(parsed =>
        {
            if (Clang.Find() is not { } clang)
            {
                Console.Error.WriteLine(Clang.Missing);
                return ExitCodes.CannotStart;
            }
            var build = new CcBuild(clang)
            {
                Architecture = parsed.GetValue(architecture)!,
                Optimisation = parsed.GetValue(optimisation)!,
                Standard = parsed.GetValue(standard)!,
                Options =
                [
                    .. parsed.GetValue(includes)!.Select(folder => "-I" + folder),
                    .. parsed.GetValue(defines)!.Select(macro => "-D" + macro),
                ],
                Libraries = [.. parsed.GetValue(libraries)!.Select(name => "-l" + name)],
            };
            string[] sources = parsed.GetValue(files)!;
            if (sources.FirstOrDefault(file => !File.Exists(file)) is { } missing)
            {
                Console.Error.WriteLine($"weir cc: there is no file {missing}");
                return ExitCodes.Usage;
            }
            return parsed.GetValue(ptx)
                ? build.ToPtx(sources, parsed.GetValue(output))
                : build.ToProgram(sources, parsed.GetValue(output) ?? "a.out");
        });
        return command;
    }
}
