using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Weir.Remote.Links;

/// <summary>
/// First words inside TLS on each connection of a session, from the client: the proof that it is the one of the offer, which link this is, and
/// how far it has received.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal unsafe struct Introduction
{
    internal const int Bytes = 64;
    internal const int SecretBytes = 32;
    internal const ulong ExpectedMagic = 0x4F52_544E_4952_4557; // "WERINTRO"

    internal ulong Magic;
    internal uint Version;

    /// <summary>Number of the link: 0 = calls, 1 = bulk; see <see cref="LinkNumber"/>.</summary>
    internal uint Link;

    /// <summary>Frames that the client has received on this link.</summary>
    internal ulong Received;
    internal ulong Zero;
    internal fixed byte Secret[SecretBytes];

    /// <summary>The client's words.</summary>
    internal static Introduction Of(uint link, ulong received, ReadOnlySpan<byte> secret)
    {
        var words = new Introduction
        {
            Magic = ExpectedMagic,
            Version = Preface.Version,
            Link = link,
            Received = received,
        };
        secret.CopyTo(new Span<byte>(words.Secret, SecretBytes));
        return words;
    }

    /// <summary>They are of the one who knows the secret.</summary>
    internal readonly bool IsOf(ReadOnlySpan<byte> secret)
    {
        fixed (byte* theirs = Secret)
        {
            return Magic == ExpectedMagic
                && Version == Preface.Version
                && Zero == 0
                && CryptographicOperations.FixedTimeEquals(new ReadOnlySpan<byte>(theirs, SecretBytes), secret);
        }
    }
}

/// <summary>The answer to an <see cref="Introduction"/>.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct Reception
{
    internal const int Bytes = 24;
    internal const ulong ExpectedMagic = 0x5043_4552_5249_4557;

    internal ulong Magic;

    /// <summary>0 = welcome; 1 = not known here (any more), there is no use in coming again.</summary>
    internal ulong Status;

    /// <summary>Frames that the server has received on this link.</summary>
    internal ulong Received;
}

/// <summary>The links of a session.</summary>
internal static class LinkNumber
{
    /// <summary>Records, replies and what is small.</summary>
    internal const uint Calls = 0;

    /// <summary>Bulk in both directions.</summary>
    internal const uint Bulk = 1;

    internal const uint Count = 2;
}
