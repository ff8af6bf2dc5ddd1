namespace Weir.Conformance.Tests;

/// <summary>PTX texts that lie beside the tests or with the samples.</summary>
internal static class KernelText
{
    public static string Of(string file)
    {
        using var stream =
            typeof(KernelText).Assembly.GetManifestResourceStream(file)
            ?? throw new FileNotFoundException($"{file} is not embedded");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
