using Weir.Api;

namespace Weir.Shim;

/// <summary>Attributes of cuLaunchKernelEx: what changes results must be understood; hints may be passed over.</summary>
internal static unsafe class LaunchAttributes
{
    private const uint CooperativeFlag = 1;

    internal static CuResult Read(CUlaunchConfig* config, ref uint flags)
    {
        for (var i = 0u; i < config->numAttrs; i++)
        {
            var attribute = config->attrs + i;
            var words = (uint*)attribute->value;
            switch (attribute->id)
            {
                case CUlaunchAttributeID.Cooperative:
                    flags |= words[0] != 0 ? CooperativeFlag : 0;
                    break;
                case CUlaunchAttributeID.ClusterDimension when words[0] > 1 || words[1] > 1 || words[2] > 1:
                case CUlaunchAttributeID.ProgrammaticEvent:
                case CUlaunchAttributeID.LaunchCompletionEvent:
                case CUlaunchAttributeID.DeviceUpdatableKernelNode:
                    return CuResult.NotSupported;
                default:
                    break;
            }
        }
        return CuResult.Success;
    }
}
