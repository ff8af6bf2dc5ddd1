namespace Weir.Api;

/// <summary>What ClInfo asks about.</summary>
public enum OpenClSubject
{
    /// <summary>A platform, by its number.</summary>
    Platform,

    /// <summary>A device, by its number.</summary>
    Device,

    /// <summary>A context.</summary>
    Context,

    /// <summary>A command queue.</summary>
    Queue,

    /// <summary>A memory object.</summary>
    Memory,

    /// <summary>A memory object as an image.</summary>
    Image,

    /// <summary>A sampler.</summary>
    Sampler,

    /// <summary>A program.</summary>
    Program,

    /// <summary>A program's build for the device in extra.</summary>
    Build,

    /// <summary>A kernel.</summary>
    Kernel,

    /// <summary>The argument in extra of a kernel.</summary>
    Argument,

    /// <summary>A kernel on the device in extra (or on its only one: all ones).</summary>
    WorkGroup,

    /// <summary>A kernel's sub-groups on the device in extra; the input is the question's.</summary>
    SubGroup,

    /// <summary>An event.</summary>
    Event,

    /// <summary>An event's times.</summary>
    Profile,

    /// <summary>A context's image formats: parameter is the type, extra the flags.</summary>
    Formats,

    /// <summary>A device's clocks: device, then host, nanoseconds.</summary>
    Timers,
}
