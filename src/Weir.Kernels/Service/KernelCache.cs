using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text;
using Weir.Kernels.Abi;
using Weir.Kernels.Codegen;

namespace Weir.Kernels.Service;

/// <summary>
/// Compiled kernels on disk, by what they were made from. A file is written beside its place and renamed, and begins
/// with a checksum, so a torn or altered one is never used: it is removed and made again. The same folder notes
/// which kernels crashed the compiler. Safe for use by many processes.
/// </summary>
public sealed class KernelCache
{
    private const uint Magic = 0x324b4357;
    private const int HeaderBytes = 4 + 32;
    private const int MaxFiles = 8192;

    private readonly string _folder;

    /// <param name="folder">Folder, made when it is missing.</param>
    public KernelCache(string folder) => _folder = folder;

    /// <summary><c>$XDG_CACHE_HOME/weir/kernels</c>, by default under <c>~/.cache</c>.</summary>
    public static string DefaultFolder
    {
        get
        {
            string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (string.IsNullOrEmpty(cache))
            {
                cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            }
            return Path.Combine(cache, "weir", "kernels");
        }
    }

    /// <summary>Key of a kernel: its text, the generated code's version, and the processor.</summary>
    /// <param name="entry">Name of the kernel.</param>
    /// <param name="text">Its self-contained PTX.</param>
    /// <param name="variant">What its code does besides.</param>
    public static string Key(string entry, ReadOnlySpan<byte> text, CodeVariant variant = CodeVariant.Plain)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string header = string.Create(
            CultureInfo.InvariantCulture,
            $"{KernelAbi.Version}.{KernelCompiler.Version};{Processor()};{entry.Length};{entry};"
        );
        hash.AppendData(Encoding.UTF8.GetBytes(header));
        hash.AppendData(text);
        string key = Convert.ToHexStringLower(hash.GetHashAndReset());
        return variant == CodeVariant.Plain ? key : $"{key}-{variant.ToString().ToLowerInvariant()}";
    }

    /// <summary>Finds a kernel, the best there is; null when it is not there or the file is not whole.</summary>
    public CompiledKernel? Find(string key) => FindFinal(key) ?? Read(QuickPathOf(key));

    /// <summary>Finds a kernel in its final form; null when it is not there or the file is not whole.</summary>
    public CompiledKernel? FindFinal(string key) => Read(PathOf(key));

    private static CompiledKernel? Read(string path)
    {
        byte[] file;
        try
        {
            file = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        try
        {
            if (
                file.Length < HeaderBytes
                || BinaryPrimitives.ReadUInt32LittleEndian(file) != Magic
                || !SHA256.HashData(file.AsSpan(HeaderBytes)).AsSpan().SequenceEqual(file.AsSpan(4, 32))
            )
            {
                throw new InvalidDataException("The checksum does not match.");
            }
            return CompileProtocol.DecodeKernel(file[HeaderBytes..]);
        }
        catch (InvalidDataException)
        {
            Remove(path);
            return null;
        }
    }

    /// <summary>Keeps a kernel. A full or read-only disk is no error: it is compiled again next time.</summary>
    public void Add(string key, CompiledKernel kernel)
    {
        byte[] body = CompileProtocol.EncodeKernel(kernel);
        byte[] file = new byte[HeaderBytes + body.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(file, Magic);
        SHA256.HashData(body).CopyTo(file.AsSpan(4));
        body.CopyTo(file.AsSpan(HeaderBytes));
        WriteWhole(kernel.IsFinal ? PathOf(key) : QuickPathOf(key), file);
        if (kernel.IsFinal)
        {
            Remove(QuickPathOf(key));
        }
    }

    /// <summary>How often the compiler died while it compiled this kernel.</summary>
    public int Crashes(string key)
    {
        try
        {
            string text = File.ReadAllText(CrashPath(key));
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>Notes one more death of the compiler.</summary>
    public void AddCrash(string key)
    {
        int count = Crashes(key) + 1;
        WriteWhole(CrashPath(key), Encoding.ASCII.GetBytes(count.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Forgets deaths: the kernel was compiled after all.</summary>
    public void ClearCrashes(string key) => Remove(CrashPath(key));

    /// <summary>Removes the files that were not used for longest, when there are very many.</summary>
    public void Trim()
    {
        try
        {
            FileInfo[] files = new DirectoryInfo(_folder).GetFiles();
            if (files.Length <= MaxFiles)
            {
                return;
            }
            Array.Sort(files, (a, b) => a.LastAccessTimeUtc.CompareTo(b.LastAccessTimeUtc));
            foreach (FileInfo file in files.AsSpan(0, files.Length - MaxFiles / 2))
            {
                Remove(file.FullName);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody else is at work here, or nothing is there yet.
        }
    }

    private string PathOf(string key) => Path.Combine(_folder, key + ".kernel");

    private string QuickPathOf(string key) => Path.Combine(_folder, key + ".quick");

    private string CrashPath(string key) => Path.Combine(_folder, key + ".crash");

    private void WriteWhole(string path, byte[] contents)
    {
        string temporary = $"{path}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.tmp";
        try
        {
            Directory.CreateDirectory(_folder);
            File.WriteAllBytes(temporary, contents);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remove(temporary);
        }
    }

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not ours to remove; it will be found unusable again.
        }
    }

    /// <summary>What the processor can do, without asking LLVM: workers do not load it.</summary>
    private static string Processor()
    {
        if (!X86Base.IsSupported)
        {
            return "other";
        }
        (int model, _, int features, int features2) = X86Base.CpuId(1, 0);
        // Bit 27 of ecx (OSXSAVE) is the same on every thread; the others are features.
        (_, int b, int c, int d) = X86Base.CpuId(7, 0);
        return $"{model:x8}{features:x8}{features2:x8}{b:x8}{c:x8}{d:x8}";
    }
}
