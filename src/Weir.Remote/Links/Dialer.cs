using System.Net.Security;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using Weir.Remote.Control;
using Weir.Remote.Secure;

namespace Weir.Remote.Links;

/// <summary>The client's way to a session's worker: TCP, preface, TLS with the offer's fingerprint, introduction.</summary>
/// <param name="address">host:port of the agent.</param>
/// <param name="offer">What the agent offered.</param>
internal sealed unsafe class Dialer(string address, SessionOffer offer)
{
    private static readonly TimeSpan s_handshakeLimit = TimeSpan.FromSeconds(5);

    private readonly byte[] _secret = Base64Url(offer.Secret);

    /// <summary>Dials one link; see <see cref="Link.Dial"/>.</summary>
    public (Connection Connection, ulong Received) Dial(uint link, ulong received)
    {
        DescriptorStream transport = Tcp.Connect(address);
        SslStream? secure = null;
        // Who accepts a connection and says nothing more is as good as cut.
        using var limit = new Timer(_ => transport.Cut(), null, s_handshakeLimit, Timeout.InfiniteTimeSpan);
        try
        {
            transport.Write(new Preface(offer.Routing).Encode());
            try
            {
                secure = PinnedTls.Connect(transport, offer.Fingerprint);
            }
            catch (AuthenticationException refusal)
            {
                throw new RemoteException(
                    $"the worker at {address} is not the one of the offer: {refusal.Message}",
                    refusal
                );
            }
            byte[] words = new byte[Introduction.Bytes];
            Introduction introduction = Introduction.Of(link, received, _secret);
            MemoryMarshal.Write(words, in introduction);
            secure.Write(words);
            byte[] answer = new byte[Reception.Bytes];
            secure.ReadExactly(answer);
            var reception = MemoryMarshal.Read<Reception>(answer);
            if (reception.Magic != Reception.ExpectedMagic || reception.Status != 0)
            {
                throw new RemoteException($"the worker at {address} does not know this session (any more)");
            }
            return (new Connection(secure, transport), reception.Received);
        }
        catch
        {
            secure?.Dispose();
            transport.Dispose();
            throw;
        }
    }

    private static byte[] Base64Url(string text)
    {
        byte[] secret = System.Buffers.Text.Base64Url.DecodeFromChars(text);
        return secret.Length == Introduction.SecretBytes
            ? secret
            : throw new RemoteException("the offer's secret has the wrong length");
    }
}
