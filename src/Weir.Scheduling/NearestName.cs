namespace Weir.Scheduling;

/// <summary>Offers the nearest known name for one that does not exist.</summary>
public static class NearestName
{
    /// <summary>"there is no … 'x'; did you mean 'y'? (known: …)".</summary>
    public static string Message(string what, string name, IReadOnlyList<string> known)
    {
        string nearest = known.MinBy(candidate => Distance(name, candidate)) ?? "";
        string offer =
            nearest.Length > 0 && Distance(name, nearest) <= Math.Max(2, nearest.Length / 2)
                ? $"; did you mean '{nearest}'?"
                : "";
        return $"there is no {what} '{name}'{offer} (known: {string.Join(", ", known)})";
    }

    /// <summary>Letters to insert, remove or change (Levenshtein), case ignored.</summary>
    public static int Distance(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int change = char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]) ? 0 : 1;
                int next = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + change);
                diagonal = row[j];
                row[j] = next;
            }
        }
        return row[^1];
    }
}
