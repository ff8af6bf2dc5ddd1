namespace Weir.Generators.Model;

/// <summary>How what a call leaves behind comes along when a session moves; the numbers are those of <c>Weir.Api.CarriageKind</c>.</summary>
internal enum CarriageKind
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

    /// <summary>Handwritten code of the worker keeps it.</summary>
    Worker = 6,

    /// <summary>The client's process keeps it.</summary>
    Client = 7,

    /// <summary>It cannot be carried: the session is not parked while it has such state.</summary>
    Never = 8,
}

/// <summary>The attribute <c>carry=KIND[:PARAMETER,…]</c>.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Parameters">What it concerns.</param>
internal sealed record Carriage(CarriageKind Kind, EquatableArray<string> Parameters)
{
    /// <summary>Null when the text is none.</summary>
    public static Carriage? Parse(string text)
    {
        int colon = text.IndexOf(':');
        string kind = colon < 0 ? text : text.Substring(0, colon);
        string[] parameters = colon < 0 ? [] : text.Substring(colon + 1).Split(',');
        CarriageKind? known = kind switch
        {
            "no" => CarriageKind.None,
            "work" => CarriageKind.Work,
            "new" => CarriageKind.New,
            "end" => CarriageKind.End,
            "set" => CarriageKind.Set,
            "device" => CarriageKind.Device,
            "worker" => CarriageKind.Worker,
            "client" => CarriageKind.Client,
            "never" => CarriageKind.Never,
            _ => null,
        };
        return known is { } found && parameters.All(name => name.Length > 0)
            ? new Carriage(found, new EquatableArray<string>(parameters))
            : null;
    }
}
