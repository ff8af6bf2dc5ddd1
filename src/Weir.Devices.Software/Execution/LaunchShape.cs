using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Execution;

/// <summary>Size of a launch.</summary>
internal readonly record struct LaunchShape(
    uint GridX,
    uint GridY,
    uint GridZ,
    uint BlockX,
    uint BlockY,
    uint BlockZ,
    uint DynamicSharedBytes
)
{
    /// <summary>Blocks in the grid.</summary>
    public ulong Blocks => (ulong)GridX * GridY * GridZ;

    /// <summary>Threads in a block.</summary>
    public ulong ThreadsPerBlock => (ulong)BlockX * BlockY * BlockZ;

    /// <summary>Writes it into a launch record.</summary>
    public void WriteTo(ref KernelLaunch launch)
    {
        launch.GridX = GridX;
        launch.GridY = GridY;
        launch.GridZ = GridZ;
        launch.BlockX = BlockX;
        launch.BlockY = BlockY;
        launch.BlockZ = BlockZ;
        launch.DynamicSharedBytes = DynamicSharedBytes;
    }
}
