using System.Globalization;
using System.Text;
using Weir.Api;
using Weir.Devices.Software.Observing;
using Weir.Devices.Software.Tests.Support;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Tests.Observing;

/// <summary>
/// Checked code beside a count by hand, for random accesses: whatever vectors it looks at at once, it finds as many wrong accesses as there
/// are threads that make them.
/// </summary>
public sealed unsafe class RandomAccessTests
{
    private const string Registers = ".reg .b16 %h<9>;\n.reg .b32 %r<20>;\n.reg .b64 %rd<20>;\n.reg .pred %p<4>;\n";

    private static readonly (string Type, int Bytes, string Registers)[] s_types =
    [
        ("u8", 1, "%h1"),
        ("u16", 2, "%h1"),
        ("u32", 4, "%r9"),
        ("u64", 8, "%rd9"),
        ("v2.u32", 8, "{%r9, %r10}"),
        ("v4.u32", 16, "{%r9, %r10, %r11, %r12}"),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Accesses_outside_of_an_allocation_are_counted_to_the_thread(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 12; round++)
        {
            (string type, int bytes, string registers) = s_types[random.Next(s_types.Length)];
            int stride = random.Next(4) * bytes;
            int shift = random.Next(-4, 200) * bytes;
            int size = random.Next(1, 2000);
            int threads = random.Next(1, 150);
            int low = random.Next(2) * random.Next(threads);
            int high = random.Next(2) == 0 ? threads : random.Next(low, threads + 1);
            bool stores = random.Next(2) == 0;
            string access = stores
                ? $"st.global.{type} [%rd3], {registers};"
                : $"ld.global.{type} {registers}, [%rd3];";
            string text =
                KernelTexts.Head
                + ".visible .entry k(.param .u64 data, .param .u64 out)\n{\n"
                + Registers
                + "ld.param.u64 %rd1, [data];\nld.param.u64 %rd5, [out];\nmov.u32 %r1, %tid.x;\n"
                + "mov.u16 %h1, 7;\nmov.u32 %r9, 7;\nmov.u32 %r10, 7;\nmov.u32 %r11, 7;\nmov.u32 %r12, 7;\nmov.u64 %rd9, 7;\n"
                + $"mul.wide.u32 %rd2, %r1, {stride};\nadd.s64 %rd3, %rd1, %rd2;\nadd.s64 %rd3, %rd3, {shift};\n"
                + $"setp.lt.u32 %p1, %r1, {low};\n@%p1 bra done;\nsetp.ge.u32 %p2, %r1, {high};\n@%p2 bra done;\n"
                + access
                + "\ncvt.u32.u16 %r13, %h1;\nadd.u32 %r13, %r13, %r9;\ncvt.u32.u64 %r14, %rd9;\nadd.u32 %r13, %r13, %r14;\n"
                + "mul.wide.u32 %rd6, %r1, 4;\nadd.s64 %rd6, %rd6, %rd5;\nst.global.u32 [%rd6], %r13;\n"
                + "done:\nret;\n}\n";
            long wrong = Enumerable
                .Range(low, high - low)
                .Count(thread => thread * stride + shift is var at && (at < 0 || at + bytes > size));

            using TestDevice device = Device();
            ulong result = device.Allocate(4096);
            ulong apart = device.Allocate(1 << 20);
            ulong data = device.Allocate((nuint)size);
            TestDevice.Check(device.Driver.MemFree(apart));
            TestDevice.Check(device.Launch(device.Function(device.Load(text), "k"), 1, (uint)threads, 0, data, result));
            TestDevice.Check(device.Driver.CtxSynchronize());
            IReadOnlyList<AccessFinding> found = device.Driver.Observation.Findings;
            string what =
                $"seed {seed}, round {round}: {access} stride {stride} shift {shift} size {size} threads {low} to {high} of {threads}";
            Assert.True(
                wrong == found.Sum(one => one.Times),
                $"{what}: expected {wrong}, found {string.Join("; ", found)}"
            );
            Assert.All(found, one => Assert.Equal(stores, one.Writes));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Races_and_reads_of_what_nobody_wrote_are_what_the_order_says(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 12; round++)
        {
            List<List<SharedAccess>> epochs =
            [
                .. Enumerable
                    .Range(0, random.Next(1, 5))
                    .Select(_ =>
                        Enumerable.Range(0, random.Next(1, 3)).Select(_ => SharedAccess.Draw(random)).ToList()
                    ),
            ];
            var body = new StringBuilder();
            foreach (List<SharedAccess> epoch in epochs)
            {
                epoch.ForEach(access => body.Append(access.Text));
                body.Append("bar.sync 0;\n");
            }
            string text =
                KernelTexts.Head
                + ".visible .entry k(.param .u64 out)\n{\n"
                + Registers
                + ".shared .align 8 .b8 room[2048];\nmov.u32 %r1, %tid.x;\nmov.u32 %r3, room;\nmov.u32 %r8, 0;\n"
                + body
                + "ld.param.u64 %rd1, [out];\nmul.wide.u32 %rd2, %r1, 4;\nadd.s64 %rd3, %rd1, %rd2;\nst.global.u32 [%rd3], %r8;\nret;\n}\n";

            using TestDevice device = Device();
            ulong result = device.Allocate(4096);
            CuResult launched = device.Launch(
                device.Function(device.Load(text), "k"),
                2,
                SharedAccess.Threads,
                0,
                result
            );
            Assert.True(launched == CuResult.Success, $"{launched}: {device.Log}\n{text}");
            TestDevice.Check(device.Driver.CtxSynchronize());
            IReadOnlyList<AccessFinding> found = device.Driver.Observation.Findings;
            string what = $"seed {seed}, round {round}, found {string.Join("; ", found)} in\n{text}";
            bool races = epochs.Exists(Races);
            Assert.True(races == found.Any(one => one.Fault == AccessFault.Race), what);
            if (!races)
            {
                // Two blocks.
                Assert.True(2 * Unwritten(epochs) == found.Sum(one => one.Times), what);
            }
        }
    }

    private static bool Races(List<SharedAccess> epoch)
    {
        var touched = epoch
            .SelectMany(access => access.Places().Select(at => (at.Place, at.Thread / 32, access.Stores)))
            .ToLookup(at => at.Place);
        return touched.Any(place => place.Any(one => one.Stores && place.Any(other => other.Item2 != one.Item2)));
    }

    private static long Unwritten(List<List<SharedAccess>> epochs)
    {
        HashSet<int> written = [];
        long count = 0;
        foreach (SharedAccess access in epochs.SelectMany(epoch => epoch))
        {
            foreach ((int place, _) in access.Places())
            {
                count += access.Stores || written.Contains(place) ? 0 : 1;
            }
            written.UnionWith(access.Stores ? access.Places().Select(at => at.Place) : []);
        }
        return count;
    }

    private static TestDevice Device() =>
        new(
            kernels: new InProcessKernels(CodeVariant.Checked),
            change: options => options with { Observe = ObservationKind.Check }
        );

    /// <summary>Threads from one to another access a word each: their own and a distance, one mixed with a number, or all the same.</summary>
    private sealed record SharedAccess(bool Stores, int Kind, int Number, int From, int To)
    {
        public const int Threads = 128;

        public static SharedAccess Draw(Random random)
        {
            int from = random.Next(2) * random.Next(Threads);
            return new(
                random.Next(2) == 0,
                random.Next(3),
                random.Next(2) * random.Next(Threads),
                from,
                random.Next(2) == 0 ? Threads : random.Next(from, Threads + 1)
            );
        }

        public string Text
        {
            get
            {
                string place = Kind switch
                {
                    0 => $"add.u32 %r4, %r1, {Number};\n",
                    1 => $"xor.b32 %r4, %r1, {Number};\n",
                    _ => $"mov.u32 %r4, {Number};\n",
                };
                string access = Stores
                    ? "st.shared.u32 [%r4], %r1;"
                    : "ld.shared.u32 %r5, [%r4];\n@%p3 add.u32 %r8, %r8, %r5;";
                return place
                    + "mad.lo.s32 %r4, %r4, 4, %r3;\n"
                    + string.Create(
                        CultureInfo.InvariantCulture,
                        $"setp.ge.u32 %p1, %r1, {From};\nsetp.lt.and.u32 %p3, %r1, {To}, %p1;\n@%p3 {access}\n"
                    );
            }
        }

        public IEnumerable<(int Place, int Thread)> Places() =>
            Enumerable
                .Range(From, To - From)
                .Select(thread =>
                    (
                        Kind switch
                        {
                            0 => thread + Number,
                            1 => thread ^ Number,
                            _ => Number,
                        },
                        thread
                    )
                );
    }
}
