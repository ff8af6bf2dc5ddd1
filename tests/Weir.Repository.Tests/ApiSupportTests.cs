namespace Weir.Repository.Tests;

/// <summary>What is written about the API's calls is what the description says.</summary>
public class ApiSupportTests
{
    [Fact]
    public void The_page_of_supported_calls_is_up_to_date()
    {
        string path = Path.Combine(Checkout.Root, "docs", "api-support.md");
        string page = ApiSupportPage.Build();
        if (Environment.GetEnvironmentVariable("WEIR_REWRITE") == "1")
        {
            File.WriteAllText(path, page);
        }
        Assert.Equal(page, File.ReadAllText(path));
    }
}
