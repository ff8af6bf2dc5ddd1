using Weir.Worker.Launching;

namespace Weir.Worker.Tests.Launching;

/// <summary>Finding programs, and telling those that cannot load the shim.</summary>
public class ProgramFileTests
{
    [Fact]
    public void Programs_are_found_by_path() =>
        Assert.Equal("/bin/sh", ProgramFile.Find("sh", "/nowhere:/bin:/usr/bin", out _, out _));

    [Fact]
    public void What_is_not_there_is_127()
    {
        Assert.Null(ProgramFile.Find("no-such-program", "/bin", out int code, out string reason));
        Assert.Equal((127, "command not found"), (code, reason));
        Assert.Null(ProgramFile.Find("/no/such/program", "/bin", out code, out _));
        Assert.Equal(127, code);
    }

    [Fact]
    public void What_is_no_program_is_126()
    {
        Assert.Null(ProgramFile.Find("/etc", null, out int code, out string reason));
        Assert.Equal((126, "Is a directory"), (code, reason));
        Assert.Null(ProgramFile.Find("/etc/passwd", null, out code, out reason));
        Assert.Equal((126, "Permission denied"), (code, reason));
    }

    [Fact]
    public void The_loader_of_a_program_is_read() => Assert.Contains("ld-linux", GuestCheck.ReadInterpreter("/bin/sh"));

    [Fact]
    public void What_names_no_loader_has_none()
    {
        Assert.Null(GuestCheck.ReadInterpreter("/etc/passwd"));
        Assert.Null(GuestCheck.ReadInterpreter("/nowhere"));
        Assert.Null(GuestCheck.ReadInterpreter("/dev/null"));
    }

    [Fact]
    public void Damaged_programs_are_no_trouble()
    {
        byte[] program = File.ReadAllBytes("/bin/true");
        var random = new Random(8);
        string path = Path.GetTempFileName();
        try
        {
            for (int i = 0; i < 500; i++)
            {
                byte[] damaged = [.. program];
                for (int j = 0; j < 8; j++)
                {
                    damaged[random.Next(1024)] = (byte)random.Next(256);
                }
                File.WriteAllBytes(path, damaged[..random.Next(1, 2048)]);
                _ = GuestCheck.ReadInterpreter(path);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_musl_program_gets_a_sentence()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "musl-program");
        byte[] image = File.ReadAllBytes("/bin/sh");
        ReadOnlySpan<byte> glibc = "/lib64/ld-linux-x86-64.so.2\0"u8;
        int at = image.AsSpan().IndexOf(glibc);
        "/lib/ld-musl-x86_64.so.1\0\0\0\0"u8.CopyTo(image.AsSpan(at));
        File.WriteAllBytes(program, image);
        Assert.Contains("musl", GuestCheck.Explain(program, "/nowhere"));
    }

    [Fact]
    public void A_program_with_a_newer_library_than_needed_gets_none()
    {
        string libc = "/lib/x86_64-linux-gnu/libc.so.6";
        Assert.True(GuestCheck.HighestGlibc(libc) >= 28);
        Assert.Null(GuestCheck.Explain("/bin/sh", libc));
    }

    [Fact]
    public void A_program_whose_library_is_too_old_gets_a_sentence()
    {
        string needing = Path.Combine(AppContext.BaseDirectory, "needs-much.so");
        File.WriteAllBytes(needing, [.. "x\0GLIBC_2.17\0GLIBC_2.99\0GLIBC_PRIVATE\0"u8]);
        string? said = GuestCheck.Explain("/bin/sh", needing);
        Assert.Contains("2.99", said);
    }
}
