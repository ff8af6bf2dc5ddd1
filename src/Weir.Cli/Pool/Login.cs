using System.Text.Json;
using System.Text.Json.Serialization;

namespace Weir.Cli.Pool;

/// <summary>Which controller this user speaks to, and how: `weir login` keeps it.</summary>
/// <param name="Controller">"host:port", or a local socket's path.</param>
/// <param name="Token">A user token; null for a local socket.</param>
internal sealed record Login(string Controller, string? Token)
{
    private static string File =>
        Path.Combine(
            Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } own
                ? own
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"),
            "weir",
            "login.json"
        );

    /// <summary>WEIR_CONTROLLER and WEIR_TOKEN, else what `weir login` kept, else this machine's controller.</summary>
    public static Login Find()
    {
        string? token = Environment.GetEnvironmentVariable("WEIR_TOKEN") is { Length: > 0 } set ? set : null;
        if (Environment.GetEnvironmentVariable("WEIR_CONTROLLER") is { Length: > 0 } controller)
        {
            return new Login(controller, token);
        }
        if (System.IO.File.Exists(File))
        {
            try
            {
                return JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(File), LoginJson.Default.Login)!;
            }
            catch (JsonException error)
            {
                throw new PoolException($"{File} is not understood ({error.Message}): `weir login` again");
            }
        }
        string own = PoolFolders.Find().ControllerSocket;
        const string OfTheSystem = "/run/weir/controller.sock";
        return new Login(System.IO.File.Exists(own) || !System.IO.File.Exists(OfTheSystem) ? own : OfTheSystem, null);
    }

    /// <summary>Keeps it, readable by its owner only.</summary>
    public void Save()
    {
        PoolFolders.MakePrivate(Path.GetDirectoryName(File)!);
        Private.Write(File, JsonSerializer.Serialize(this, LoginJson.Default.Login));
    }

    /// <summary>Forgets what was kept.</summary>
    public static void Forget() => System.IO.File.Delete(File);
}

/// <summary>JSON, generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Login))]
internal sealed partial class LoginJson : JsonSerializerContext;
