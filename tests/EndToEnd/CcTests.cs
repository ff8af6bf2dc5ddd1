namespace Weir.EndToEnd;

/// <summary>CUDA C through `weir cc`, run on the software device, against what the CPU computes.</summary>
public class CcTests
{
    [Theory]
    [InlineData("scan")]
    [InlineData("sort")]
    [InlineData("histogram")]
    [InlineData("matmul")]
    [InlineData("physics")]
    [InlineData("maths")]
    public void A_program_in_cuda_c_agrees_with_the_cpu(string name)
    {
        string program = Path.Combine(WeirInstallation.NewFolder(), name);
        ClientRun.Weir("cc", Sample(name), "-o", program).Succeeded();
        ClientRun.Run(program).Succeeded();
    }

    [Fact]
    public void What_kernels_print_comes_in_order_and_as_c_prints_it()
    {
        string program = Path.Combine(WeirInstallation.NewFolder(), "printing");
        ClientRun.Weir("cc", Sample("printing"), "-o", program).Succeeded();
        string text = ClientRun.Run(program).Succeeded().Text;
        string[] parts = text.Split(["device:\n", "host:\n", "everyone:\n", "answers "], StringSplitOptions.None);
        Assert.Equal(5, parts.Length);
        Assert.Equal(parts[2], parts[1]);
        Assert.Equal(
            ["[0,0]", "[0,1]", "[0,2]", "[1,0]", "[1,1]", "[1,2]"],
            parts[3].Split('\n', StringSplitOptions.RemoveEmptyEntries).Order()
        );
        Assert.Equal("2 2\nafter\n", parts[4]);

        ProgramRun asserting = ClientRun.Run(program, "assert");
        Assert.Equal((0, "710 CUDA_ERROR_ASSERT\n"), (asserting.ExitCode, asserting.Text));
        Assert.Contains("printing.cu:", asserting.Errors);
        Assert.Contains("thread: [40,0,0] Assertion `(int)threadIdx.x < limit` failed.", asserting.Errors);
    }

    [Fact]
    public void Without_a_driver_the_program_says_how_to_start_it()
    {
        string program = Path.Combine(WeirInstallation.NewFolder(), "scan");
        ClientRun.Weir("cc", Sample("scan"), "-O", "1", "-o", program).Succeeded();
        ProgramRun run = ProgramRun.Start(
            program,
            [],
            environment: new Dictionary<string, string?> { ["LD_LIBRARY_PATH"] = "/nowhere" }
        );
        // On a machine with a driver of its own the program simply runs.
        Assert.True(run.ExitCode == 0 || run.Errors.Contains("weir run -- PROGRAM"), run.Errors);
    }

    [Fact]
    public void Ptx_can_be_had_alone()
    {
        string file = Path.Combine(WeirInstallation.NewFolder(), "scan.ptx");
        ClientRun.Weir("cc", Sample("scan"), "--ptx", "--arch", "sm_70", "-o", file).Succeeded();
        string text = File.ReadAllText(file);
        Assert.Contains(".target sm_70", text);
        Assert.Contains("shfl.sync.up", text);
    }

    [Theory]
    [InlineData("#include <cub/cub.cuh>\n", "<cub/cub.cuh> belongs to the CUDA toolkit")]
    [InlineData("__global__ void k() { __nanosleep(5); }\n", "'__nanosleep' is not in Weir's header")]
    [InlineData("#include <cstdio>\n__global__ void k() { puts(\"x\"); }\n", "'puts' runs on the host only")]
    [InlineData("__managed__ int x;\n", "managed variables are not supported")]
    public void What_the_header_lacks_is_named(string source, string expected)
    {
        string file = Path.Combine(WeirInstallation.NewFolder(), "lacking.cu");
        File.WriteAllText(file, source);
        ProgramRun run = ClientRun.Weir("cc", file, "-o", file + ".out");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(expected, run.Errors);
        Assert.False(File.Exists(file + ".out"));
    }

    [Fact]
    public void A_source_that_is_not_there_is_named()
    {
        ProgramRun run = ClientRun.Weir("cc", "/nowhere/a.cu");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("there is no file /nowhere/a.cu", run.Errors);
    }

    private static string Sample(string name) => Path.Combine(WeirInstallation.Root, "samples", "cuda", name + ".cu");
}
