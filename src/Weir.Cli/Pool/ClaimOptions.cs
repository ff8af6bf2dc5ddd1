using System.CommandLine;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool;

/// <summary>The options that say what is claimed; the same for `run`, `shell`, `env` and `submit`.</summary>
internal sealed class ClaimOptions
{
    private readonly Option<GpuShape?> _gpus = Parsed(
        "--gpus",
        "Devices of the pool: 2, 0.5 (half of one), 2x0.5 (two halves).",
        text => (GpuShape?)GpuShape.Parse(text)
    );
    private readonly Option<long?> _memory = Parsed(
        "--mem",
        "Device memory per slice, e.g. 8GiB (default: the same share as of compute).",
        text => (long?)Quantities.Bytes(text)
    );
    private readonly Option<string?> _model = new("--model")
    {
        Description = "Only devices whose model contains this.",
    };
    private readonly Option<long?> _leastMemory = Parsed(
        "--min-mem",
        "Only devices with at least so much memory in all.",
        text => (long?)Quantities.Bytes(text)
    );
    private readonly Option<string?> _node = new("--node") { Description = "Only devices of this node." };
    private readonly Option<string[]> _uuids = new("--uuid") { Description = "Only these devices (may be repeated)." };
    private readonly Option<string?> _pool = new("--pool") { Description = "The pool (default: \"default\")." };
    private readonly Option<string?> _project = new("--project") { Description = "The project that it counts for." };
    private readonly Option<string?> _template = new("--template")
    {
        Description = "Compute template with defaults and caps (weir templates).",
    };
    private readonly Option<int> _priority = new("--priority") { Description = "Higher goes first (-1000 to 1000)." };
    private readonly Option<long?> _wait = Parsed(
        "--wait",
        "How long to wait for room, e.g. 5m (default: not at all).",
        text => (long?)Quantities.Milliseconds(text)
    );
    private readonly Option<long?> _life = Parsed(
        "--life",
        "The lease ends after so long, e.g. 8h.",
        text => (long?)Quantities.Milliseconds(text)
    );
    private readonly Option<long?> _idle = Parsed(
        "--idle-release",
        "Give the slices back when the program made no call for so long, e.g. 30s; its next call takes them again.",
        text => (long?)Quantities.Milliseconds(text)
    );

    /// <summary>--mem, which `weir run` shares with the local device.</summary>
    public Option<long?> Memory => _memory;

    public void AddTo(Command command, bool waits = true)
    {
        foreach (
            Option option in (Option[])
                [
                    _gpus,
                    _memory,
                    _model,
                    _leastMemory,
                    _node,
                    _uuids,
                    _pool,
                    _project,
                    _template,
                    _priority,
                    _life,
                    _idle,
                ]
        )
        {
            command.Options.Add(option);
        }
        if (waits)
        {
            command.Options.Add(_wait);
        }
    }

    /// <summary>Whether anything asks for the pool.</summary>
    public bool Used(ParseResult parsed) =>
        parsed.GetValue(_gpus) is not null || parsed.GetValue(_template) is not null;

    /// <summary>Whether an option is given that means nothing without a claim; its name.</summary>
    public string? Stray(ParseResult parsed) =>
        ((Option[])[_model, _leastMemory, _node, _uuids, _pool, _project, _priority, _wait, _life, _idle])
            .FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false })
            ?.Name;

    /// <summary>The claim.</summary>
    public ClaimRequest Read(ParseResult parsed, string? program) =>
        new()
        {
            Count = parsed.GetValue(_gpus)?.Count ?? 1,
            Compute = parsed.GetValue(_gpus)?.Compute,
            MemoryBytes = parsed.GetValue(_memory),
            Model = parsed.GetValue(_model),
            MinMemoryBytes = parsed.GetValue(_leastMemory),
            Node = parsed.GetValue(_node),
            Uuids = parsed.GetValue(_uuids) is { Length: > 0 } uuids ? uuids : null,
            Pool = parsed.GetValue(_pool),
            Project = parsed.GetValue(_project),
            Template = parsed.GetValue(_template),
            Priority = parsed.GetValue(_priority),
            WaitMs = (int)Math.Min(int.MaxValue, parsed.GetValue(_wait) ?? 0),
            LifeMs = parsed.GetValue(_life),
            IdleReleaseMs = parsed.GetValue(_idle) is { } idle ? (int)Math.Min(int.MaxValue, idle) : null,
            // WEIR_REMOTE=1: reach also this machine's devices as other machines do, to try that way.
            Boot =
                Environment.GetEnvironmentVariable("WEIR_REMOTE") == "1"
                    ? null
                    : File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(),
            Program = program,
        };

    /// <summary>An option whose text is read by a function that throws <see cref="FormatException"/>.</summary>
    public static Option<T> Parsed<T>(string name, string description, Func<string, T> read) =>
        new(name)
        {
            Description = description,
            CustomParser = result =>
            {
                try
                {
                    return read(result.Tokens.Single().Value);
                }
                catch (FormatException error)
                {
                    result.AddError(error.Message);
                    return default!;
                }
            },
        };
}
