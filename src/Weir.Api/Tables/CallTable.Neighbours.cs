namespace Weir.Api;

/// <content>Clients of other releases.</content>
public static partial class CallTable
{
    /// <summary>
    /// Fingerprints of releases before this one, all of whose calls this one still has with the same number and the same
    /// parameters (tests/Recordings holds them to it). Their clients are served; clients of releases after this one are not.
    /// </summary>
    public static ReadOnlySpan<ulong> Neighbours => [0xBDE76278EDA4466D];

    /// <summary>Whether a client that was built from this description makes only calls that are understood here.</summary>
    /// <param name="fingerprint">The client's <see cref="Fingerprint"/>.</param>
    public static bool Serves(ulong fingerprint) => fingerprint == Fingerprint || Neighbours.IndexOf(fingerprint) >= 0;
}
