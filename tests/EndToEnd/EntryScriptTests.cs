namespace Weir.EndToEnd;

/// <summary>The script `weir`: called from anywhere, through links, twice at once.</summary>
public class EntryScriptTests
{
    private static readonly string Script = Path.Combine(WeirInstallation.Root, "weir");

    [Fact]
    public void It_works_from_another_folder_and_through_a_link()
    {
        string folder = WeirInstallation.NewFolder();
        string link = Path.Combine(folder, "linked");
        File.CreateSymbolicLink(link, Script);
        foreach (string path in (string[])[Script, link])
        {
            ProgramRun run = ProgramRun.Start(path, ["version"], workingDirectory: folder).Succeeded();
            Assert.StartsWith("weir ", run.Text);
        }
    }

    [Fact]
    public void It_says_nothing_when_there_is_nothing_to_do()
    {
        ProgramRun run = ProgramRun.Start(Script, ["run", "--", "echo", "ok"], null, ClientRun.Environment).Succeeded();
        Assert.Equal("ok\n", run.Text);
        Assert.Equal("", run.Errors);
    }

    [Fact]
    public async Task It_can_be_called_several_times_at_once()
    {
        Task<ProgramRun>[] runs =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(i =>
                    Task.Run(() => ProgramRun.Start(Script, ["run", "--", "echo", $"{i}"], null, ClientRun.Environment))
                ),
        ];
        ProgramRun[] ended = await Task.WhenAll(runs);
        Assert.Equal(["0\n", "1\n", "2\n", "3\n"], ended.Select(run => run.Succeeded().Text));
    }
}
