using Weir.Protocol.Rest;

namespace Weir.Dashboard.Parts;

/// <summary>The parts of the capacity in the order and colours in which all pages and reports show them.</summary>
internal static class DebtPalette
{
    public static (string Name, string Colour, string What, Func<DebtPartsView, long> Amount)[] Parts { get; } =
    [
        ("useful", "#1b7f5c", "work that counts", parts => parts.Useful),
        ("lost", "#b3261e", "work that failed or was stopped", parts => parts.Lost),
        ("low-use", "#7fb3d5", "held, needed at times, not used", parts => parts.LowUse),
        ("over-ask", "#e6a23c", "held, more than was ever needed", parts => parts.OverAsk),
        ("idle-hold", "#d95f02", "held without work", parts => parts.IdleHold),
        ("unmetered", "#9aa0a6", "held, use unknown", parts => parts.Unmetered),
        ("queue-wait", "#7b61b5", "free while something that fits waited", parts => parts.QueueWait),
        ("stranded", "#c678a8", "rests that fit nothing", parts => parts.Stranded),
        ("down", "#5f6368", "out of order", parts => parts.Down),
        ("no-demand", "#c9ced3", "free, and nobody wanted it", parts => parts.NoDemand),
    ];
}
