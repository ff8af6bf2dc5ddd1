namespace Weir.Devices.Software.Observing;

/// <summary>What a device looks at while kernels run.</summary>
public enum ObservationKind
{
    /// <summary>Nothing: kernels run as fast as they can.</summary>
    None = 0,

    /// <summary>Every access of kernels to memory.</summary>
    Check = 1,

    /// <summary>What each kernel does, and when.</summary>
    Profile = 2,
}
