using System.Globalization;
using System.Net;
using System.Text;

namespace Weir.Simulator.Reports;

/// <summary>A line plot as inline SVG.</summary>
/// <param name="title">Above the plot.</param>
/// <param name="xLabel">Below it, with its unit.</param>
/// <param name="yLabel">Beside it, with its unit.</param>
internal sealed class SvgPlot(string title, string xLabel, string yLabel)
{
    private const int Width = 640;
    private const int Height = 360;
    private const int Left = 64;
    private const int Right = 16;
    private const int Top = 34;
    private const int Bottom = 48;

    // Told apart by people who see colours differently (Okabe and Ito), then by dashes.
    private static readonly string[] Colours =
    [
        "#0072B2",
        "#D55E00",
        "#009E73",
        "#CC79A7",
        "#E69F00",
        "#56B4E9",
        "#000000",
        "#8B6914",
    ];

    private readonly List<(string Name, (double X, double Y)[] Points, bool Dashed, int Colour)> lines = [];

    /// <summary>Logarithmic scale along x.</summary>
    public bool LogX { get; init; }

    /// <summary>Adds a line; lines of the same colour belong together, the dashed one is what is compared with.</summary>
    public void Add(string name, IEnumerable<(double X, double Y)> points, int colour, bool dashed = false)
    {
        (double X, double Y)[] kept =
        [
            .. points.Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y) && (!LogX || p.X > 0)),
        ];
        if (kept.Length > 0)
        {
            lines.Add((name, kept, dashed, colour));
        }
    }

    /// <summary>The plot.</summary>
    public string Render()
    {
        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<figure><svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Escape(title)}\">"
        );
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text x=\"{Width / 2}\" y=\"20\" class=\"t\">{Escape(title)}</text>"
        );
        if (lines.Count == 0)
        {
            return svg.Append("</svg></figure>").ToString();
        }
        double minX = lines.Min(line => line.Points.Min(p => Across(p.X)));
        double maxX = lines.Max(line => line.Points.Max(p => Across(p.X)));
        double maxY = NiceTop(lines.Max(line => line.Points.Max(p => p.Y)));
        double minY = Math.Min(0, lines.Min(line => line.Points.Min(p => p.Y)));
        maxX = maxX > minX ? maxX : minX + 1;
        maxY = maxY > minY ? maxY : minY + 1;
        double X(double x) => Left + (Across(x) - minX) / (maxX - minX) * (Width - Left - Right);
        double Y(double y) => Height - Bottom - (y - minY) / (maxY - minY) * (Height - Top - Bottom);
        for (int i = 0; i <= 5; i++)
        {
            double y = minY + (maxY - minY) * i / 5;
            double across = minX + (maxX - minX) * i / 5;
            double x = LogX ? Math.Pow(10, across) : across;
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<path d=\"M{Left} {Y(y):F1}H{Width - Right}\" class=\"g\"/><text x=\"{Left - 6}\" y=\"{Y(y) + 4:F1}\" class=\"y\">{y:G4}</text><text x=\"{X(x):F1}\" y=\"{Height - Bottom + 16}\" class=\"x\">{x:G4}</text>"
            );
        }
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text x=\"{Width / 2}\" y=\"{Height - 10}\" class=\"x\">{Escape(xLabel)}</text><text transform=\"translate(14 {Height / 2}) rotate(-90)\" class=\"x\">{Escape(yLabel)}</text>"
        );
        foreach ((string name, (double X, double Y)[] points, bool dashed, int colour) in lines)
        {
            svg.Append("<polyline fill=\"none\" stroke-width=\"1.8\" stroke=\"")
                .Append(Colours[colour % Colours.Length]);
            svg.Append(dashed ? "\" stroke-dasharray=\"5 4" : "").Append("\" points=\"");
            foreach ((double x, double y) in points)
            {
                svg.Append(CultureInfo.InvariantCulture, $"{X(x):F1},{Y(y):F1} ");
            }
            svg.Append("\"><title>").Append(Escape(name)).Append("</title></polyline>");
        }
        svg.Append("</svg><figcaption>");
        foreach ((string name, _, bool dashed, int colour) in lines)
        {
            svg.Append("<span style=\"border-bottom:2px ").Append(dashed ? "dashed " : "solid ");
            svg.Append(Colours[colour % Colours.Length]).Append("\">").Append(Escape(name)).Append("</span> ");
        }
        return svg.Append("</figcaption></figure>").ToString();
    }

    private double Across(double x) => LogX ? Math.Log10(x) : x;

    private static double NiceTop(double value)
    {
        if (value <= 0)
        {
            return 1;
        }
        double power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        foreach (double step in (double[])[1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10])
        {
            if (value <= step * power)
            {
                return step * power;
            }
        }
        return value;
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
