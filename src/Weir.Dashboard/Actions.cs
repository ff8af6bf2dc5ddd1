using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Weir.Dashboard.Pool;
using Weir.Protocol.Rest;

namespace Weir.Dashboard;

/// <summary>What buttons do: each asks the controller as the user who is logged in, and comes back to its page with what was said.</summary>
internal static class Actions
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/act/{verb}", ActAsync).DisableAntiforgery();
    }

    private static async Task<IResult> ActAsync(HttpContext context, string verb, PoolSession pool)
    {
        IFormCollection form = await context.Request.ReadFormAsync();
        string subject = form["subject"].ToString();
        string back = Back(context);
        if (verb == "theme")
        {
            context.Response.Cookies.Append(
                "weir-theme",
                context.Request.Cookies["weir-theme"] == "dark" ? "light" : "dark",
                new CookieOptions { MaxAge = TimeSpan.FromDays(365), SameSite = SameSiteMode.Strict }
            );
            return Results.Redirect(back);
        }
        string said;
        try
        {
            said = await DoAsync(await pool.ClientAsync(), verb, subject, form);
        }
        catch (PoolProblem problem)
        {
            said = problem.Message;
        }
        return Results.Redirect($"{back}?said={Uri.EscapeDataString(said)}");
    }

    private static async Task<string> DoAsync(PoolClient client, string verb, string subject, IFormCollection form)
    {
        string name = string.Join('/', subject.Split('/').Select(Uri.EscapeDataString));
        switch (verb)
        {
            case "park" or "resume" or "migrate":
                SessionMoveView moved = await client.PostAsync(
                    $"v1/sessions/{name}/{verb}",
                    RestJson.Default.SessionMoveView
                );
                return $"{subject}: {verb} is done; its program waited {moved.PauseMs} ms.";
            case "end":
                _ = await client.DeleteAsync($"v1/leases/{name}", RestJson.Default.LeaseView);
                return $"{subject} has ended.";
            case "cancel":
                await client.DoAsync(HttpMethod.Delete, $"v1/workloads/{name}");
                return $"{subject} is cancelled.";
            case "drain" or "uncordon":
                NodeView node = await client.PostAsync($"v1/nodes/{name}/{verb}", RestJson.Default.NodeView);
                return $"{subject} is {node.State}.";
            case "settings":
                _ = await client.PutAsync(
                    "v1/prices",
                    Read(form["prices"].ToString(), "prices", RestJson.Default.PriceListView),
                    RestJson.Default.PriceListView
                );
                _ = await client.PutAsync(
                    "v1/advise/policy",
                    Read(form["policy"].ToString(), "policy", RestJson.Default.FindingPolicyView),
                    RestJson.Default.FindingPolicyView
                );
                return "Saved.";
            default:
                throw new PoolProblem($"there is nothing called {verb} to do");
        }
    }

    private static T Read<T>(string text, string what, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(text, type) ?? throw new PoolProblem($"the {what} are empty");
        }
        catch (JsonException malformed)
        {
            throw new PoolProblem($"the {what} are no JSON of that form: {malformed.Message}");
        }
    }

    // Only a path of this site: an address from outside would send people elsewhere.
    private static string Back(HttpContext context) =>
        Uri.TryCreate(context.Request.Headers.Referer.ToString(), UriKind.Absolute, out Uri? from)
        && from.Authority == context.Request.Host.Value
            ? from.AbsolutePath
            : "/";
}
