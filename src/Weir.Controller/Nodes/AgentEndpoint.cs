using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Weir.Controller.State;
using Weir.Protocol.Agents;
using Weir.Protocol.Grpc;

namespace Weir.Controller.Nodes;

/// <summary>The gRPC service weir.agents.v1.Agents on ASP.NET Core's HTTP/2.</summary>
internal sealed class AgentEndpoint(NodeService nodes, ILogger log)
{
    private const string Service = "/weir.agents.v1.Agents/";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Service + "Join", (RequestDelegate)JoinAsync).ExcludeFromDescription();
        routes.MapPost(Service + "Connect", (RequestDelegate)ConnectAsync).ExcludeFromDescription();
        routes
            .MapPost(Service + "{method}", context => EndAsync(context, GrpcStatus.Unimplemented, "no such method"))
            .ExcludeFromDescription();
    }

    private async Task JoinAsync(HttpContext context)
    {
        try
        {
            var request =
                await GrpcFrames.ReadAsync(context.Request.Body, JoinRequest.Parser, context.RequestAborted)
                ?? throw new InvalidDataException("the request is empty");
            var reply = await nodes.JoinAsync(request);
            context.Response.ContentType = GrpcFrames.ContentType;
            context.Response.DeclareTrailer("grpc-status");
            await context.Response.Body.WriteAsync(GrpcFrames.Frame(reply), context.RequestAborted);
            context.Response.AppendTrailer("grpc-status", "0");
        }
        catch (GrpcException refused)
        {
            await EndAsync(context, refused.Status, refused.Message);
        }
        catch (InvalidDataException malformed)
        {
            await EndAsync(context, GrpcStatus.InvalidArgument, malformed.Message);
        }
    }

    private async Task ConnectAsync(HttpContext context)
    {
        NodeState node;
        try
        {
            string header = context.Request.Headers.Authorization.ToString();
            node = nodes.Recognise(
                header.StartsWith("Bearer ", StringComparison.Ordinal) ? header["Bearer ".Length..] : ""
            );
        }
        catch (GrpcException refused)
        {
            await EndAsync(context, refused.Status, refused.Message);
            return;
        }
        // The stream lives as long as the agent: no limits on size or pace.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }
        context.Response.ContentType = GrpcFrames.ContentType;
        // The headers go out now: the agent waits for them before it says anything.
        await context.Response.Body.FlushAsync(context.RequestAborted);
        var link = new AgentLink(node.Name);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, link.Closed);
        var sending = SendAsync(context, link, ending.Token);
        var (status, message) = await ReceiveAsync(context, node, link, ending.Token);
        link.Close(message);
        nodes.Close(node, link);
        await sending;
        if (!context.RequestAborted.IsCancellationRequested)
        {
            context.Response.AppendTrailer(
                "grpc-status",
                ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture)
            );
            context.Response.AppendTrailer("grpc-message", Uri.EscapeDataString(message));
        }
    }

    private async Task<(GrpcStatus, string)> ReceiveAsync(
        HttpContext context,
        NodeState node,
        AgentLink link,
        CancellationToken ending
    )
    {
        try
        {
            bool greeted = false;
            while (await GrpcFrames.ReadAsync(context.Request.Body, AgentMessage.Parser, ending) is { } message)
            {
                if (greeted)
                {
                    nodes.Take(node, link, message);
                }
                else if (message.BodyCase == AgentMessage.BodyOneofCase.Hello)
                {
                    nodes.Open(node, link, message.Hello);
                    greeted = true;
                }
                else
                {
                    return (GrpcStatus.InvalidArgument, "the agent did not say hello first");
                }
            }
            return (GrpcStatus.Ok, "the agent left");
        }
        catch (GrpcException refused)
        {
            log.LogWarning("node {Node} is refused: {Reason}", node.Name, refused.Message);
            return (refused.Status, refused.Message);
        }
        catch (InvalidDataException malformed)
        {
            log.LogWarning("node {Node} sent a malformed message: {Reason}", node.Name, malformed.Message);
            return (GrpcStatus.InvalidArgument, malformed.Message);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            return (GrpcStatus.Unavailable, link.CloseReason ?? "the connection ended");
        }
    }

    private static async Task SendAsync(HttpContext context, AgentLink link, CancellationToken ending)
    {
        try
        {
            await foreach (var message in link.Outgoing.ReadAllAsync(ending))
            {
                await context.Response.Body.WriteAsync(GrpcFrames.Frame(message), ending);
                await context.Response.Body.FlushAsync(ending);
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            link.Close("the connection ended");
        }
    }

    private static Task EndAsync(HttpContext context, GrpcStatus status, string message)
    {
        context.Response.ContentType = GrpcFrames.ContentType;
        context.Response.Headers["grpc-status"] = ((int)status).ToString(
            System.Globalization.CultureInfo.InvariantCulture
        );
        context.Response.Headers["grpc-message"] = Uri.EscapeDataString(message);
        return Task.CompletedTask;
    }
}
