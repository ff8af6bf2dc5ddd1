namespace Weir.Images;

/// <summary>What is wrong with an image.</summary>
internal enum ImageFault
{
    /// <summary>There is none in that folder.</summary>
    Missing,

    /// <summary>What is there was not written by Weir.</summary>
    Foreign,

    /// <summary>It is of a format that this version does not know yet.</summary>
    Newer,

    /// <summary>A part of it ends too early, or is not there.</summary>
    Truncated,

    /// <summary>A part of it is not what was written.</summary>
    Damaged,

    /// <summary>It is whole, but says what cannot be.</summary>
    Malformed,
}

/// <summary>An image that cannot be used; the message names the file and what is wrong.</summary>
internal sealed class ImageException(ImageFault fault, string message) : IOException(message)
{
    /// <summary>What is wrong.</summary>
    public ImageFault Fault { get; } = fault;
}
