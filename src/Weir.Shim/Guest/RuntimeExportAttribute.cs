namespace System.Runtime;

/// <summary>
/// Known to the ahead-of-time compiler by name: the static method is emitted under <paramref name="entryPoint"/> as a plain
/// symbol, entered without any transition into the runtime.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RuntimeExportAttribute(string entryPoint) : Attribute
{
    public string EntryPoint { get; } = entryPoint;
}
