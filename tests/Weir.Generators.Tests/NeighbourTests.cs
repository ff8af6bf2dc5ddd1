using Weir.Api;
using Weir.Generators.Emit;

namespace Weir.Generators.Tests;

/// <summary>Calls of client libraries of earlier releases, which today's workers serve (tests/Recordings/README.md).</summary>
public class NeighbourTests
{
    private static readonly string s_folder = FindFolder();

    [Theory]
    [InlineData("calls-0.1.txt")]
    public void Calls_of_an_earlier_release_are_what_they_were(string recording)
    {
        string[] then = File.ReadAllLines(Path.Combine(s_folder, recording));
        HashSet<string> now = [.. Today()];
        string[] changed = [.. then.Where(signature => !now.Contains(signature))];
        Assert.True(
            changed.Length == 0,
            $"{recording} has calls that are gone or have changed. Give the changed call a new number and keep the old one (tests/Recordings/README.md): {string.Join(' ', changed)}"
        );
        Assert.True(CallTable.Serves(CallTableEmitter.Fingerprint(then)), $"workers refuse the clients of {recording}");
    }

    [Fact]
    public void Workers_serve_no_client_but_those_that_were_recorded()
    {
        ulong[] recorded =
        [
            .. Directory
                .GetFiles(s_folder, "calls-*.txt")
                .Select(path => CallTableEmitter.Fingerprint(File.ReadLines(path))),
        ];
        Assert.All(CallTable.Neighbours.ToArray(), fingerprint => Assert.Contains(fingerprint, recorded));
        Assert.False(CallTable.Serves(CallTable.Fingerprint + 1));
    }

    [Fact(Explicit = true)]
    public void Record_calls()
    {
        string[] today = [.. Today()];
        File.WriteAllLines(Path.Combine(s_folder, "calls-0.1.txt"), today);
        Assert.Equal(CallTable.Fingerprint, CallTableEmitter.Fingerprint(today));
        TestContext.Current.TestOutputHelper!.WriteLine($"0x{CallTable.Fingerprint:X16}");
    }

    private static IEnumerable<string> Today() =>
        OpEmitter.Numbered(Descriptions.Build(Descriptions.Real()).Set).Select(CallTableEmitter.Signature);

    private static string FindFolder()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Weir.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return Path.Combine(folder!, "tests", "Recordings");
    }
}
