using Weir.Protocol.Rest;
using YamlDotNet.RepresentationModel;

namespace Weir.Cli.Pool.Jobs;

/// <summary>A mapping of a job file, read key by key; every error names line and column.</summary>
internal sealed class JobMapping(string path, YamlMappingNode mapping)
{
    private readonly HashSet<string> _known = [];

    /// <summary>The text of a key; null when it is not there.</summary>
    public string? Text(string key)
    {
        if (Find(key) is not { } node)
        {
            return null;
        }
        return node is YamlScalarNode { Value: { Length: > 0 } value }
            ? value
            : throw Wrong(node, $"{key} is a word or a number here");
    }

    /// <summary>The value of a key, read by a function that throws <see cref="FormatException"/>.</summary>
    public T? Value<T>(string key, Func<string, T> read)
    {
        if (Text(key) is not { } text)
        {
            return default;
        }
        try
        {
            return read(text);
        }
        catch (FormatException error)
        {
            throw Wrong(Find(key)!, $"{key}: {error.Message}");
        }
    }

    /// <summary>A word or a list of words; null when it is not there.</summary>
    public IReadOnlyList<string>? Words(string key)
    {
        switch (Find(key))
        {
            case null:
                return null;
            case YamlScalarNode { Value: { Length: > 0 } one }:
                return [one];
            case YamlSequenceNode list:
                return
                [
                    .. list.Children.Select(child =>
                        child is YamlScalarNode { Value: { } word }
                            ? word
                            : throw Wrong(child, $"{key} is a list of words")
                    ),
                ];
            case var other:
                throw Wrong(other, $"{key} is a word or a list of words");
        }
    }

    /// <summary>A command: a list is program and arguments, a text goes to the shell.</summary>
    public IReadOnlyList<string> Command(string key) =>
        Find(key) switch
        {
            null => throw Wrong(mapping, $"{key} is missing: what is to run?"),
            YamlScalarNode { Value: { Length: > 0 } line } => ["/bin/sh", "-c", line],
            _ => Words(key) is { Count: > 0 } words ? words : throw Wrong(Find(key)!, $"{key} is empty"),
        };

    /// <summary>A mapping of words; null when it is not there.</summary>
    public IReadOnlyDictionary<string, string>? Pairs(string key)
    {
        if (Find(key) is not { } node)
        {
            return null;
        }
        if (node is not YamlMappingNode pairs)
        {
            throw Wrong(node, $"{key} is a mapping, e.g. \"{key}: {{NAME: value}}\"");
        }
        Dictionary<string, string> found = [];
        foreach (var (name, value) in pairs.Children)
        {
            found[((YamlScalarNode)name).Value!] = value is YamlScalarNode scalar
                ? scalar.Value ?? ""
                : throw Wrong(value, $"the value of {name} is a word");
        }
        return found;
    }

    /// <summary>A list of {source, target, kind, read-only}; null when it is not there.</summary>
    public IReadOnlyList<MountView>? Mounts(string key)
    {
        if (Find(key) is not { } node)
        {
            return null;
        }
        if (node is not YamlSequenceNode list)
        {
            throw Wrong(node, $"{key} is a list of {{source: …, target: …}}");
        }
        List<MountView> mounts = [];
        foreach (var child in list.Children)
        {
            var one = new JobMapping(
                path,
                child as YamlMappingNode ?? throw Wrong(child, $"a mount is a mapping: {{source: …, target: …}}")
            );
            string source = one.Text("source") ?? throw Wrong(child, "the mount has no source");
            string target = one.Text("target") ?? source;
            string kind = one.Text("kind") ?? (source.Contains(":/", StringComparison.Ordinal) ? "nfs" : "host");
            bool readOnly = one.Value(
                "read-only",
                text => text is "true" or "false" ? text == "true" : throw new FormatException("true or false")
            );
            one.RefuseOthers();
            mounts.Add(new MountView(kind, source, target, readOnly));
        }
        return mounts;
    }

    /// <summary>Throws on a key that nobody asked for.</summary>
    public void RefuseOthers()
    {
        foreach (var (key, _) in mapping.Children)
        {
            if (key is not YamlScalarNode { Value: { } name } || !_known.Contains(name))
            {
                throw Wrong(key, $"\"{key}\" is not known here; known are {string.Join(", ", _known.Order())}");
            }
        }
    }

    private YamlNode? Find(string key)
    {
        _known.Add(key);
        return mapping.Children.TryGetValue(new YamlScalarNode(key), out var node) ? node : null;
    }

    private PoolException Wrong(YamlNode node, string what) =>
        new($"{path}:{node.Start.Line}:{node.Start.Column}: {what}");
}
