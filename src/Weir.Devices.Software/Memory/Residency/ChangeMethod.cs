namespace Weir.Devices.Software.Memory.Residency;

/// <summary>How written memory is found without help from the program.</summary>
public enum ChangeMethod
{
    /// <summary>The best of these that the system has.</summary>
    Best,

    /// <summary>The system notes writes and is asked for them (userfaultfd with asynchronous write protection, Linux 6.7).</summary>
    Noted,

    /// <summary>The first write to a protected chunk is told by a fault (userfaultfd with write protection, Linux 5.7).</summary>
    Faults,

    /// <summary>Contents are compared by their hashes: everywhere, but all memory is read.</summary>
    Hashes,
}
