using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Weir.Protocol.Rest;

namespace Weir.Controller.Rest;

/// <summary>What the OpenAPI document says of an endpoint.</summary>
internal static class Descriptions
{
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, string summary, string description) =>
        route
            .WithSummary(summary)
            .WithDescription(description)
            .Produces<Problem>(StatusCodes.Status400BadRequest)
            .Produces<Problem>(StatusCodes.Status401Unauthorized)
            .Produces<Problem>(StatusCodes.Status403Forbidden)
            .Produces<Problem>(StatusCodes.Status404NotFound)
            .Produces<Problem>(StatusCodes.Status507InsufficientStorage);
}
