using System.Net;
using Weir.Dashboard.Pool;

namespace Weir.Dashboard.Access;

/// <summary>Lets in who is logged in; everybody else is asked for a token.</summary>
internal static class LoginGate
{
    /// <summary>Name of the cookie.</summary>
    public const string Cookie = "weir-dashboard";

    private static readonly string[] s_open = ["/login", "/weir.css", "/weir.js", "/favicon.ico"];

    public static Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        Logins logins = context.RequestServices.GetRequiredService<Logins>();
        IHeaderDictionary headers = context.Response.Headers;
        headers.XFrameOptions = "DENY";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers.ContentSecurityPolicy =
            "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        if (context.Request.Query["key"] is [{ } key] && logins.WithKey(key) is { } begun)
        {
            SetCookie(context, begun);
            context.Response.Redirect("/");
            return Task.CompletedTask;
        }
        if (HttpMethods.IsPost(context.Request.Method) && !IsOwn(context))
        {
            // Another site's form: browsers say where it comes from.
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        }
        string path = context.Request.Path.Value ?? "/";
        string? session = context.Request.Cookies[Cookie];
        if (logins.TryFind(session, out _))
        {
            context.RequestServices.GetRequiredService<PoolSession>().Begin(session!);
            return next(context);
        }
        if (s_open.Any(open => path.StartsWith(open, StringComparison.Ordinal)))
        {
            return next(context);
        }
        if (HttpMethods.IsGet(context.Request.Method) && !context.Request.Headers.ContainsKey("X-Weir-Live"))
        {
            context.Response.Redirect("/login");
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        }
        return Task.CompletedTask;
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/login", (HttpContext context) => Page(""));
        routes.MapPost("/login", LoginAsync).DisableAntiforgery();
        routes
            .MapPost(
                "/logout",
                (HttpContext context, Logins logins) =>
                {
                    logins.End(context.Request.Cookies[Cookie]);
                    context.Response.Cookies.Delete(Cookie);
                    return Results.Redirect("/login");
                }
            )
            .DisableAntiforgery();
    }

    private static async Task<IResult> LoginAsync(HttpContext context, Logins logins, PoolAddress pool)
    {
        IFormCollection form = await context.Request.ReadFormAsync();
        string token = form["token"].ToString().Trim();
        try
        {
            using PoolClient client = pool.Open(token);
            _ = await client.StatusAsync();
        }
        catch (PoolProblem problem)
        {
            return Page(problem.Message);
        }
        SetCookie(context, logins.WithToken(token));
        return Results.Redirect("/");
    }

    private static bool IsOwn(HttpContext context) =>
        Uri.TryCreate(context.Request.Headers.Origin.ToString(), UriKind.Absolute, out Uri? origin)
        && origin.Authority == context.Request.Host.Value;

    private static void SetCookie(HttpContext context, string session) =>
        context.Response.Cookies.Append(
            Cookie,
            session,
            new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Strict,
                Secure = context.Request.IsHttps,
                IsEssential = true,
            }
        );

    private static IResult Page(string problem) =>
        Results.Text(
            $"""
            <!doctype html><html lang="en"><head><meta charset="utf-8"><title>Weir: log in</title>
            <meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/weir.css"></head>
            <body class="login"><main><h1>Weir</h1><form method="post" action="/login">
            <label for="token">Your token</label><input id="token" name="token" type="password" autocomplete="off" required autofocus>
            <button type="submit">Log in</button></form>
            <p role="alert" class="problem">{WebUtility.HtmlEncode(problem)}</p>
            <p><code>weir token create</code> on the controller's machine makes one. <code>weir up</code> prints an address that needs none.</p>
            </main></body></html>
            """,
            "text/html; charset=utf-8"
        );
}
