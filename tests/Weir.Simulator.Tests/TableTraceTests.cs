using Weir.Scheduling.Cluster;
using Weir.Simulator.Traces;

namespace Weir.Simulator.Tests;

public sealed class TableTraceTests : IDisposable
{
    private const string Helios =
        "job_id,user,vc,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time,duration,queue";

    private readonly string folder = Directory.CreateTempSubdirectory("weir-tables").FullName;

    public void Dispose() => Directory.Delete(folder, true);

    [Fact]
    public void Jobs_of_Helios_are_read_by_their_own_names()
    {
        TraceTask[] tasks = Read(
            "jobs.csv",
            $"{Helios}\n1,u1,vc1,16,64,2,COMPLETED,2020-04-01 00:00:00,,,120,0\n2,u2,vc2,1,4,1,FAILED,2020-04-01 00:01:00,,,5,0\n"
        );
        Assert.Equal(new TaskShape(32_000, 0, 8, 1000), tasks[0].Shape);
        Assert.Equal((2, "vc1", 0.0, 120.0), (tasks[0].Gang, tasks[0].Project, tasks[0].Submitted, tasks[0].Duration));
        Assert.Equal(60, tasks[1].Submitted);
    }

    [Fact]
    public void Fractions_of_PAI_and_JSON_are_understood()
    {
        TraceTask[] tasks = Read(
            "jobs.json",
            """[{"job_name":"a","submit_s":5,"duration_s":10,"plan_gpu":50,"inst_num":3},{"job_name":"b","submit_s":6,"plan_gpu":200}]"""
        );
        Assert.Equal((1, 500, 3), (tasks[0].Shape.Devices, tasks[0].Shape.ComputeMilli, tasks[0].Gang));
        Assert.Equal((2, 1000, 1), (tasks[1].Shape.Devices, tasks[1].Shape.ComputeMilli, tasks[1].Gang));
        Assert.Equal(-1, tasks[1].Duration);
    }

    [Theory]
    [InlineData("a,x,10,1", "which is no number|seconds or a date")]
    [InlineData("a,5,10,-1", "makes sense")]
    [InlineData("a,5,10,1000", "at most 64")]
    [InlineData("a,,10,1", "is missing")]
    public void A_bad_line_is_refused_with_its_number_and_the_reason(string line, string reasons)
    {
        string path = Write("jobs.csv", $"name,submit_s,duration_s,gpus\ngood,1,1,1\n{line}\n");
        TraceException error = Assert.Throws<TraceException>(() =>
            TableTrace.ReadJobs(path, new NameTable(), false, out _)
        );
        Assert.Equal(3, error.Line);
        Assert.Contains(reasons.Split('|'), reason => error.Message.Contains(reason));
        Assert.Single(TableTrace.ReadJobs(path, new NameTable(), true, out int skipped));
        Assert.Equal(1, skipped);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("[")]
    [InlineData("[]")]
    public void Senseless_JSON_is_refused(string text) => Assert.Throws<TraceException>(() => Read("jobs.json", text));

    private TraceTask[] Read(string name, string text) =>
        [.. TableTrace.ReadJobs(Write(name, text), new NameTable(), false, out _)];

    private string Write(string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
