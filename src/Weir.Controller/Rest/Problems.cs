using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Weir.Controller.Store;
using Weir.Protocol.Rest;

namespace Weir.Controller.Rest;

/// <summary>Turns what goes wrong into an answer that says what to do.</summary>
internal static class Problems
{
    public static async Task HandleAsync(HttpContext context, RequestDelegate next, ILogger log)
    {
        try
        {
            await next(context);
            if (context.Response is { StatusCode: 404, HasStarted: false, ContentLength: null, ContentType: null })
            {
                await WriteAsync(
                    context,
                    404,
                    new Problem(
                        "unknown-path",
                        $"there is nothing at {context.Request.Path}: /openapi/v1.json describes the interface"
                    )
                );
            }
        }
        catch (ControlException refused)
        {
            await WriteAsync(context, refused.Status, new Problem(refused.Code, refused.Message));
        }
        catch (BadHttpRequestException malformed)
        {
            string why = malformed.InnerException?.Message ?? malformed.Message;
            await WriteAsync(
                context,
                malformed.StatusCode,
                new Problem("invalid", $"the request is not understood: {why}")
            );
        }
        catch (StoreException store)
        {
            await WriteAsync(context, 507, new Problem("store", store.Message));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to answer to.
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            log.LogError(error, "{Method} {Path} failed", context.Request.Method, context.Request.Path);
            await WriteAsync(
                context,
                500,
                new Problem("internal", $"the controller failed ({error.GetType().Name}): its log says more")
            );
        }
    }

    private static Task WriteAsync(HttpContext context, int status, Problem problem)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }
        context.Response.Clear();
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(
            problem,
            RestJson.Default.Problem,
            cancellationToken: context.RequestAborted
        );
    }
}
