namespace Weir.Estimates.Files;

/// <summary>Finds out what a model is from its files, of which only headers are read.</summary>
public static class ModelReader
{
    /// <summary>Reads a folder (as downloaded: config.json with weights), or one file: .safetensors, .gguf, .onnx or .json.</summary>
    /// <exception cref="ModelFileException">Nothing there tells what the model is, or a file is damaged.</exception>
    public static ModelFacts Read(string path)
    {
        try
        {
            return Directory.Exists(path) ? ReadFolder(path)
                : File.Exists(path) ? ReadFiles(path, [path], null)
                : throw new ModelFileException($"{path}: there is no such file or folder");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path}: {error.Message}", error);
        }
    }

    private static ModelFacts ReadFolder(string folder)
    {
        string config = Path.Combine(folder, "config.json");
        string[] weights = Find(folder, "*.safetensors");
        weights = weights.Length > 0 ? weights : Find(folder, "*.gguf");
        weights = weights.Length > 0 ? weights : Find(folder, "*.onnx");
        return weights.Length == 0 && !File.Exists(config)
            ? throw new ModelFileException(
                $"{folder} has no config.json and no weights (.safetensors, .gguf, .onnx): name the folder of a model"
            )
            : ReadFiles(folder, weights, File.Exists(config) ? config : null);
    }

    private static string[] Find(string folder, string pattern) =>
        [.. Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal)];

    private static ModelFacts ReadFiles(string source, string[] files, string? config)
    {
        var tally = new TensorTally();
        Architecture? architecture = null;
        int? bytesPerParameter = null;
        foreach (string file in config is null ? files : [.. files, config])
        {
            try
            {
                using FileStream stream = File.OpenRead(file);
                switch (Path.GetExtension(file).ToLowerInvariant())
                {
                    case ".safetensors":
                        SafetensorsFile.Read(stream, tally);
                        break;
                    case ".gguf":
                        architecture = GgufFile.Read(stream, tally).Architecture;
                        break;
                    case ".onnx":
                        OnnxFile.Read(stream, tally);
                        break;
                    case ".json":
                        (Architecture? known, bytesPerParameter) = HuggingFaceConfig.Read(stream);
                        architecture ??= known;
                        break;
                    default:
                        throw new ModelFileException("only .safetensors, .gguf, .onnx and config.json are understood");
                }
            }
            catch (ModelFileException error)
            {
                throw new ModelFileException($"{file}: {error.Message}", error);
            }
        }
        return Facts(source, tally, architecture, bytesPerParameter);
    }

    private static ModelFacts Facts(
        string source,
        TensorTally tally,
        Architecture? architecture,
        int? bytesPerParameter
    )
    {
        List<string> notes = [];
        if (tally.Count > 0)
        {
            notes.Add($"{tally.Count} tensors counted in the files' headers");
            if (architecture is null)
            {
                notes.Add(
                    "the layers' sizes are not in these files, so activations and caches are not in the sum: "
                        + "put config.json beside the weights"
                );
            }
            return new ModelFacts(source, tally.Elements, tally.Bytes, architecture, notes);
        }
        if (architecture is null)
        {
            throw new ModelFileException(
                $"{source}: it names no layers, width and heads, so it is no model that is known here"
            );
        }
        try
        {
            long parameters = architecture.CountParameters();
            notes.Add("parameters counted from the configuration, without biases: with the weights it is exact");
            return new ModelFacts(source, parameters, parameters * bytesPerParameter, architecture, notes);
        }
        catch (OverflowException error)
        {
            throw new ModelFileException($"{source}: its sizes make no sense together", error);
        }
    }
}
