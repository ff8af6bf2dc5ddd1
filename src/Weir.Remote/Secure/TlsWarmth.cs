using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Weir.Posix;
using Weir.Remote.Links;

namespace Weir.Remote.Secure;

/// <summary>
/// The first TLS connection of a process costs tens of milliseconds, mostly for loading the library: processes that wait for work make one to
/// themselves in advance.
/// </summary>
internal static unsafe class TlsWarmth
{
    /// <summary>Makes a connection within the process and drops it.</summary>
    public static void Prepare()
    {
        int* pair = stackalloc int[2];
        if (Libc.socketpair(Libc.AF_UNIX, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC, 0, pair) != 0)
        {
            return;
        }
        using var near = new DescriptorStream(pair[0]);
        using var far = new DescriptorStream(pair[1]);
        using X509Certificate2 certificate = PinnedTls.CreateCertificate();
        var server = new Thread(() =>
        {
            using SslStream accepted = PinnedTls.Accept(far, certificate);
            accepted.WriteByte((byte)accepted.ReadByte());
        });
        server.Start();
        using SslStream connected = PinnedTls.Connect(near, PinnedTls.Fingerprint(certificate));
        connected.WriteByte(1);
        _ = connected.ReadByte();
        server.Join();
    }
}
