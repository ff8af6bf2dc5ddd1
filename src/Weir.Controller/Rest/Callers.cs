using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Weir.Controller.Access;

namespace Weir.Controller.Rest;

/// <summary>Finds out who asks: over the local socket the kernel says it, over the network a token does.</summary>
internal sealed class Callers(TokenService tokens)
{
    public Caller Of(HttpContext context)
    {
        if (context.Features.Get<IConnectionSocketFeature>()?.Socket is { AddressFamily: AddressFamily.Unix } socket)
        {
            // Kept with the connection: the peer of a socket does not change.
            var items = context.Features.Get<IConnectionItemsFeature>()!.Items;
            if (items.TryGetValue(nameof(Caller), out object? known))
            {
                return (Caller)known!;
            }
            var peer = PeerCredentials.Of(PeerCredentials.UserId(socket));
            items[nameof(Caller)] = peer;
            return peer;
        }
        string header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.Ordinal))
        {
            throw new ControlException(
                401,
                "unauthenticated",
                "a token is needed here: set WEIR_TOKEN, or `weir login`; `weir token create` on the controller's machine makes one"
            );
        }
        var token = tokens.Recognise(header["Bearer ".Length..], "user");
        return new Caller(token.User!, token.Operator);
    }
}
