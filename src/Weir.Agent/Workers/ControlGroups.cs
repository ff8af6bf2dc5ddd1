using System.Globalization;

namespace Weir.Agent.Workers;

/// <summary>What a group of processes may take; 0: no limit.</summary>
/// <param name="MemoryBytes">Memory, bytes.</param>
/// <param name="Processes">Processes and threads.</param>
/// <param name="ProcessorsMilli">Thousandths of a processor.</param>
internal readonly record struct GroupLimits(long MemoryBytes, int Processes, long ProcessorsMilli);

/// <summary>
/// Control groups, of version 2 or 1, whichever this system has and this user may change; none where neither. A group is named; its
/// folders (one in version 2, one per controller in version 1) go to those who join.
/// </summary>
internal sealed class ControlGroups
{
    private const string Root = "/sys/fs/cgroup";
    private const int PeriodMicroseconds = 100_000;
    private static readonly string[] s_controllers = ["pids", "memory", "cpu"];

    // Groups whose last process was still ending when they were to be removed.
    private readonly HashSet<string> _left = [];
    private readonly string _parent;
    private readonly bool _isUnified;
    private readonly string[] _folders;

    /// <param name="parent">Name of the group that all groups are made in, for one node.</param>
    public ControlGroups(string parent)
    {
        _parent = parent;
        _isUnified = File.Exists(Path.Combine(Root, "cgroup.controllers"));
        _folders =
        [
            .. (_isUnified ? [Root] : s_controllers.Select(name => Path.Combine(Root, name))).Where(TryPrepare),
        ];
    }

    /// <summary>Groups can be made.</summary>
    public bool IsUsable => _folders.Length > 0;

    /// <summary>Makes a group with limits; its folders, none where groups cannot be made.</summary>
    public IReadOnlyList<string> Create(string name, GroupLimits limits)
    {
        foreach (string group in _left.ToArray())
        {
            Remove(group);
        }
        List<string> made = [];
        foreach (string folder in _folders.Where(folder => IsNeeded(folder, limits)))
        {
            string group = Path.Combine(folder, _parent, name);
            try
            {
                _ = Directory.CreateDirectory(group);
                SetLimits(group, limits);
                made.Add(group);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                Log.Error($"no limits by {group}: {failure.Message}");
            }
        }
        return made;
    }

    /// <summary>Processes of a group.</summary>
    public IReadOnlyList<int> Members(string name)
    {
        foreach (string folder in _folders)
        {
            try
            {
                return
                [
                    .. File.ReadLines(Path.Combine(folder, _parent, name, "cgroup.procs"))
                        .Select(line => int.Parse(line, CultureInfo.InvariantCulture)),
                ];
            }
            catch (IOException)
            {
                // Not there: it has gone or was never made.
            }
        }
        return [];
    }

    /// <summary>True when the system ended a process of the group for its memory.</summary>
    public bool RanOutOfMemory(string name) =>
        _folders.Any(folder =>
            CountOf(Path.Combine(folder, _parent, name, "memory.events"), "oom_kill") > 0
            || CountOf(Path.Combine(folder, _parent, name, "memory.oom_control"), "oom_kill") > 0
        );

    /// <summary>Removes a group without processes; nothing happens when it is not there.</summary>
    public void Remove(string name)
    {
        _ = _left.Remove(name);
        foreach (string folder in _folders.Where(folder => Directory.Exists(Path.Combine(folder, _parent, name))))
        {
            try
            {
                Directory.Delete(Path.Combine(folder, _parent, name));
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // A process is still ending in it: tried again when the next group is made.
                _ = _left.Add(name);
            }
        }
    }

    /// <summary>Removes the groups that no process is in.</summary>
    public void RemoveEmpty()
    {
        foreach (string folder in _folders)
        {
            foreach (string group in Directory.EnumerateDirectories(Path.Combine(folder, _parent)))
            {
                Remove(Path.GetFileName(group));
            }
        }
    }

    private bool TryPrepare(string folder)
    {
        try
        {
            if (!Directory.Exists(folder))
            {
                return false;
            }
            string parent = Directory.CreateDirectory(Path.Combine(folder, _parent)).FullName;
            if (_isUnified)
            {
                File.WriteAllText(Path.Combine(folder, "cgroup.subtree_control"), "+memory +pids +cpu");
                File.WriteAllText(Path.Combine(parent, "cgroup.subtree_control"), "+memory +pids +cpu");
            }
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // In version 1 the first tells who belongs to the group; the others only limit, and may refuse (real-time processes have
    // no place in a group for the processor without a budget of their own).
    private bool IsNeeded(string folder, GroupLimits limits) =>
        _isUnified
        || Path.GetFileName(folder) switch
        {
            "memory" => limits.MemoryBytes > 0,
            "cpu" => limits.ProcessorsMilli > 0,
            _ => true,
        };

    private void SetLimits(string group, GroupLimits limits)
    {
        string controller = _isUnified ? "" : Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(group)!)!);
        if (limits.MemoryBytes > 0 && (_isUnified || controller == "memory"))
        {
            Write(group, _isUnified ? "memory.max" : "memory.limit_in_bytes", limits.MemoryBytes);
        }
        if (limits.Processes > 0 && (_isUnified || controller == "pids"))
        {
            Write(group, "pids.max", limits.Processes);
        }
        if (limits.ProcessorsMilli > 0 && (_isUnified || controller == "cpu"))
        {
            long quota = limits.ProcessorsMilli * PeriodMicroseconds / 1000;
            if (_isUnified)
            {
                File.WriteAllText(Path.Combine(group, "cpu.max"), $"{quota} {PeriodMicroseconds}");
            }
            else
            {
                Write(group, "cpu.cfs_period_us", PeriodMicroseconds);
                Write(group, "cpu.cfs_quota_us", quota);
            }
        }
    }

    private static void Write(string group, string file, long value) =>
        File.WriteAllText(Path.Combine(group, file), value.ToString(CultureInfo.InvariantCulture));

    private static long CountOf(string path, string name)
    {
        try
        {
            string? line = File.ReadLines(path).FirstOrDefault(line => line.StartsWith(name + " "));
            return line is null ? 0 : long.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
