using System.Security.Cryptography;
using System.Text;

namespace Weir.Controller.State;

/// <summary>Names and secrets that cannot be guessed.</summary>
internal static class Identifiers
{
    // No letters that are read for one another.
    private const string Alphabet = "abcdefghjkmnpqrstvwxyz0123456789";

    /// <summary>"<paramref name="prefix"/>-" and ten characters (50 bits).</summary>
    public static string New(string prefix) => $"{prefix}-{RandomNumberGenerator.GetString(Alphabet, 10)}";

    /// <summary>256 bits, base64url.</summary>
    public static string Secret() =>
        Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>SHA-256 of the text's UTF-8 bytes, lower-case hex.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
