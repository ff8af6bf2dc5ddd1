using Weir.Api;

namespace Weir.Devices.Software.Execution;

/// <summary>Attributes of an extended launch.</summary>
internal static unsafe class LaunchAttributes
{
    /// <summary>
    /// True for an attribute that changes how fast a launch is but not what it does, or that asks for nothing.
    /// </summary>
    public static bool CanIgnore(in CUlaunchAttribute attribute)
    {
        fixed (byte* value = attribute.value)
        {
            uint* words = (uint*)value;
            return attribute.id switch
            {
                CUlaunchAttributeID.Ignore
                or CUlaunchAttributeID.AccessPolicyWindow
                or CUlaunchAttributeID.SynchronizationPolicy
                or CUlaunchAttributeID.ClusterSchedulingPolicyPreference
                or CUlaunchAttributeID.ProgrammaticStreamSerialization
                or CUlaunchAttributeID.Priority
                or CUlaunchAttributeID.MemSyncDomainMap
                or CUlaunchAttributeID.MemSyncDomain
                or CUlaunchAttributeID.PreferredClusterDimension
                or CUlaunchAttributeID.PreferredSharedMemoryCarveout => true,
                CUlaunchAttributeID.Cooperative => words[0] == 0,
                CUlaunchAttributeID.ClusterDimension => words[0] <= 1 && words[1] <= 1 && words[2] <= 1,
                _ => false,
            };
        }
    }
}
