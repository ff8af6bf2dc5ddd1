using System.Diagnostics;

namespace Weir.EndToEnd;

/// <summary>What is killed, or cannot be written, while state is on its way: the program finds everything as it was.</summary>
public class SessionFaultTests
{
    private const int Kills = 8;

    [Fact]
    public async Task A_new_worker_that_dies_at_any_step_leaves_the_old_one_in_charge()
    {
        using var program = PortableProgram.Start();
        for (int kill = 0; kill < Kills; kill++)
        {
            program.Change();
            // What is posted and not yet done would be lost with a worker that dies after it has taken over, and be told so.
            program.Verify();
            int old = program.Worker;
            Task move = Task.Run(
                () => SessionDeskClient.Ask("move", program.Id),
                TestContext.Current.CancellationToken
            );
            // Some die before they are asked, some while they read the image, some when they have taken over.
            Thread.Sleep(kill * 8);
            int[] killed = [.. OtherWorkers(program.Id, old)];
            Array.ForEach(killed, Kill);
            await move;
            // One that had taken over is named until its end is noticed.
            _ = SessionDeskClient.Await(
                program.Id,
                session => IsSettled(session) && !killed.Contains(Worker(session)),
                "settled"
            );
            if (program.Worker == 0)
            {
                // It had taken over already: that was the worker of the session, and its image is whole. The spare workers were
                // killed too, and a restore may meet one whose end is not noticed yet.
                string? reason = "the new worker";
                for (int tries = 0; reason is not null; tries++)
                {
                    Assert.True(tries < 100 && reason.Contains("the new worker"), reason);
                    reason = Reason("restore", program);
                }
            }
            program.Verify();
        }
        program.Finish();
    }

    [Fact]
    public async Task An_old_worker_that_dies_at_any_step_of_a_move_or_an_image_leaves_a_whole_image()
    {
        using var program = PortableProgram.Start();
        string folder = WeirInstallation.NewFolder();
        for (int kill = 0; kill < Kills; kill++)
        {
            program.Change();
            program.Verify();
            _ = SessionDeskClient.Do("snapshot", program.Id, folder);
            int old = program.Worker;
            string verb = kill % 2 == 0 ? "move" : "park";
            Task asked = Task.Run(
                () => SessionDeskClient.Ask(verb, program.Id, folder),
                TestContext.Current.CancellationToken
            );
            Thread.Sleep(kill * 6);
            Kill(old);
            await asked;
            _ = SessionDeskClient.Await(program.Id, session => IsSettled(session) && Worker(session) != old, "settled");
            if (program.Worker == 0)
            {
                _ = SessionDeskClient.Do("restore", program.Id);
            }
            program.Verify();
        }
        program.Finish();
    }

    [Fact]
    public void An_image_that_cannot_be_written_leaves_the_last_one_and_the_program()
    {
        using var program = PortableProgram.Start();
        string folder = WeirInstallation.NewFolder();
        _ = SessionDeskClient.Do("snapshot", program.Id, folder);
        byte[] manifest = File.ReadAllBytes(Path.Combine(folder, "manifest"));
        program.Change();
        // A file where a folder is needed: nothing more can be stored, as when the disk is full.
        string chunks = Path.Combine(folder, "chunks");
        Directory.Move(chunks, chunks + ".aside");
        File.WriteAllText(chunks, "");
        foreach (string verb in (string[])["snapshot", "park", "move"])
        {
            Assert.Contains("cannot be written", Reason(verb, program, folder));
        }
        File.Delete(chunks);
        Directory.Move(chunks + ".aside", chunks);
        Assert.Equal(manifest, File.ReadAllBytes(Path.Combine(folder, "manifest")));
        program.Verify();
        _ = SessionDeskClient.Do("park", program.Id, folder);
        program.Verify();
        program.Finish();
    }

