using System.Text;
using Weir.Kernels.Codegen;
using Weir.Kernels.Loading;
using Weir.Kernels.Ptx;
using Weir.Kernels.Tests.Codegen;
using Xunit;

namespace Weir.Kernels.Tests.Loading;

/// <summary>Objects that are not what a compiler made are refused; nothing outside them is touched.</summary>
public sealed class ObjectLoaderTests
{
    [Fact]
    public void Altered_objects_load_or_are_refused()
    {
        PtxModule module = PtxModule.Parse(Encoding.UTF8.GetBytes(SampleKernelTests.Sample("samples.saxpy.cu.ptx")));
        byte[] image = KernelCompiler.Compile(module.Lower("saxpy")).Object;
        using (ObjectLoader whole = ObjectLoader.Load(image))
        {
            Assert.InRange(whole.Entry, whole.CodeStart, whole.CodeStart + (nint)whole.CodeBytes - 1);
        }
        Random random = new(11);
        for (int n = 0; n < 3000; n++)
        {
            byte[] altered = [.. image];
            // Headers and tables are where it can hurt: the first and the last bytes.
            for (int change = 0; change < 3; change++)
            {
                int at =
                    random.Next(2) == 0
                        ? random.Next(64)
                        : altered.Length - 1 - random.Next(Math.Min(altered.Length, 1500));
                altered[at] = (byte)random.Next(256);
            }
            int length = random.Next(4) == 0 ? random.Next(altered.Length) : altered.Length;
            try
            {
                ObjectLoader.Load(altered.AsSpan(0, length)).Dispose();
            }
            catch (InvalidDataException)
            {
                // Refused, in words.
            }
        }
    }
}
