using System.CommandLine;
using Weir.Cli.Pool.Nodes;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Policy;

/// <summary>`weir templates`.</summary>
internal static class TemplatesCommand
{
    public static Command Create()
    {
        var output = OutputFormat.Option();
        var command = new Command("templates", "List compute templates: defaults and caps of claims.") { output };
        command.Does(
            async (parsed, client, _) =>
            {
                var templates = await client.GetAsync("v1/templates", RestJson.Default.TemplateViewArray);
                return parsed.GetValue(output) == "json"
                    ? PoolCommand.Json(templates, RestJson.Default.TemplateViewArray)
                    : PoolCommand.Table(
                        "No templates: `weir templates set` makes one.",
                        ["TEMPLATE", "PROJECT", "GPUS", "MEMORY", "AT MOST", "LIFE", "POOL"],
                        templates.Select(template =>
                            (string[])
                                [
                                    template.Name,
                                    template.Project ?? "all",
                                    $"{template.Count}x{template.Compute / 100.0:0.##}",
                                    template.MemoryBytes is { } bytes ? Sizes.Text((ulong)bytes) : "by share",
                                    Caps(template),
                                    template.MaxLifeMs is { } life ? $"{life / 1000} s" : "any",
                                    template.Pool ?? "default",
                                ]
                        )
                    );
            }
        );
        command.Subcommands.Add(Set());
        command.Subcommands.Add(PoolsCommand.Remove("templates"));
        return command;
    }

    private static string Caps(TemplateView template)
    {
        List<string> caps = [];
        if (template.MaxCount is { } count)
        {
            caps.Add($"{count} devices");
        }
        if (template.MaxCompute is { } compute)
        {
            caps.Add($"{compute} %");
        }
        if (template.MaxMemoryBytes is { } memory)
        {
            caps.Add(Sizes.Text((ulong)memory));
        }
        return caps.Count > 0 ? string.Join(", ", caps) : "any";
    }

    private static Command Set()
    {
        var name = new Argument<string>("name");
        var gpus = ClaimOptions.Parsed(
            "--gpus",
            "Default, as for `weir run`.",
            text => (GpuShape?)GpuShape.Parse(text)
        );
        var most = ClaimOptions.Parsed("--max-gpus", "Cap, e.g. 2x0.5.", text => (GpuShape?)GpuShape.Parse(text));
        var memory = ClaimOptions.Parsed("--mem", "Default memory per slice.", text => (long?)Quantities.Bytes(text));
        var mostMemory = ClaimOptions.Parsed(
            "--max-mem",
            "Cap of memory per slice.",
            text => (long?)Quantities.Bytes(text)
        );
        var life = ClaimOptions.Parsed(
            "--max-life",
            "Longest life of a lease, e.g. 8h.",
            text => (long?)Quantities.Milliseconds(text)
        );
        var project = new Option<string?>("--project") { Description = "Only for this project." };
        var pool = new Option<string?>("--pool") { Description = "Pool when the claim names none." };
        var cpus = ClaimOptions.Parsed(
            "--cpus",
            "CPUs of workloads that say none.",
            text => (int?)Quantities.Processors(text)
        );
        var hostMemory = ClaimOptions.Parsed(
            "--host-mem",
            "Host memory of workloads that say none.",
            text => (long?)Quantities.Bytes(text)
        );
        return new Command("set", "Make or change a template.")
        {
            name,
            gpus,
            most,
            memory,
            mostMemory,
            life,
            project,
            pool,
            cpus,
            hostMemory,
        }.Does(
            async (parsed, client, _) =>
            {
                string template = parsed.GetValue(name)!;
                var now =
                    (await client.GetAsync("v1/templates", RestJson.Default.TemplateViewArray)).FirstOrDefault(one =>
                        one.Name == template
                    ) ?? new TemplateView();
                await client.PutAsync(
                    $"v1/templates/{NodesCommand.Escaped(template)}",
                    now with
                    {
                        Count = parsed.GetValue(gpus)?.Count ?? now.Count,
                        Compute = parsed.GetValue(gpus)?.Compute ?? now.Compute,
                        MaxCount = parsed.GetValue(most)?.Count ?? now.MaxCount,
                        MaxCompute = parsed.GetValue(most)?.Compute ?? now.MaxCompute,
                        MemoryBytes = parsed.GetValue(memory) ?? now.MemoryBytes,
                        MaxMemoryBytes = parsed.GetValue(mostMemory) ?? now.MaxMemoryBytes,
                        MaxLifeMs = parsed.GetValue(life) ?? now.MaxLifeMs,
                        Project = parsed.GetValue(project) ?? now.Project,
                        Pool = parsed.GetValue(pool) ?? now.Pool,
                        ProcessorsMilli = parsed.GetValue(cpus) ?? now.ProcessorsMilli,
                        HostMemoryBytes = parsed.GetValue(hostMemory) ?? now.HostMemoryBytes,
                    },
                    RestJson.Default.TemplateView
                );
                return ExitCodes.Success;
            }
        );
    }
}
