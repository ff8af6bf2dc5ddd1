namespace Weir.Worker.Sharing;

/// <summary>What a session asks of the cores of its device, at one moment.</summary>
/// <param name="Account">Sessions of the same account have its share together.</param>
/// <param name="Share">The account's share of the device, percent, at least 1.</param>
/// <param name="Virtual">Processor time received, nanoseconds, scaled by 100 / share of the session.</param>
/// <param name="Wanting">Cores that it has work for; 0: it asks for nothing.</param>
/// <param name="Running">Cores that it uses.</param>
internal readonly record struct CoreDemand(ulong Account, int Share, ulong Virtual, int Wanting, int Running);
