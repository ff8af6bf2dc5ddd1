using System.Globalization;

namespace Weir.Cli.Pool;

/// <summary>What --gpus says: how many slices, and how much of a device each is.</summary>
/// <param name="Count">Slices, each on a device of its own.</param>
/// <param name="Compute">Percent of a device, 1 to 100.</param>
internal readonly record struct GpuShape(int Count, int Compute)
{
    /// <summary>"2": two devices; "0.5": half of one; "2x0.5": two halves. Throws <see cref="FormatException"/>.</summary>
    public static GpuShape Parse(string text)
    {
        string[] parts = text.Split('x', 'X');
        if (parts.Length == 2)
        {
            return new GpuShape(Whole(parts[0], text), Share(parts[1], text));
        }
        if (parts.Length > 2 || !Number(text, out decimal number))
        {
            throw Misunderstood(text);
        }
        if (number < 1)
        {
            return new GpuShape(1, Share(text, text));
        }
        return number == decimal.Truncate(number)
            ? new GpuShape(Whole(text, text), 100)
            : throw new FormatException(
                $"--gpus {text} can be understood in several ways: write COUNTxSHARE, e.g. 2x{(number / 2).ToString("0.##", CultureInfo.InvariantCulture)}"
            );
    }

    private static int Whole(string part, string text) =>
        Number(part, out decimal number) && number == decimal.Truncate(number) && number is >= 1 and <= 1024
            ? (int)number
            : throw Misunderstood(text);

    private static int Share(string part, string text)
    {
        if (!Number(part, out decimal share) || share is <= 0 or > 1)
        {
            throw Misunderstood(text);
        }
        decimal percent = share * 100;
        return percent == decimal.Truncate(percent)
            ? (int)percent
            : throw new FormatException($"--gpus {text}: shares are hundredths of a device, e.g. 0.25");
    }

    private static bool Number(string text, out decimal number) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);

    private static FormatException Misunderstood(string text) =>
        new($"--gpus {text} is not understood: a number of devices (2), a share of one (0.5), or both (2x0.5)");
}