    [Fact]
    public void A_full_disk_leaves_the_last_image_whole_and_the_program_at_work()
    {
        string folder = Path.Combine(WeirInstallation.NewFolder(), "disk");
        _ = Directory.CreateDirectory(folder);
        using PortableProgram? program = PortableProgram.StartWithDisk(folder, "64m");
        Assert.SkipWhen(program is null, "this machine does not let its users mount a disk of their own");
        string image = Path.Combine(folder, "image");
        _ = SessionDeskClient.Do("snapshot", program.Id, image);
        string manifest = Path.Combine(program.Outside(image), "manifest");
        byte[] before = File.ReadAllBytes(manifest);
        string filler = Path.Combine(program.Outside(folder), "filler");
        Fill(filler);
        foreach (string verb in (string[])["snapshot", "park", "move"])
        {
            program.Change();
            Assert.Contains("cannot be written", Reason(verb, program, image));
            Assert.Equal(before, File.ReadAllBytes(manifest));
            program.Verify();
        }
        File.Delete(filler);
        _ = SessionDeskClient.Do("snapshot", program.Id, image);
        // What is there now is all of it: a worker that knows nothing else goes on from it.
        Kill(program.Worker);
        _ = SessionDeskClient.Await(program.Id, session => Worker(session) == 0, "lost");
        _ = SessionDeskClient.Do("restore", program.Id, image);
        program.Verify();
        program.Finish();
    }

    [Fact]
    public void A_video_is_the_same_when_its_worker_is_changed_ten_times_on_the_way()
    {
        const int Moves = 10;
        const int FrameBytes = 160 * 90 * 3 / 2;
        const int Frames = 60;
        string[] arguments =
        [
            "-v",
            "error",
            "-nostdin",
            "-init_hw_device",
            "cuda=weir",
            "-filter_hw_device",
            "weir",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=320x180:r=24",
            "-filter_complex",
            "format=yuv420p,hwupload_cuda,scale_cuda=160:90:interp_algo=bicubic,hwdownload,format=yuv420p",
            "-frames:v",
            $"{Frames}",
            "-f",
            "rawvideo",
            "-",
        ];
        byte[] undisturbed = ClientRun.Run("ffmpeg", arguments).Succeeded().Output;
        Assert.Equal(Frames * FrameBytes, undisturbed.Length);
        ProcessStartInfo start = new(
            WeirInstallation.Worker,
            ["--launch", "--device", "software", "--", "ffmpeg", .. arguments]
        )
        {
            RedirectStandardOutput = true,
        };
        foreach ((string name, string? value) in ClientRun.Environment)
        {
            start.Environment[name] = value;
        }
        using Process ffmpeg = Process.Start(start)!;
        byte[] disturbed = new byte[undisturbed.Length];
        int read = 0;
        for (int move = 1; move <= Moves; move++)
        {
            // It can be ahead of its reader by no more than the pipe holds, so every move comes in mid-stream.
            int until = disturbed.Length * move / (Moves + 4);
            ffmpeg.StandardOutput.BaseStream.ReadExactly(disturbed, read, until - read);
            read = until;
            _ = SessionDeskClient.Do("move", ffmpeg.Id);
        }
        ffmpeg.StandardOutput.BaseStream.ReadExactly(disturbed, read, disturbed.Length - read);
        Assert.Equal(-1, ffmpeg.StandardOutput.BaseStream.ReadByte());
        Assert.True(ffmpeg.WaitForExit(TimeSpan.FromSeconds(60)));
        Assert.Equal(0, ffmpeg.ExitCode);
        Assert.True(undisturbed.AsSpan().SequenceEqual(disturbed), "the frames are others");
    }

    // Until nothing more goes onto the disk.
    private static void Fill(string path)
    {
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        byte[] piece = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(piece);
            }
        }
        catch (IOException)
        {
            // Full, as it shall be.
        }
    }

    private static bool IsSettled(System.Text.Json.JsonElement session) =>
        session.GetProperty("state").GetString() is "attached" or "parked" or "lost";

    private static int Worker(System.Text.Json.JsonElement session) => session.GetProperty("worker").GetInt32();

    private static string? Reason(string verb, PortableProgram program, string? folder = null) =>
        SessionDeskClient.Ask(verb, program.Id, folder).GetProperty("reason").GetString();

    // Workers of the same broker that do not serve the program.
    private static IEnumerable<int> OtherWorkers(int program, int worker)
    {
        int broker = Parent(worker);
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (
                int.TryParse(Path.GetFileName(folder), out int process)
                && process != worker
                && process != program
                && Parent(process) == broker
                && Role(process) == "--worker"
            )
            {
                yield return process;
            }
        }
    }

    // A broker's children are workers, and for a moment the compile service, which it starts.
    private static string Role(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Split('\0').ElementAtOrDefault(1) ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static int Parent(int process)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1]);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static void Kill(int process)
    {
        try
        {
            using Process worker = Process.GetProcessById(process);
            worker.Kill();
        }
        catch (ArgumentException)
        {
            // It has left by itself, its session handed over.
        }
        catch (InvalidOperationException)
        {
            // The same, a moment later.
        }
    }
}
