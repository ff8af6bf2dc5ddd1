using Weir.Scheduling.Fairness;

namespace Weir.Scheduling.Deciding;

/// <summary>The terms of every project at a time: as written, then as the calendar's rules change them, in their order.</summary>
internal sealed class CalendarTerms
{
    private readonly ProjectTree tree;
    private readonly SchedulingPolicy policy;
    private readonly int[] projects;
    private readonly bool[] holds;
    private readonly ProjectTerms[] terms;
    private bool computed;

    public CalendarTerms(ProjectTree tree, SchedulingPolicy policy)
    {
        this.tree = tree;
        this.policy = policy;
        projects = [.. policy.Calendar.Select(rule => tree.Find(rule.Project))];
        holds = new bool[projects.Length];
        terms = new ProjectTerms[tree.Count];
    }

    public ProjectTerms Of(int project) => terms[project];

    /// <summary>Goes to a time; true when other rules hold than before.</summary>
    public bool Update(double now)
    {
        bool changed = !computed;
        for (int i = 0; i < holds.Length; i++)
        {
            bool held = policy.Calendar[i].HoldsAt(now + policy.ClockOffsetSeconds);
            changed |= held != holds[i];
            holds[i] = held;
        }
        if (!changed)
        {
            return false;
        }
        computed = true;
        for (int project = 0; project < terms.Length; project++)
        {
            ProjectConfig config = tree.Config(project);
            terms[project] = new ProjectTerms(config.Quota, config.Weight, config.Priority);
        }
        for (int i = 0; i < holds.Length; i++)
        {
            if (holds[i])
            {
                terms[projects[i]] = policy.Calendar[i].Change(terms[projects[i]]);
            }
        }
        return true;
    }
}
