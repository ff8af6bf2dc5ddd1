using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Controller.Workloads;
using Weir.Protocol.Rest;

namespace Weir.Controller.Rest;

/// <summary>/v1/workloads.</summary>
internal sealed class WorkloadEndpoints(
    ClusterState state,
    WorkloadService workloads,
    OutputStore outputs,
    History history,
    Callers callers
)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    // The last output of a process may come after the news of its end.
    private static readonly TimeSpan LateOutput = TimeSpan.FromSeconds(2);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost(
                "/v1/workloads",
                (HttpContext context, WorkloadRequest request) =>
                    workloads.SubmitAsync(callers.Of(context), request, Ended)
            )
            .Describe("Submit a batch workload", "It is queued, and starts when there is room.");
        routes
            .MapGet("/v1/workloads", List)
            .Describe("List workloads", "Those that have not ended; with all=true the history too.");
        routes
            .MapGet("/v1/workloads/{id}", One)
            .Describe("Show a workload", "An array's id shows all of its elements.");
        routes
            .MapDelete(
                "/v1/workloads/{id}",
                async (HttpContext context, string id) =>
                    (await workloads.CancelAsync(callers.Of(context), id)).ToArray()
            )
            .Describe("Cancel a workload", "Queued ones never start; running ones get SIGTERM, then SIGKILL.");
        routes
            .MapGet("/v1/workloads/{id}/output", (HttpContext context, string id) => OutputAsync(context, id))
            .WithSummary("Read a workload's output")
            .WithDescription("Query: attempt (default: the last), offset, follow=true to go on until it ends.");
    }

    private WorkloadView[] List(HttpContext context, bool all = false)
    {
        var caller = callers.Of(context);
        List<WorkloadState> found;
        lock (state.Gate)
        {
            found = [.. state.Workloads.Values.Where(workload => all || !workload.Ended)];
        }
        if (all)
        {
            var known = found.Select(workload => workload.Id).ToHashSet();
            found.AddRange(
                history
                    .Read(store => StoreReader.Workloads(store, "ended IS NOT NULL", History.Most))
                    .Where(workload => !known.Contains(workload.Id))
            );
        }
        lock (state.Gate)
        {
            return
            [
                .. found
                    .Where(workload => caller.MayTouch(state, workload.User, workload.Project))
                    .OrderBy(workload => workload.SubmittedAt)
                    .ThenBy(workload => workload.ArrayIndex)
                    .Select(WorkloadViews.Of),
            ];
        }
    }

    private WorkloadView[] One(HttpContext context, string id) => [.. Find(context, id).Select(WorkloadViews.Of)];

    private List<WorkloadState> Find(HttpContext context, string id)
    {
        var caller = callers.Of(context);
        var old = history.Read(store =>
            StoreReader.Workloads(store, "(id = @p0 OR id LIKE @p1) AND ended IS NOT NULL", History.Most, id, id + ".%")
        );
        lock (state.Gate)
        {
            foreach (var workload in old)
            {
                state.Workloads.TryAdd(workload.Id, workload);
            }
            return workloads.Find(caller, id);
        }
    }

    private WorkloadState? Ended(string id) =>
        history.Read(store => StoreReader.Workloads(store, "id = @p0", 1, id)).FirstOrDefault();

    private async Task OutputAsync(HttpContext context, string id)
    {
        var workload = Find(context, id)[0];
        if (workload.Id != id)
        {
            throw ControlException.Invalid($"{id} is an array: name an element, e.g. {id}.0");
        }
        long offset = long.TryParse(context.Request.Query["offset"], out long from) ? Math.Max(0, from) : 0;
        int? asked = int.TryParse(context.Request.Query["attempt"], out int number) ? number : null;
        bool follow = context.Request.Query["follow"] == "true";
        context.Response.ContentType = "application/octet-stream";
        await context.Response.StartAsync(context.RequestAborted);
        int attempt = asked ?? Math.Max(1, workload.Attempt);
        byte[] buffer = new byte[64 << 10];
        long endedAt = 0;
        while (true)
        {
            // A try that follows begins its output anew.
            if (asked is null && workload.Attempt > attempt)
            {
                attempt = workload.Attempt;
                offset = 0;
            }
            bool ended = workload.Ended || (asked is not null && workload.Attempt > attempt);
            int count = Read(workload.Id, attempt, offset, buffer);
            if (count > 0)
            {
                offset += count;
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, count), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                endedAt = 0;
                continue;
            }
            if (!follow)
            {
                return;
            }
            if (ended)
            {
                endedAt = endedAt == 0 ? Environment.TickCount64 : endedAt;
                if (workload.Node is null || Environment.TickCount64 - endedAt > LateOutput.TotalMilliseconds)
                {
                    return;
                }
            }
            await Task.Delay(Poll, context.RequestAborted);
        }
    }

    private int Read(string id, int attempt, long offset, byte[] buffer)
    {
        try
        {
            using var file = new FileStream(
                outputs.PathOf(id, attempt),
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite
            );
            file.Position = offset;
            return file.Read(buffer);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return 0;
        }
    }
}
