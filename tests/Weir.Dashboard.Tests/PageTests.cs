using System.Net;

namespace Weir.Dashboard.Tests;

/// <summary>The pages in a real browser: one browser and one pool for all, since each costs a second.</summary>
public class PageTests
{
    private static readonly string[] s_pages =
    [
        "/",
        "/nodes",
        "/sessions",
        "/projects",
        "/debt",
        "/fix",
        "/forecast",
        "/audit",
        "/settings",
    ];

    [Fact]
    public async Task A_person_logs_in_looks_around_and_sees_what_changes()
    {
        using PoolOfPages pool = await PoolOfPages.StartAsync();
        await using Browser browser = await Browser.StartAsync();

        // Without a log-in there is one page only.
        await browser.GoAsync(pool.Address + "/debt");
        await browser.UntilAsync("location.pathname === '/login'");

        await browser.GoAsync($"{pool.Address}/?key={pool.Key}");
        await browser.UntilAsync("location.pathname === '/' && location.search === ''");
        foreach (string page in s_pages)
        {
            await browser.GoAsync(pool.Address + page);
            await browser.UntilAsync("document.querySelectorAll('h1').length === 1");
            Assert.Equal(
                "",
                await browser.EvaluateAsync("document.querySelector('.condition.problem')?.textContent ?? ''")
            );
            Assert.Equal(
                "page",
                await browser.EvaluateAsync("document.querySelector('nav a.active')?.getAttribute('aria-current')")
            );
            // A page may be any width that it needs, and is no wider.
            Assert.Equal("true", await browser.EvaluateAsync("document.documentElement.scrollWidth <= innerWidth + 1"));
        }

        // What happens in the pool appears without loading the page again, and names are text, whatever is in them.
        await browser.GoAsync(pool.Address + "/projects");
        _ = await browser.EvaluateAsync("window.untouched = 'yes'");
        await pool.AddProjectAsync("fresh");
        await browser.UntilAsync("document.querySelector('#live').textContent.includes('fresh')");
        Assert.Equal("yes", await browser.EvaluateAsync("window.untouched"));

        // A form is sent by its button, and says what became of it.
        await browser.GoAsync(pool.Address + "/settings");
        _ = await browser.EvaluateAsync(
            "document.querySelector('#prices').value = JSON.stringify({currency:'EUR',entries:[{model:'<b>x</b>',perHour:2}]})"
        );
        _ = await browser.EvaluateAsync("document.querySelector('form[action=\"/act/settings\"] button').click()");
        await browser.UntilAsync("document.querySelector('.condition')?.textContent === 'Saved.'");
        Assert.Equal("<b>x</b>", (await pool.PricesAsync()).Entries.Single().Model);
        Assert.Equal("0", await browser.EvaluateAsync("document.querySelectorAll('textarea b').length"));

        // Light and dark is a person's choice, kept.
        _ = await browser.EvaluateAsync("document.querySelector('form[action=\"/act/theme\"] button').click()");
        await browser.UntilAsync("document.body?.dataset.theme === 'dark'");

        // When the controller is away the page says so, and stays.
        await browser.GoAsync(pool.Address + "/nodes");
        pool.KillController();
        await browser.UntilAsync(
            "document.querySelector('.condition.problem')?.textContent.includes('does not answer') === true"
        );
    }

    [Fact]
    public async Task Nobody_gets_in_without_a_key_or_a_token_and_other_sites_forms_are_refused()
    {
        using PoolOfPages pool = await PoolOfPages.StartAsync();
        var cookies = new CookieContainer();
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = cookies })
        {
            BaseAddress = new Uri(pool.Address),
        };
        foreach (string page in s_pages)
        {
            using HttpResponseMessage answer = await http.GetAsync(page, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.Redirect, "/login"), (answer.StatusCode, answer.Headers.Location?.ToString()));
        }
        using (
            HttpResponseMessage wrong = await http.GetAsync(
                "/?key=" + new string('0', 48),
                TestContext.Current.CancellationToken
            )
        )
        {
            Assert.Equal("/login", wrong.Headers.Location?.ToString());
        }
        Assert.Contains("it begins with weiru1.", await LoginAsync(http, pool, "<script>"));
        Assert.Equal("/", await LoginAsync(http, pool, await pool.TokenAsync("ann")));

        // She is no operator: the audit is not hers, and the page says so.
        string audit = await http.GetStringAsync("/audit", TestContext.Current.CancellationToken);
        Assert.Contains("for operators", audit);
        Assert.Contains("ann", audit);

        // With her cookie, from elsewhere.
        using var form = new HttpRequestMessage(HttpMethod.Post, "/act/drain")
        {
            Content = new FormUrlEncodedContent([new("subject", "n1")]),
            Headers = { { "Origin", "https://evil.example" } },
        };
        using HttpResponseMessage refused = await http.SendAsync(form, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    // The page that says what is wrong, or where it goes on.
    private static async Task<string> LoginAsync(HttpClient http, PoolOfPages pool, string token)
    {
        using var form = new HttpRequestMessage(HttpMethod.Post, "/login")
        {
            Content = new FormUrlEncodedContent([new("token", token)]),
            Headers = { { "Origin", pool.Address } },
        };
        using HttpResponseMessage answer = await http.SendAsync(form, TestContext.Current.CancellationToken);
        return answer.Headers.Location?.ToString()
            ?? await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
