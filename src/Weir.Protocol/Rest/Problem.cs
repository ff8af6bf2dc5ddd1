namespace Weir.Protocol.Rest;

/// <summary>Every answer that is not a success.</summary>
/// <param name="Code">For programs: "no-room", "impossible", "unknown-pool", "quota", "forbidden", "invalid" …</param>
/// <param name="Message">For people: what is wrong and what to do.</param>
public sealed record Problem(string Code, string Message);
