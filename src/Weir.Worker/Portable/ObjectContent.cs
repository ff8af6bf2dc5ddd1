using Weir.Api;
using Weir.Images;
using Weir.Worker.OpenCl;

namespace Weir.Worker.Portable;

/// <summary>The bytes of a memory object: a buffer's piece by piece, an image's, packed, as a whole.</summary>
internal sealed unsafe class ObjectContent(OpenClSession open, nint native, MemoryNote note)
{
    private byte[]? _image;

    /// <summary>Reads a part.</summary>
    /// <exception cref="IOException">The driver does not give it.</exception>
    public void Read(ulong at, Span<byte> content)
    {
        if (note.IsImage)
        {
            _image ??= Image();
            _image.AsSpan((int)at, content.Length).CopyTo(content);
            return;
        }
        fixed (byte* place = content)
        {
            Require(
                open.Library!.EnqueueReadBuffer(
                    Queue(),
                    native,
                    1,
                    (nuint)at,
                    (nuint)content.Length,
                    place,
                    0,
                    null,
                    null
                )
            );
        }
    }

    /// <summary>Writes a part; an image is written when all is there.</summary>
    /// <exception cref="IOException">The driver does not take it.</exception>
    public void Write(ulong at, ReadOnlySpan<byte> content)
    {
        if (note.IsImage)
        {
            _image ??= new byte[note.Bytes];
            content.CopyTo(_image.AsSpan((int)at));
            if (at + (ulong)content.Length == note.Bytes)
            {
                fixed (byte* place = _image)
                {
                    Move(place, isRead: false);
                }
            }
            return;
        }
        fixed (byte* place = content)
        {
            Require(
                open.Library!.EnqueueWriteBuffer(
                    Queue(),
                    native,
                    1,
                    (nuint)at,
                    (nuint)content.Length,
                    place,
                    0,
                    null,
                    null
                )
            );
        }
    }

    private byte[] Image()
    {
        byte[] content = new byte[note.Bytes];
        fixed (byte* place = content)
        {
            Move(place, isRead: true);
        }
        return content;
    }

    private void Move(byte* place, bool isRead)
    {
        nuint* origin = stackalloc nuint[3] { 0, 0, 0 };
        nuint* region = stackalloc nuint[3]
        {
            (nuint)note.Shape.Width,
            (nuint)note.Shape.Height,
            (nuint)note.Shape.Depth,
        };
        Require(
            isRead
                ? open.Library!.EnqueueReadImage(Queue(), native, 1, origin, region, 0, 0, place, 0, null, null)
                : open.Library!.EnqueueWriteImage(Queue(), native, 1, origin, region, 0, 0, place, 0, null, null)
        );
    }

    private nint Queue() => open.TransferQueue(note.Context);

    private static void Require(ClResult result)
    {
        if (result != ClResult.Success)
        {
            throw new ImageException(ImageFault.Malformed, $"memory of an OpenCL object cannot be moved: {result}");
        }
    }
}
