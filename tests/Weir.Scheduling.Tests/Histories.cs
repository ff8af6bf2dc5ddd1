using FsCheck;
using FsCheck.Fluent;

namespace Weir.Scheduling.Tests;

/// <summary>Seeds of random histories for properties; fixed, so that a failure comes back.</summary>
internal static class Histories
{
    public static Config Config(int tests) =>
        FsCheck.Config.QuickThrowOnFailure.WithMaxTest(tests).WithReplay(20260101, 7);

    public static Arbitrary<int> Seeds() => Gen.Choose(1, 1 << 30).ToArbitrary();
}
