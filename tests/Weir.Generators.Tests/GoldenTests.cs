using System.Runtime.CompilerServices;
using Weir.Generators.Emit;
using Weir.Generators.Model;

namespace Weir.Generators.Tests;

/// <summary>
/// What each product emits from Sample.api, as text. To accept a change: run these tests with WEIR_UPDATE_GOLDEN=1 and read
/// the difference.
/// </summary>
public class GoldenTests
{
    [Theory]
    [InlineData("driver")]
    [InlineData("exports")]
    [InlineData("dispatch")]
    [InlineData("native")]
    public void Emitted_text_is_as_agreed(string product)
    {
        ApiResult sample = Descriptions.Sample();
        Assert.Empty(sample.Diagnostics);
        foreach (EmittedFile file in Products.Emit(product, sample.Set))
        {
            string path = Path.Combine(Folder(), file.Name + ".txt");
            if (Environment.GetEnvironmentVariable("WEIR_UPDATE_GOLDEN") == "1")
            {
                File.WriteAllText(path, file.Text);
            }
            Assert.Equal(File.ReadAllText(path), file.Text);
        }
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "Golden");
}
