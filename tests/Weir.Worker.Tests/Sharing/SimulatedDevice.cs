using System.Globalization;
using Weir.Worker.Sharing;

namespace Weir.Worker.Tests.Sharing;

/// <summary>A session of the simulation.</summary>
internal sealed class SimulatedSession
{
    public required int Share { get; init; }

    /// <summary>Milliseconds that it keeps a core once it has it.</summary>
    public required double RangeMs { get; init; }

    public ulong Account { get; set; }

    public bool IsIdle { get; set; }

    /// <summary>Processor time, milliseconds.</summary>
    public double Received { get; set; }

    public ulong Virtual { get; set; }

    public bool WasIdle { get; set; } = true;

    /// <summary>"share:range in ms", separated by blanks.</summary>
    public static List<SimulatedSession> Parse(string text) =>
        [
            .. text.Split(' ')
                .Select(
                    (word, index) =>
                        new SimulatedSession
                        {
                            Share = int.Parse(word.Split(':')[0], CultureInfo.InvariantCulture),
                            RangeMs = double.Parse(word.Split(':')[1], CultureInfo.InvariantCulture),
                            Account = (ulong)index + 1,
                        }
                ),
        ];
}

/// <summary>
/// Cores that follow <see cref="CoreDecision"/>: each is asked anew whenever the range that it runs is done, and not before. So
/// long ranges are the hard case, as they are for the real device.
/// </summary>
internal sealed class SimulatedDevice(int cores, List<SimulatedSession> sessions)
{
    private const double StepMs = 0.05;

    private readonly (SimulatedSession? Session, double EndsAt)[] _cores = new (SimulatedSession?, double)[cores];
    private ulong _clock;

    public void Run(double fromMs, double toMs)
    {
        int steps = (int)Math.Round((toMs - fromMs) / StepMs);
        for (int step = 0; step < steps; step++)
        {
            double now = fromMs + step * StepMs;
            foreach (ref (SimulatedSession? Session, double EndsAt) core in _cores.AsSpan())
            {
                if (core.Session is null || core.EndsAt <= now)
                {
                    core.Session = null;
                    core.Session = Next();
                    core.EndsAt = now + (core.Session?.RangeMs ?? 0);
                }
            }
            foreach ((SimulatedSession? session, _) in _cores)
            {
                if (session is not null)
                {
                    session.Received += StepMs;
                    session.Virtual += CoreDecision.Charge(
                        Demands(),
                        sessions.IndexOf(session),
                        (long)(StepMs * 1_000_000)
                    );
                }
            }
        }
    }

    private CoreDemand[] Demands() =>
        [
            .. sessions.Select(one => new CoreDemand(
                one.Account,
                one.Share,
                one.Virtual,
                one.IsIdle ? 0 : cores,
                _cores.Count(core => core.Session == one)
            )),
        ];

    private SimulatedSession? Next()
    {
        foreach (SimulatedSession session in sessions)
        {
            if (session.WasIdle && !session.IsIdle)
            {
                session.Virtual = CoreDecision.Resume(session.Virtual, _clock, session.Share);
            }
            session.WasIdle = session.IsIdle;
        }
        CoreDemand[] demands = Demands();
        _clock = CoreDecision.Advance(_clock, demands);
        int[] allotted = new int[demands.Length];
        CoreDecision.Allot(demands, cores, allotted);
        int next = Enumerable.Range(0, demands.Length).FirstOrDefault(i => allotted[i] > demands[i].Running, -1);
        return next < 0 ? null : sessions[next];
    }
}
