namespace Weir.Remote.Links;

/// <summary>Who takes a link's frames. Both methods are called by the thread that receives, one frame after another.</summary>
internal unsafe interface ILinkReceiver
{
    /// <summary>
    /// Where the bulk of a frame belongs: room for its <see cref="FrameHeader.DataBytes"/>. The connection may break while it is filled; then the same
    /// frame comes again.
    /// </summary>
    /// <exception cref="RemoteException">There is no such place.</exception>
    byte* Place(in FrameHeader header, ReadOnlySpan<byte> head);

    /// <summary>A frame has arrived whole, for the first and only time. <paramref name="head"/> is valid during the call.</summary>
    /// <exception cref="RemoteException">It is malformed.</exception>
    void Arrived(in FrameHeader header, ReadOnlySpan<byte> head, byte* data);
}
