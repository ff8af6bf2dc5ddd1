using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Protocol.Rest;

namespace Weir.Controller.Access;

/// <summary>Gives out tokens and recognises them. The store keeps hashes only.</summary>
internal sealed class TokenService(
    ClusterState state,
    CommitQueue commits,
    ControllerClock clock,
    AuditLog audit,
    string fingerprint
)
{
    private const long Day = 86_400_000;

    public async Task<TokenView> CreateAsync(Caller caller, TokenRequest request)
    {
        bool join = request.Kind switch
        {
            "join" => true,
            "user" => false,
            _ => throw ControlException.Invalid($"\"{request.Kind}\" is not a kind of token: user or join"),
        };
        if (join || (request.User is not null && request.User != caller.User))
        {
            caller.MustOperate(join ? "adding nodes" : "a token for someone else");
        }
        long life = request.LifeMs ?? (join ? Day : 90 * Day);
        if (life <= 0)
        {
            throw ControlException.Invalid("a token must be valid for some time: give a life above 0");
        }
        string text = $"{(join ? "weir1" : "weiru1")}.{fingerprint}.{Identifiers.Secret()}";
        string user = request.User ?? caller.User;
        var token = new TokenState(
            Identifiers.New("t"),
            request.Kind,
            Identifiers.Hash(text),
            join ? null : user,
            !join && caller.Operator && user == caller.User,
            clock.Now,
            clock.Now + life
        );
        lock (state.Gate)
        {
            audit.Add(caller, "token.create", token.Id, $"{token.Kind} {token.User}".TrimEnd());
            commits.Post(new StoreWrite(Writes.Token(token)));
        }
        await commits.FlushAsync();
        lock (state.Gate)
        {
            state.Tokens[token.Hash] = token;
        }
        return new TokenView(token.Id, token.Kind, text, token.User, token.Expires);
    }

    /// <summary>The token with that text; throws when it is forged, revoked, expired or of another kind.</summary>
    public TokenState Recognise(string text, string kind)
    {
        TokenState? token;
        lock (state.Gate)
        {
            state.Tokens.TryGetValue(Identifiers.Hash(text), out token);
        }
        if (token is null || token.Kind != kind)
        {
            throw new ControlException(
                401,
                "unauthenticated",
                $"this {kind} token is not known here: it is forged, was revoked, or belongs to another controller; `weir token create --kind {kind}` on the controller's machine makes a new one"
            );
        }
        if (token.Expires <= clock.Now)
        {
            throw new ControlException(
                401,
                "expired",
                $"this {kind} token expired at {DateTimeOffset.FromUnixTimeMilliseconds(token.Expires):yyyy-MM-dd HH:mm} UTC: `weir token create --kind {kind}` makes a new one"
            );
        }
        return token;
    }

    public List<TokenView> List(Caller caller)
    {
        lock (state.Gate)
        {
            return
            [
                .. state
                    .Tokens.Values.Where(token => caller.Operator || token.User == caller.User)
                    .Select(token => new TokenView(token.Id, token.Kind, "", token.User, token.Expires)),
            ];
        }
    }

    public async Task RevokeAsync(Caller caller, string id)
    {
        lock (state.Gate)
        {
            var token = state.Tokens.Values.FirstOrDefault(token => token.Id == id);
            if (token is null || !(caller.Operator || token.User == caller.User))
            {
                throw ControlException.Unknown(
                    "unknown-token",
                    $"there is no token {id}: `weir token list` names them"
                );
            }
            state.Tokens.Remove(token.Hash);
            audit.Add(caller, "token.revoke", id);
            commits.Post(new StoreWrite(Writes.RemoveToken(id)));
        }
        await commits.FlushAsync();
    }
}
