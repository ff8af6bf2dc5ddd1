namespace Weir.Api;

/// <summary>How what a call leaves behind comes along when its session is parked or moved (attribute <c>carry</c> of the description).</summary>
public enum CarriageKind : byte
{
    /// <summary>It leaves nothing behind.</summary>
    None = 0,

    /// <summary>Work: done before the state is saved, and what it wrote is memory.</summary>
    Work = 1,

    /// <summary>It makes an object: the record is kept until the object ends.</summary>
    New = 2,

    /// <summary>It ends an object.</summary>
    End = 3,

    /// <summary>It sets something: the record is kept until the next one that sets the same.</summary>
    Set = 4,

    /// <summary>It changes what the device knows of an object, which is read from it and written back.</summary>
    Device = 5,

    /// <summary>Handwritten code of the worker keeps it (src/Weir.Worker/Portable).</summary>
    Worker = 6,

    /// <summary>The client's process keeps it.</summary>
    Client = 7,

    /// <summary>It cannot be carried: a session that has such state refuses to be parked.</summary>
    Never = 8,
}
