using Weir.Devices.Software.Tests.Support;
using Weir.Oracle;

namespace Weir.Devices.Software.Tests.Statistics;

public sealed class LaunchRecorderTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("weir-records-");

    [Fact]
    public void A_launch_is_recorded_with_the_memory_before_and_after_it()
    {
        using TestDevice device = new(recordFolder: folder.FullName);
        ulong memory = device.Allocate(4 * 64);
        device.Write<int>(memory, new int[64]);
        nint function = device.Function(device.Load(KernelTexts.Index), "index");
        TestDevice.Check(device.Launch(function, 2, 32, 0, memory));
        LaunchRecord record = LaunchRecord.Read(File.ReadAllBytes(Assert.Single(folder.GetFiles("*.launch")).FullName));
        Assert.Equal("index", record.Entry);
        Assert.Equal((2u, 32u), (record.Grid.X, record.Block.X));
        Assert.Equal(memory, BitConverter.ToUInt64(record.Parameters));
        LaunchSegment segment = Assert.Single(record.Segments);
        Assert.Equal(memory, segment.Address);
        Assert.All(segment.Before, value => Assert.Equal(0, value));
        Assert.Equal(63, BitConverter.ToInt32(segment.After, 63 * 4));
        Assert.Contains(".entry index", record.Ptx);
    }

    public void Dispose() => folder.Delete(recursive: true);
}
