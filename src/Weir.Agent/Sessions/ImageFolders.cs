using Weir.Agent.Configuration;

namespace Weir.Agent.Sessions;

/// <summary>Folders that workers write images into.</summary>
internal static class ImageFolders
{
    /// <summary>The worker's user writes it; the next worker's, who may be another, reads it.</summary>
    public static void Prepare(string folder, uint? user)
    {
        const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        _ = Directory.CreateDirectory(folder, Own);
        if (user is { } own)
        {
            foreach (string path in Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories))
            {
                AgentFolders.Give(path, own);
            }
            AgentFolders.Give(folder, own);
        }
    }
}
