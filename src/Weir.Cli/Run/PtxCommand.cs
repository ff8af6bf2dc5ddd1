using System.CommandLine;

namespace Weir.Cli.Run;

/// <summary>`weir ptx FILE`: what the device makes of a PTX file. The compiler's program says it, since LLVM may end its process.</summary>
internal static class PtxCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "PTX text or a fat binary; - reads stdin." };
        var entry = new Option<string?>("--entry") { Description = "Only this kernel." };
        var ir = new Option<bool>("--ir") { Description = "Also the intermediate form." };
        var llvm = new Option<bool>("--llvm") { Description = "Also the LLVM IR, before its passes." };
        var assembly = new Option<bool>("--asm") { Description = "Also the generated code." };
        var command = new Command(
            "ptx",
            "Show what the software device makes of a PTX file: kernels, registers, memory, what it refuses.\n\n"
                + "Exit code 0: all kernels run; 1: some are refused; 2: the file cannot be read."
        )
        {
            file,
            entry,
            ir,
            llvm,
            assembly,
        };
        command.SetAction(parsed =>
        {
            if (Artifacts.Find() is not { } artifacts)
            {
                Console.Error.WriteLine(Artifacts.Missing);
                return ExitCodes.CannotStart;
            }
            List<string> line = [artifacts.Compiler, "--describe", parsed.GetValue(file)!];
            if (parsed.GetValue(entry) is { } name)
            {
                line.AddRange(["--entry", name]);
            }
            foreach (
                (Option<bool> option, string word) in ((Option<bool>, string)[])
                    [(ir, "--ir"), (llvm, "--llvm"), (assembly, "--asm")]
            )
            {
                if (parsed.GetValue(option))
                {
                    line.Add(word);
                }
            }
            return ProcessImage.Replace(artifacts.Compiler, line);
        });
        return command;
    }
}
