using System.Diagnostics;
using System.Text.Json;

namespace Weir.EndToEnd;

/// <summary>Programs whose accelerator state leaves its device, or its worker, and comes back.</summary>
public class SessionTests
{
    [Fact]
    public void A_program_is_parked_resumed_and_moved_and_finds_everything_as_it_was()
    {
        using var program = PortableProgram.Start();
        for (int round = 0; round < 3; round++)
        {
            program.Change();
            int before = program.Worker;
            _ = SessionDeskClient.Do("move", program.Id);
            Assert.NotEqual(before, program.Worker);
            program.Verify();
            program.Change();
            program.Verify();
            // The next call takes the device back by itself.
            _ = SessionDeskClient.Do("park", program.Id);
            Assert.Equal("parked", SessionDeskClient.Session(program.Id)!.Value.GetProperty("state").GetString());
            program.Verify();
            _ = SessionDeskClient.Await(
                program.Id,
                session => session.GetProperty("state").GetString() == "attached",
                "attached"
            );
            program.Change();
            _ = SessionDeskClient.Do("park", program.Id);
            _ = SessionDeskClient.Do("resume", program.Id);
            program.Verify();
        }
        program.Finish();
    }

    [Fact]
    public void A_program_that_makes_calls_all_the_time_notices_nothing_but_time()
    {
        using var program = PortableProgram.Start(isBusy: true);
        string folder = WeirInstallation.NewFolder();
        for (int round = 0; round < 4; round++)
        {
            program.Change();
            _ = SessionDeskClient.Do("move", program.Id);
            program.Verify();
            _ = SessionDeskClient.Do("snapshot", program.Id, folder);
            program.Change();
            // Somebody calls, so it does not stay parked.
            _ = SessionDeskClient.Do("park", program.Id);
            program.Verify();
            _ = SessionDeskClient.Await(
                program.Id,
                session => session.GetProperty("state").GetString() == "attached",
                "attached"
            );
        }
        program.Finish();
    }

    [Fact]
    public void A_worker_that_is_killed_is_replaced_from_the_image_and_nothing_is_missing()
    {
        using var program = PortableProgram.Start();
        string folder = WeirInstallation.NewFolder();
        for (int round = 0; round < 3; round++)
        {
            program.Change();
            // It waits for its posts: one that is taken after the image would be lost.
            program.Verify();
            _ = SessionDeskClient.Do("snapshot", program.Id, folder);
            Kill(program.Worker);
            _ = SessionDeskClient.Await(program.Id, session => session.GetProperty("worker").GetInt32() == 0, "lost");
            JsonElement answer = SessionDeskClient.Do("restore", program.Id, folder);
            Assert.False(answer.GetProperty("report").GetProperty("lostCalls").GetBoolean());
            program.Verify();
        }
        program.Finish();
    }

    [Fact]
    public void Calls_that_were_lost_with_a_worker_are_told_as_an_error()
    {
        using var program = PortableProgram.Start();
        string folder = WeirInstallation.NewFolder();
        _ = SessionDeskClient.Do("snapshot", program.Id, folder);
        program.Verify();
        Kill(program.Worker);
        _ = SessionDeskClient.Await(program.Id, session => session.GetProperty("worker").GetInt32() == 0, "lost");
        JsonElement answer = SessionDeskClient.Do("restore", program.Id, folder);
        Assert.True(answer.GetProperty("report").GetProperty("lostCalls").GetBoolean());
        program.VerifyInVain();
    }

    [Fact]
    public void A_session_with_periodic_images_comes_back_by_itself()
    {
        using var program = PortableProgram.Start(options: ["--snapshot-every", "200ms"]);
        program.Change();
        program.Verify();
        // While an image is written no call is carried out: one that is younger than the last call holds everything.
        AwaitImage(program, DateTime.UtcNow);
        int before = program.Worker;
        Kill(before);
        _ = SessionDeskClient.Await(
            program.Id,
            session =>
                session.GetProperty("worker").GetInt32() is var worker
                && worker != 0
                && worker != before
                && session.GetProperty("state").GetString() == "attached",
            "attached again"
        );
        program.Verify();
        program.Finish();
    }

    [Fact]
    public void What_cannot_be_done_is_refused_with_a_reason_and_the_program_goes_on()
    {
        using var program = PortableProgram.Start();
        string folder = WeirInstallation.NewFolder();
        File.WriteAllText(Path.Combine(folder, "letter"), "dear");
        Assert.Contains("not empty", Reason("snapshot", program, folder));
        Assert.Contains("not parked", Reason("resume", program, null));
        Assert.Contains("not lost", Reason("restore", program, null));
        Assert.Contains("cannot be done", Reason("fly", program, null));
        _ = SessionDeskClient.Do("park", program.Id);
        Assert.Contains("parked already", Reason("park", program, null));
        program.Verify();
        program.Finish();
    }

    [Fact]
    public void A_damaged_image_is_refused_and_a_whole_one_still_does()
    {
        using var program = PortableProgram.Start();
        string folder = WeirInstallation.NewFolder();
        program.Change();
        program.Verify();
        _ = SessionDeskClient.Do("snapshot", program.Id, folder);
        string chunk = Directory.GetFiles(Path.Combine(folder, "chunks"), "*", SearchOption.AllDirectories)[0];
        byte[] whole = File.ReadAllBytes(chunk);
        Kill(program.Worker);
        _ = SessionDeskClient.Await(program.Id, session => session.GetProperty("worker").GetInt32() == 0, "lost");
        File.WriteAllBytes(chunk, whole[..^1]);
        Assert.Contains("ends after", Reason("restore", program, folder));
        File.WriteAllBytes(chunk, whole);
        _ = SessionDeskClient.Do("restore", program.Id, folder);
        program.Verify();
        program.Finish();
    }

    private static string Reason(string verb, PortableProgram program, string? folder) =>
        SessionDeskClient.Ask(verb, program.Id, folder).GetProperty("reason").GetString() ?? "it was not refused";

    private static void AwaitImage(PortableProgram program, DateTime after) =>
        _ = SessionDeskClient.Await(
            program.Id,
            session =>
                session.GetProperty("image").GetString() is { } image
                && File.GetLastWriteTimeUtc(Path.Combine(image, "manifest")) > after,
            "saved again"
        );

    private static void Kill(int process)
    {
        using Process worker = Process.GetProcessById(process);
        worker.Kill();
    }
}
