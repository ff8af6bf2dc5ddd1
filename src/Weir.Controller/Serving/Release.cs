namespace Weir.Controller.Serving;

/// <summary>The release of this program.</summary>
internal static class Release
{
    public static string Text { get; } = typeof(Release).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
