using Weir.Protocol.Agents;

namespace Weir.Agent.Workloads;

/// <summary>
/// Runs a workload's program in a container by podman, as the workload's user. The client library and the launcher come in as
/// read-only mounts, and so do the ticket and the agent's socket; the image needs nothing but a C library that is new enough.
/// </summary>
internal static class ContainerCommand
{
    private static readonly string[] s_places = ["/usr/bin/podman", "/usr/local/bin/podman", "/bin/podman"];

    /// <summary>podman's command line.</summary>
    /// <exception cref="IOException">There is no podman, or a mount cannot be made so.</exception>
    public static List<string> Build(WorkloadStart start, string worker, string? ticket, string agentSocket)
    {
        string podman =
            s_places.FirstOrDefault(File.Exists)
            ?? throw new IOException(
                $"image {start.Image} needs podman, which is not on this node (Debian: apt-get install podman); choose another node or run without an image"
            );
        string installation = Path.GetDirectoryName(Path.GetDirectoryName(worker)!)!;
        List<string> words = [podman, "run", "--rm", "--init", "--log-driver", "none", "--network", "host"];
        foreach (Mount mount in start.Mounts)
        {
            if (mount.Kind != "host")
            {
                throw new IOException(
                    $"mount {mount.Source}: only host paths can be mounted into an image; mount NFS on the node and name that path"
                );
            }
            words.AddRange(["--volume", $"{mount.Source}:{mount.Target}{(mount.ReadOnly ? ":ro" : "")}"]);
        }
        foreach ((string name, string value) in start.Environment)
        {
            words.AddRange(["--env", $"{name}={value}"]);
        }
        if (start.Directory.Length > 0)
        {
            words.AddRange(["--workdir", start.Directory]);
        }
        if (ticket is not null)
        {
            words.AddRange(["--volume", $"{installation}:{installation}:ro", "--volume", $"{ticket}:{ticket}:ro"]);
            // Its folder: the agent may be started again meanwhile, and makes a new socket.
            string door = Path.GetDirectoryName(agentSocket)!;
            words.AddRange(["--volume", $"{door}:{door}"]);
            words.AddRange(["--entrypoint", worker, start.Image, "--launch", "--lease", ticket, "--"]);
        }
        else
        {
            words.Add(start.Image);
        }
        words.AddRange(start.Command);
        return words;
    }
}
