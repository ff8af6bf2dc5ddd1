using Google.Protobuf;
using Weir.Protocol.Agents;

namespace Weir.Agent.Sessions;

/// <summary>
/// Ends of sessions that the controller has not said to have kept, with what the sessions used: a file each, so that nothing that was used is
/// forgotten when the agent ends too before the controller is back. They are told again with each connection. Guarded by the node's lock.
/// </summary>
/// <param name="folder">Where they are.</param>
internal sealed class EndedSessions(string folder)
{
    private const int Most = 10_000;
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(7);

    private readonly Dictionary<string, AgentMessage> _ends = [];

    /// <summary>Finds those of an agent before this one.</summary>
    public void Load()
    {
        _ = Directory.CreateDirectory(folder);
        foreach (string file in Directory.EnumerateFiles(folder, "*.end"))
        {
            try
            {
                var report = SessionReport.Parser.ParseFrom(File.ReadAllBytes(file));
                if (DateTime.UtcNow - File.GetLastWriteTimeUtc(file) < s_longest)
                {
                    _ends[report.Session] = new AgentMessage { Session = report };
                    continue;
                }
            }
            catch (InvalidProtocolBufferException failure)
            {
                Log.Error($"{file} is no end of a session: {failure.Message}");
            }
            File.Delete(file);
        }
    }

    /// <summary>All of them, to be told.</summary>
    public IReadOnlyCollection<AgentMessage> All => _ends.Values;

    /// <summary>One more.</summary>
    public void Add(AgentMessage end)
    {
        if (_ends.Count >= Most)
        {
            // A controller that is away for so long, or never says what it has kept, must not fill the disk.
            return;
        }
        _ends[end.Session.Session] = end;
        try
        {
            WholeFile.Write(FileOf(end.Session.Session), end.Session.ToByteArray());
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.Error($"the end of session {end.Session.Session} is kept in memory only: {failure.Message}");
        }
    }

    /// <summary>The controller has them on its disk.</summary>
    public void Kept(IEnumerable<string> sessions)
    {
        foreach (string session in sessions)
        {
            if (_ends.Remove(session))
            {
                File.Delete(FileOf(session));
            }
        }
    }

    private string FileOf(string session) => Path.Combine(folder, session + ".end");
}
