using System.Reflection;
using System.Runtime.InteropServices;

namespace Weir.Api.Tests;

/// <summary>Structures lie in memory as the C compiler lays them out.</summary>
public class LayoutTests
{
    [Fact]
    public void Structures_have_the_layout_of_C()
    {
        string program = Path.Combine(Path.GetTempPath(), $"weir-layouts-{Environment.ProcessId}");
        Compiler.Compile(Compiler.Source("layouts.c"), program);
        try
        {
            HashSet<string> seen = [];
            foreach (string line in Compiler.Run(program).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                string[] words = line.Split(' ');
                Type type = typeof(CuResult).Assembly.GetType("Weir.Api." + words[0])!;
                int actual =
                    words[1] == "sizeof"
                        ? Marshal.SizeOf(type)
                        : type.GetField(words[1])!.GetCustomAttribute<FieldOffsetAttribute>()!.Value;
                Assert.Equal(line, $"{words[0]} {words[1]} {actual}");
                seen.Add($"{words[0]} {words[1]}");
            }
            Assert.Empty(StructureFields().Except(seen));
        }
        finally
        {
            File.Delete(program);
        }
    }

    /// <summary>So that no field is forgotten in the C file.</summary>
    private static IEnumerable<string> StructureFields() =>
        from type in typeof(CuResult).Assembly.GetExportedTypes()
        where type.StructLayoutAttribute is { Value: LayoutKind.Explicit } && !type.IsNested
        from field in type.GetFields(BindingFlags.Public | BindingFlags.Instance)
        select $"{type.Name} {field.Name}";
}
