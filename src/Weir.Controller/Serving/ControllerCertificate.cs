using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Weir.Controller.Serving;

/// <summary>The controller's self-signed certificate; others know its fingerprint.</summary>
internal static class ControllerCertificate
{
    private const string FileName = "controller.pfx";

    /// <summary>The one in the folder, made when there is none.</summary>
    public static X509Certificate2 LoadOrCreate(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            Create(path);
        }
        try
        {
            return X509CertificateLoader.LoadPkcs12FromFile(path, null);
        }
        catch (CryptographicException error)
        {
            throw new Store.StoreException(
                $"{path} cannot be read ({error.Message}): restore it from a backup, or remove it; then all nodes and users need new tokens",
                error
            );
        }
    }

    private static void Create(string path)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=weir-controller", key, HashAlgorithmName.SHA256);
        var now = DateTimeOffset.UtcNow;
        // Trust is by fingerprint: the dates mean nothing, and a clock that is wrong must not lock anyone out.
        using var certificate = request.CreateSelfSigned(now.AddYears(-10), now.AddYears(90));
        string staging = path + ".new";
        using (
            var file = new FileStream(
                staging,
                new FileStreamOptions
                {
                    Mode = FileMode.Create,
                    Access = FileAccess.Write,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }
            )
        )
        {
            file.Write(certificate.Export(X509ContentType.Pkcs12));
            file.Flush(flushToDisk: true);
        }
        File.Move(staging, path, overwrite: true);
    }
}
