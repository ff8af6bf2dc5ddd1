using System.Globalization;
using Weir.Protocol.Rest;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Weir.Cli.Pool.Jobs;

/// <summary>
/// A job file: a YAML mapping. What is wrong is told with line and column. Keys: name, command, user, workdir, env, cpus,
/// host-mem, mounts, image, run-on, time, retries, array, after, project, and of the claim: gpus, mem, model, min-mem, node,
/// uuid, pool, template, priority.
/// </summary>
internal static class JobFile
{
    /// <summary>Reads a file; throws <see cref="PoolException"/>.</summary>
    public static WorkloadRequest Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new PoolException($"the job file cannot be read: {error.Message}");
        }
        return Parse(path, text);
    }

    /// <summary>Reads the text of a file that is called <paramref name="path"/> in errors.</summary>
    public static WorkloadRequest Parse(string path, string text)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents is not [{ RootNode: YamlMappingNode root }])
            {
                throw new PoolException($"{path}: a job file is one mapping, e.g. \"command: [python3, train.py]\"");
            }
            return Read(new JobMapping(path, root));
        }
        catch (YamlException error)
        {
            string message = error.InnerException?.Message ?? error.Message;
            throw new PoolException($"{path}:{error.Start.Line}:{error.Start.Column}: {message}");
        }
    }

    private static WorkloadRequest Read(JobMapping job)
    {
        var gpus = job.Value("gpus", text => (GpuShape?)GpuShape.Parse(text));
        string? template = job.Text("template");
        long? memory = job.Value("mem", text => (long?)Quantities.Bytes(text));
        var claim = new ClaimRequest
        {
            Count = gpus?.Count ?? 1,
            Compute = gpus?.Compute,
            MemoryBytes = memory,
            Model = job.Text("model"),
            MinMemoryBytes = job.Value("min-mem", text => (long?)Quantities.Bytes(text)),
            Node = job.Text("node"),
            Uuids = job.Words("uuid"),
            Pool = job.Text("pool"),
            Template = template,
            Priority = job.Value("priority", Whole),
        };
        var request = new WorkloadRequest
        {
            Name = job.Text("name"),
            Command = job.Command("command"),
            RunAs = job.Text("user"),
            Directory = job.Text("workdir"),
            Environment = job.Pairs("env"),
            ProcessorsMilli = job.Value("cpus", text => (int?)Quantities.Processors(text)),
            HostMemoryBytes = job.Value("host-mem", text => (long?)Quantities.Bytes(text)),
            Mounts = job.Mounts("mounts"),
            Image = job.Text("image"),
            RunOn = job.Text("run-on"),
            TimeLimitMs = job.Value("time", text => (long?)Quantities.Milliseconds(text)),
            Retries = job.Value("retries", Whole),
            Requeue = job.Value(
                "requeue",
                text => text is "true" or "false" ? text == "true" : throw new FormatException("true or false")
            ),
            Array = job.Value("array", Whole),
            After = job.Words("after"),
            Project = job.Text("project"),
            Claim = gpus is not null || template is not null ? claim : null,
        };
        job.RefuseOthers();
        return request;
    }

    private static int Whole(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new FormatException($"\"{text}\" is not a whole number");
}
