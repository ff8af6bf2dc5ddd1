using Weir.Worker.Launching;

namespace Weir.Worker.Tests.Launching;

/// <summary>The launcher's command line.</summary>
public class LaunchOptionsTests
{
    [Fact]
    public void Options_end_where_the_program_begins()
    {
        var options = LaunchOptions.Parse([
            "--device",
            "software",
            "--mem",
            "2GiB",
            "--threads=3",
            "--",
            "p",
            "--mem",
            "x",
        ]);
        Assert.Equal("software", options.Device);
        Assert.Equal(2L << 30, options.MemoryBytes);
        Assert.Equal(3, options.Threads);
        Assert.Equal(["p", "--mem", "x"], options.Program);
    }

    [Fact]
    public void The_dashes_may_be_left_out() =>
        Assert.Equal(["ls", "-l", "--"], LaunchOptions.Parse(["ls", "-l", "--"]).Program);

    [Fact]
    public void How_memory_is_oversubscribed_is_for_workers() =>
        Assert.Equal(
            ["--oversubscribe", "1.8", "--arena", "1073741824"],
            LaunchOptions.Parse(["--oversubscribe=1.8", "--arena", "1073741824", "p"]).Paging
        );

    [Fact]
    public void Reports_are_absolute() =>
        Assert.True(Path.IsPathRooted(LaunchOptions.Parse(["--report", "r.json", "p"]).Report));

    [Theory]
    [InlineData]
    [InlineData("--")]
    [InlineData("--device", "gpu", "p")]
    [InlineData("--device")]
    [InlineData("--device=")]
    [InlineData("--mem", "0", "p")]
    [InlineData("--mem", "8 parsecs", "p")]
    [InlineData("--threads", "-1", "p")]
    [InlineData("--threads", "1e3", "p")]
    [InlineData("--prewarm", "65", "p")]
    [InlineData("--oversubscribe", "9", "p")]
    [InlineData("--oversubscribe", "NaN", "p")]
    [InlineData("--arena", "some", "p")]
    [InlineData("--what", "ever", "p")]
    public void What_is_not_understood_is_said(params string[] words) =>
        Assert.NotEmpty(Assert.Throws<FormatException>(() => LaunchOptions.Parse(words)).Message);

    [Theory]
    [InlineData("1", 1)]
    [InlineData("4096", 4096)]
    [InlineData("8GiB", 8L << 30)]
    [InlineData("8 GiB", 8L << 30)]
    [InlineData("512m", 512L << 20)]
    [InlineData("1.5G", 3L << 29)]
    [InlineData("2T", 2L << 40)]
    public void Sizes_are_read_as_people_write_them(string text, long bytes) =>
        Assert.Equal(bytes, ByteSize.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("G")]
    [InlineData("-1G")]
    [InlineData("1e9")]
    [InlineData("1..5G")]
    [InlineData("0.1")]
    [InlineData("99999999999999999999")]
    [InlineData("1099511627776T")]
    public void What_is_no_size_is_refused(string text) => Assert.Throws<FormatException>(() => ByteSize.Parse(text));
}
