using Weir.Kernels.Lowering;
using Xunit;

namespace Weir.Kernels.Tests.Lowering;

public class SupportPageTests
{
    [Fact]
    public void The_page_of_supported_instructions_is_what_the_table_says()
    {
        string file = Path.Combine(Root(), "docs", "ptx-support.md");
        string page = SupportPage.Write();
        if (Environment.GetEnvironmentVariable("WEIR_REWRITE") == "1")
        {
            File.WriteAllText(file, page);
        }
        Assert.True(
            File.Exists(file) && File.ReadAllText(file) == page,
            $"{file} is out of date: WEIR_REWRITE=1 writes it"
        );
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Weir.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder ?? throw new InvalidOperationException("The tests run outside of a checkout.");
    }
}
