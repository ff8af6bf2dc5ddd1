using System.Text;

namespace Weir.Api.Tests;

public class ErrorTests
{
    [Fact]
    public void Every_error_has_its_name_and_a_sentence()
    {
        foreach (CuResult error in Enum.GetValues<CuResult>())
        {
            string name = Encoding.UTF8.GetString(CuErrors.Name(error));
            string text = Encoding.UTF8.GetString(CuErrors.Text(error));
            Assert.EndsWith("\0", name);
            Assert.EndsWith("\0", text);
            Assert.True(text.Length > 5);
            string expected = error.ToString().ToUpperInvariant();
            string actual = name.TrimEnd('\0').Replace("CUDA_ERROR_", "").Replace("CUDA_", "").Replace("_", "");
            Assert.Equal(expected, actual);
        }
    }

    [Theory]
    [InlineData(1, "CUDA_ERROR_INVALID_VALUE", "invalid argument")]
    [InlineData(2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory")]
    [InlineData(218, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed")]
    [InlineData(700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered")]
    [InlineData(719, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure")]
    [InlineData(999, "CUDA_ERROR_UNKNOWN", "unknown error")]
    public void Numbers_are_those_of_the_C_header(int number, string name, string text)
    {
        Assert.Equal(name + "\0", Encoding.UTF8.GetString(CuErrors.Name((CuResult)number)));
        Assert.Equal(text + "\0", Encoding.UTF8.GetString(CuErrors.Text((CuResult)number)));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(9)]
    [InlineData(998)]
    public void Unknown_numbers_have_none(int number)
    {
        Assert.True(CuErrors.Name((CuResult)number).IsEmpty);
        Assert.True(CuErrors.Text((CuResult)number).IsEmpty);
    }
}
