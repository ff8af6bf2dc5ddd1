using System.Net.Security;

namespace Weir.Remote.Links;

/// <summary>One TLS connection of a link; a link may have several after one another.</summary>
/// <param name="Secure">What is read and written.</param>
/// <param name="Transport">Below it, for cutting.</param>
internal sealed record Connection(SslStream Secure, DescriptorStream Transport) : IDisposable
{
    /// <summary>Ends it for whoever uses it just now.</summary>
    public void Cut() => Transport.Cut();

    /// <summary>Frees it; nobody uses it any more.</summary>
    public void Dispose() => Secure.Dispose();
}
