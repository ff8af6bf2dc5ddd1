using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Weir.Controller.Access;
using Weir.Controller.Serving;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Protocol.Rest;

namespace Weir.Controller.Rest;

/// <summary>/v1/status, /v1/tokens, /v1/audit and /v1/backup.</summary>
internal sealed class AccessEndpoints(
    ClusterState state,
    TokenService tokens,
    History history,
    Database database,
    Callers callers,
    LateIdentity identity
)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/status", Status).Describe("Who answers, and who asks", "");
        routes
            .MapPost(
                "/v1/tokens",
                (HttpContext context, TokenRequest request) => tokens.CreateAsync(callers.Of(context), request)
            )
            .Describe("Make a token", "Its text is told only here. Kind \"join\" is for operators.");
        routes
            .MapGet("/v1/tokens", (HttpContext context) => tokens.List(callers.Of(context)).ToArray())
            .Describe("List tokens", "Without their text.");
        routes
            .MapDelete(
                "/v1/tokens/{id}",
                (HttpContext context, string id) => tokens.RevokeAsync(callers.Of(context), id)
            )
            .Describe("Revoke a token", "");
        routes
            .MapGet("/v1/audit", (HttpContext context) => Audit(context))
            .Describe("The audit log", "Its latest lines, for operators.");
        routes
            .MapPost("/v1/backup", BackupAsync)
            .Describe("Back the store up", "To a new file on the controller's machine.");
    }

    private StatusView Status(HttpContext context)
    {
        var caller = callers.Of(context);
        lock (state.Gate)
        {
            return new StatusView(
                Release.Text,
                identity.Value.Incarnation,
                identity.Value.Fingerprint,
                identity.Value.Address,
                caller.User,
                caller.Operator,
                [
                    .. state
                        .Projects.Values.Where(project => caller.MemberOf(state, project))
                        .Select(project => project.Name)
                        .Order(StringComparer.Ordinal),
                ],
                state.Nodes.Values.Count(node => node.Reconciled),
                state.Devices.Values.Count(state.Placeable)
            );
        }
    }

    private AuditView[] Audit(HttpContext context)
    {
        callers.Of(context).MustOperate("the audit log");
        return [.. history.Read(store => StoreReader.Audit(store, History.Most))];
    }

    private Task BackupAsync(HttpContext context, BackupRequest request)
    {
        callers.Of(context).MustOperate("a backup");
        if (!Path.IsPathRooted(request.Path) || File.Exists(request.Path))
        {
            throw ControlException.Invalid(
                $"{request.Path} exists already or is not an absolute path: name a new file"
            );
        }
        return Task.Run(() =>
        {
            try
            {
                database.Backup(request.Path);
            }
            catch (Exception error)
            {
                throw new ControlException(
                    507,
                    "store",
                    $"the backup was not written: {database.Unavailable(error) ?? error.Message}"
                );
            }
        });
    }
}
