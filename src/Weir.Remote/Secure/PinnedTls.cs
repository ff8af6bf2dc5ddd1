using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Weir.Remote.Secure;

/// <summary>TLS 1.3 whose trust is one certificate, known by its fingerprint: no authorities, no names, no dates.</summary>
internal static class PinnedTls
{
    private const string Name = "weir";

    /// <summary>A new key (P-256) with a certificate that it signed itself.</summary>
    public static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Name}", key, HashAlgorithmName.SHA256);
        // Both sides' clocks may be wrong, and nobody looks: the fingerprint is what counts.
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return request.CreateSelfSigned(now.AddYears(-1), now.AddYears(100));
    }

    /// <summary>SHA-256 of the certificate, lower-case hex.</summary>
    public static string Fingerprint(X509Certificate certificate) =>
        Convert.ToHexStringLower(SHA256.HashData(certificate.GetRawCertData()));

    /// <summary>The client's half: succeeds only with the holder of the certificate of that fingerprint.</summary>
    /// <exception cref="AuthenticationException">Somebody else answered.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public static SslStream Connect(Stream transport, string fingerprint)
    {
        var secure = new SslStream(transport, leaveInnerStreamOpen: false);
        bool isAnother = false;
        try
        {
            secure.AuthenticateAsClient(ClientOptions(fingerprint, () => isAnother = true));
            return secure;
        }
        catch (AuthenticationException failure) when (!isAnother)
        {
            throw new IOException($"the connection broke while it was secured: {failure.Message}", failure);
        }
    }

    /// <summary>As <see cref="Connect"/>.</summary>
    public static async Task<SslStream> ConnectAsync(Stream transport, string fingerprint, CancellationToken stop)
    {
        var secure = new SslStream(transport, leaveInnerStreamOpen: false);
        await secure.AuthenticateAsClientAsync(ClientOptions(fingerprint, () => { }), stop).ConfigureAwait(false);
        return secure;
    }

    /// <summary>The server's half.</summary>
    /// <exception cref="AuthenticationException">The client speaks no TLS 1.3, or did not like the certificate.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public static SslStream Accept(Stream transport, X509Certificate2 certificate)
    {
        var secure = new SslStream(transport, leaveInnerStreamOpen: false);
        secure.AuthenticateAsServer(ServerOptions(certificate));
        return secure;
    }

    /// <summary>As <see cref="Accept"/>.</summary>
    public static async Task<SslStream> AcceptAsync(
        Stream transport,
        X509Certificate2 certificate,
        CancellationToken stop
    )
    {
        var secure = new SslStream(transport, leaveInnerStreamOpen: false);
        await secure.AuthenticateAsServerAsync(ServerOptions(certificate), stop).ConfigureAwait(false);
        return secure;
    }

    private static SslClientAuthenticationOptions ClientOptions(string fingerprint, Action another) =>
        new()
        {
            TargetHost = Name,
            EnabledSslProtocols = SslProtocols.Tls13,
            // Nobody signed it: the fingerprint is the whole of the trust.
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                bool isIt =
                    certificate is not null
                    && CryptographicOperations.FixedTimeEquals(
                        System.Text.Encoding.ASCII.GetBytes(Fingerprint(certificate)),
                        System.Text.Encoding.ASCII.GetBytes(fingerprint)
                    );
                if (!isIt)
                {
                    another();
                }
                return isIt;
            },
        };

    private static SslServerAuthenticationOptions ServerOptions(X509Certificate2 certificate) =>
        new() { ServerCertificate = certificate, EnabledSslProtocols = SslProtocols.Tls13 };
}
