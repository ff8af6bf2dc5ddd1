using System.Globalization;
using System.Text;

namespace Weir.Controller.Metering;

/// <summary>
/// Values in the text formats of Prometheus (exposition format 0.0.4) and OpenMetrics 1.0: families together, help and type before them, label
/// values escaped.
/// </summary>
internal static class PrometheusText
{
    /// <summary>The media type that goes with the text.</summary>
    public static string ContentType(bool isOpenMetrics) =>
        isOpenMetrics
            ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
            : "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>The text.</summary>
    public static string Write(IReadOnlyList<Metric> metrics, bool isOpenMetrics)
    {
        var text = new StringBuilder();
        ILookup<string, Metric> byName = metrics.ToLookup(metric => metric.Name);
        foreach ((string name, bool isCounter, string help) in MetricSnapshot.Descriptions)
        {
            string sample = isCounter ? name + "_total" : name;
            string family = isOpenMetrics ? name : sample;
            _ = text.Append("# HELP ").Append(family).Append(' ').Append(Escape(help, isLabel: isOpenMetrics));
            _ = text.Append("\n# TYPE ").Append(family).Append(isCounter ? " counter\n" : " gauge\n");
            foreach (Metric metric in byName[name])
            {
                _ = text.Append(sample);
                for (int i = 0; i < metric.Labels.Length; i++)
                {
                    _ = text.Append(i == 0 ? '{' : ',')
                        .Append(metric.Labels[i].Name)
                        .Append("=\"")
                        .Append(Escape(metric.Labels[i].Value, isLabel: true))
                        .Append('"');
                }
                _ = text.Append(metric.Labels.Length > 0 ? "} " : " ")
                    .Append(metric.Value.ToString("R", CultureInfo.InvariantCulture))
                    .Append('\n');
            }
        }
        return isOpenMetrics ? text.Append("# EOF\n").ToString() : text.ToString();
    }

    private static string Escape(string text, bool isLabel)
    {
        string escaped = text.Replace("\\", "\\\\").Replace("\n", "\\n");
        return isLabel ? escaped.Replace("\"", "\\\"") : escaped;
    }
}
