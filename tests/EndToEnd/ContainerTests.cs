using System.Text;
using System.Text.Json;

namespace Weir.EndToEnd;

/// <summary>
/// Programs in containers: what `weir env` says is mounted into an image that has nothing of Weir, and the program there finds its
/// device. Once with the kernel's own means, so that nothing but that is visible, and once with podman where it is.
/// </summary>
public class ContainerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_weir_env_lists_is_all_that_a_program_in_an_image_needs(bool isRemote)
    {
        Assert.SkipUnless(
            ProgramRun.Start("unshare", ["--mount", "--pid", "--fork", "true"]).ExitCode == 0,
            "this user may not make mounts of their own (unshare --mount)"
        );
        using var pool = PoolInstallation.Start();
        // The way to another node is TLS by the image's own library.
        string[] tls = isRemote ? ["libssl.so.3", "libcrypto.so.3"] : [];
        string root = Image.Create(Saxpy(), ["libm.so.6", "libdl.so.2", "libpthread.so.0", .. tls]);
        JsonElement what = Env(pool, isRemote);
        var script = new StringBuilder("set -e\n");
        _ = script.AppendLine($"mount --bind {root} {root}");
        foreach (JsonElement mount in what.GetProperty("mounts").EnumerateArray())
        {
            string source = mount.GetProperty("source").GetString()!;
            string target = root + mount.GetProperty("target").GetString();
            _ = script.AppendLine(
                Directory.Exists(source)
                    ? $"mkdir -p {target}"
                    : $"mkdir -p {Path.GetDirectoryName(target)}; touch {target}"
            );
            _ = script.AppendLine($"mount --bind {source} {target}");
            if (mount.GetProperty("readOnly").GetBoolean())
            {
                _ = script.AppendLine($"mount -o remount,bind,ro {target}");
            }
        }
        _ = script.AppendLine($"mount -t proc proc {root}/proc");
        _ = script.AppendLine($"touch {root}/dev/null {root}/dev/urandom");
        _ = script.AppendLine($"mount --bind /dev/null {root}/dev/null");
        _ = script.AppendLine($"mount --bind /dev/urandom {root}/dev/urandom");
        _ = script.AppendLine($"mkdir {root}/old; cd {root}; pivot_root . old");
        string entry = string.Join(' ', what.GetProperty("entry").EnumerateArray().Select(word => word.GetString()));
        // The image has no shell and no umount; when they have done their part, nothing of the machine is left but what was mounted.
        const string Libraries = "/old/lib/x86_64-linux-gnu:/old/usr/lib/x86_64-linux-gnu";
        string last = $"LD_LIBRARY_PATH={Libraries} /old/usr/bin/umount -l /old && exec {entry} /program 5000";
        _ = script.AppendLine($"exec /old/usr/sbin/chroot . /old/usr/bin/sh -c '{last}'");
        string[] spaces = ["--mount", "--pid", "--ipc", "--uts", .. isRemote ? (string[])[] : ["--net"]];
        ProgramRun run = ProgramRun.Start(
            "unshare",
            [.. spaces, "--fork", "sh", "-c", script.ToString()],
            environment: new Dictionary<string, string?> { ["HOME"] = "/tmp", ["LD_LIBRARY_PATH"] = null }
        );
        Assert.Contains("0 of them differ", run.Succeeded().Text);
        Assert.StartsWith(
            "/program",
            Assert
                .Single(pool.Json("ps", "--all").GetProperty("sessions").EnumerateArray())
                .GetProperty("program")
                .GetString()
        );
    }

    [Fact]
    public void Podman_runs_a_program_with_what_weir_env_prints_for_it()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/podman"), "podman is not installed here (Debian: podman)");
        string root = Image.Create(Saxpy(), "libm.so.6", "libdl.so.2", "libpthread.so.0");
        string[] ways =
        [
            "",
            // Where this machine is a container itself, some limits cannot be set, nor networks made.
            "--network host --ulimit nofile=1024:1024 --ulimit nproc=1000:1000",
            "--network host --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --runtime runc",
        ];
        string? way = null;
        string problem = "";
        foreach (string tried in ways)
        {
            ProgramRun alone = Podman($"{tried} --rootfs {root} /program");
            if (alone.Text.Contains("libcuda.so.1", StringComparison.Ordinal) || alone.Errors.Contains("libcuda.so.1"))
            {
                // It ran, and there is no device in the image.
                way = tried;
                break;
            }
            problem = alone.Errors.Trim();
        }
        Assert.SkipWhen(way is null, $"podman cannot run containers here: {problem}");
        using var pool = PoolInstallation.Start();
        string options = pool.Weir("env", "--gpus", "0.5", "--mem", "256MiB", "--format", "podman").Succeeded().Text;
        string printed = root + ".options";
        File.WriteAllText(printed, options);
        ProgramRun run = Podman($"{way} $(cat {printed}) --rootfs {root} /program 5000");
        Assert.Contains("0 of them differ", run.Succeeded().Text);
    }

    // By a shell, as people do: `podman run $(weir env …)`.
    private static ProgramRun Podman(string arguments) =>
        ProgramRun.Start("sh", ["-c", $"podman run --rm {arguments}"]);

    private static JsonElement Env(PoolInstallation pool, bool isRemote) =>
        JsonDocument
            .Parse(
                pool.Weir(
                        new Dictionary<string, string?> { ["WEIR_REMOTE"] = isRemote ? "1" : null },
                        "env",
                        "--gpus",
                        "0.5",
                        "--mem",
                        "256MiB",
                        "--output",
                        "json"
                    )
                    .Succeeded()
                    .Text
            )
            .RootElement;

    private static string Saxpy() =>
        ClientRun.Compile(
            Path.Combine(WeirInstallation.Root, "samples", "saxpy.c"),
            WeirInstallation.NewFolder("container")
        );
}
