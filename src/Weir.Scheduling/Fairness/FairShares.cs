using Weir.Scheduling.Deciding;

namespace Weir.Scheduling.Fairness;

/// <summary>
/// What each project should have now: level by level its quota, as far as it asks for it, then a part of the rest by
/// weight, the higher priority first, never more than it asks for or its limit.
/// </summary>
public sealed class FairShares
{
    private readonly ProjectTree tree;
    private readonly ProjectTerms[] terms;
    private readonly double[] shares;

    /// <summary>Shares of a tree; <see cref="Update"/> computes them.</summary>
    public FairShares(ProjectTree tree)
    {
        this.tree = tree;
        shares = new double[tree.Count * 3];
        terms = new ProjectTerms[tree.Count];
    }

    /// <summary>Computes all shares of a capacity.</summary>
    /// <param name="capacity">What there is.</param>
    /// <param name="termsOf">Quota, weight and priority that hold now.</param>
    public void Update(in Resources capacity, Func<int, ProjectTerms> termsOf)
    {
        for (int project = 0; project < terms.Length; project++)
        {
            terms[project] = termsOf(project);
        }
        for (int resource = 0; resource < 3; resource++)
        {
            shares[resource] = capacity[resource];
            Divide(0, resource);
        }
    }

    /// <summary>The project's share of a resource (0 compute, 1 processors, 2 memory).</summary>
    public double Share(int project, int resource) => shares[project * 3 + resource];

    /// <summary>The project's terms as of the last update.</summary>
    public ProjectTerms Terms(int project) => terms[project];

    /// <summary>Used over share, of the resource where it is largest (dominant resource fairness).</summary>
    public double Dominant(int project)
    {
        Resources used = tree.Used(project);
        double most = 0;
        for (int resource = 0; resource < 3; resource++)
        {
            if (used[resource] > 0)
            {
                most = Math.Max(most, used[resource] / Math.Max(Share(project, resource), 1e-3));
            }
        }
        return most;
    }

    /// <summary>True when a claim may not use more than the project's quota.</summary>
    internal static bool MustKeepToQuota(ClaimConfig claim, ProjectConfig project, in ProjectTerms terms) =>
        terms.Weight == 0 || !claim.Preemptible && !project.BorrowsFreely;

    private void Divide(int parent, int resource)
    {
        ReadOnlySpan<int> children = tree.Children(parent);
        if (children.Length == 0)
        {
            return;
        }
        double left = Share(parent, resource);
        double owed = 0;
        foreach (int child in children)
        {
            double mine = Math.Min(Wanted(child, resource), terms[child].Quota[resource]);
            shares[child * 3 + resource] = mine;
            owed += mine;
        }
        if (owed > left)
        {
            // More was promised than there is (nodes failed): everyone gets the same part of its quota.
            foreach (int child in children)
            {
                shares[child * 3 + resource] *= left / owed;
            }
        }
        left -= owed;
        while (left > 1e-6)
        {
            double weights = 0;
            int priority = int.MinValue;
            foreach (int child in children)
            {
                if (terms[child].Weight > 0 && Wanted(child, resource) - Share(child, resource) > 1e-6)
                {
                    if (terms[child].Priority > priority)
                    {
                        (priority, weights) = (terms[child].Priority, 0);
                    }
                    weights += terms[child].Priority == priority ? terms[child].Weight : 0;
                }
            }
            if (weights == 0)
            {
                break;
            }
            double given = 0;
            foreach (int child in children)
            {
                double lacking = Wanted(child, resource) - Share(child, resource);
                if (terms[child].Weight > 0 && lacking > 1e-6 && terms[child].Priority == priority)
                {
                    double part = Math.Min(lacking, left * terms[child].Weight / weights);
                    shares[child * 3 + resource] += part;
                    given += part;
                }
            }
            left -= given;
        }
        foreach (int child in children)
        {
            Divide(child, resource);
        }
    }

    private double Wanted(int project, int resource) =>
        Math.Min(
            (double)tree.Used(project)[resource] + tree.Waiting(project)[resource],
            tree.Config(project).Limit[resource]
        );
}

/// <summary>What holds for a project at a moment: as written, or as a calendar changes it.</summary>
public readonly record struct ProjectTerms(Resources Quota, double Weight, int Priority);
