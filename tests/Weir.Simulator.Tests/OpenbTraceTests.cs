using Weir.Simulator.Arrival;
using Weir.Simulator.Traces;

namespace Weir.Simulator.Tests;

public sealed class OpenbTraceTests : IDisposable
{
    private const string PodHeader =
        "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,creation_time,deletion_time,scheduled_time";
    private const string GoodPod = "p0,1000,1024,1,500,,LS,0,20,10";

    private readonly string folder = Directory.CreateTempSubdirectory("weir-traces").FullName;

    public void Dispose() => Directory.Delete(folder, true);

    [Fact]
    public void The_default_trace_is_what_was_published()
    {
        Trace trace = Openb.Variant("default");
        Assert.Equal(1213, trace.Nodes.Count);
        Assert.Equal(6_212_000, trace.CapacityMilli);
        Assert.Equal(8152, trace.Tasks.Count);
        Assert.Equal(6_086_800, trace.Tasks.Sum(task => (long)task.Shape.TotalMilli));
        Assert.Equal(35, new ArrivalReplay(trace).Typical.Count);
    }

    [Theory]
    [InlineData("p1,-5,1024,1,500,,LS,0,20,10", "cpu_milli is -5")]
    [InlineData("p1,,1024,1,500,,LS,0,20,10", "cpu_milli is missing")]
    [InlineData("p1,x,1024,1,500,,LS,0,20,10", "no whole number")]
    [InlineData("p1,1000,99999999999999,1,500,,LS,0,20,10", "makes sense")]
    [InlineData("p1,1000,1024,99,500,,LS,0,20,10", "num_gpu is 99")]
    [InlineData("p1,1000,1024,1,1500,,LS,0,20,10", "gpu_milli is 1500")]
    [InlineData("p1,1000,1024,1,0,,LS,0,20,10", "gpu_milli is 0")]
    [InlineData("p0,1000,1024,1,500,,LS,0,20,10", "'p0' is there twice")]
    [InlineData("p1,1000,1024,1,500,,LS,0,5,10", "before it starts")]
    [InlineData(",1000,1024,1,500,,LS,0,20,10", "name is missing")]
    [InlineData("p1,1000,1024,1,500,,LS,NaN,20,10", "creation_time is 'NaN'")]
    [InlineData("\"p1,1000,1024,1,500,,LS,0,20,10", "not closed")]
    public void A_bad_line_is_refused_with_its_number_and_the_reason(string line, string reason)
    {
        (string nodes, string pods) = Write(line);
        TraceException error = Assert.Throws<TraceException>(() => OpenbTrace.Read("x", nodes, pods));
        Assert.Equal(3, error.Line);
        Assert.Contains(reason, error.Message);
        Trace rest = OpenbTrace.Read("x", nodes, pods, skipBad: true);
        Assert.Equal(1, rest.Skipped);
        Assert.Single(rest.Tasks);
    }

    [Fact]
    public void A_missing_column_file_or_variant_is_named()
    {
        (string nodes, _) = Write(GoodPod);
        string pods = Path.Combine(folder, "short.csv");
        File.WriteAllText(pods, "name,cpu_milli\np0,1\n");
        Assert.Contains("'memory_mib'", Assert.Throws<TraceException>(() => OpenbTrace.Read("x", nodes, pods)).Message);
        Assert.Throws<TraceException>(() => OpenbTrace.Read("x", nodes, Path.Combine(folder, "none.csv")));
        Assert.Contains("'gpuspec33'", Assert.Throws<ArgumentException>(() => Openb.Variant("gpuspec34")).Message);
    }

    [Fact]
    public void A_policy_that_does_not_exist_is_refused_and_the_nearest_offered()
    {
        (string nodes, string pods) = Write("p1,1000,1024,1,500,,LS,0,20,10");
        var replay = new ArrivalReplay(OpenbTrace.Read("x", nodes, pods));
        Assert.Contains("'bestfit'", Assert.Throws<ArgumentException>(() => replay.Run("bestfitt", 1)).Message);
    }

    private (string Nodes, string Pods) Write(string secondPod)
    {
        string nodes = Path.Combine(folder, "nodes.csv");
        string pods = Path.Combine(folder, "pods.csv");
        File.WriteAllText(nodes, "sn,cpu_milli,memory_mib,gpu,model\nn0,8000,65536,2,T4\n");
        File.WriteAllText(pods, $"{PodHeader}\n{GoodPod}\n{secondPod}\n");
        return (nodes, pods);
    }
}
