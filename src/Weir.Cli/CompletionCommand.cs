using System.CommandLine;

namespace Weir.Cli;

/// <summary>`weir completion SHELL`: a script that makes the shell complete commands and options.</summary>
internal static class CompletionCommand
{
    // Asks the program itself (System.CommandLine's [suggest] directive), so the script never goes stale.
    private const string Bash = """
        _weir() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _weir weir ./weir
        """;

    private const string Zsh = """
        #compdef weir
        _weir() {
          local -a found
          found=("${(@f)$("${words[1]}" "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          compadd -a found
          _files
        }
        compdef _weir weir
        """;

    private const string Fish = """
        complete -c weir -a '(weir "[suggest:"(commandline -C)"]" (commandline -cp) 2>/dev/null)'
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Print a completion script, e.g. `source <(weir completion bash)`.")
        {
            shell,
        };
        command.SetAction(parsed =>
        {
            Console.WriteLine(
                parsed.GetValue(shell) switch
                {
                    "zsh" => Zsh,
                    "fish" => Fish,
                    _ => Bash,
                }
            );
            return ExitCodes.Success;
        });
        return command;
    }
}
