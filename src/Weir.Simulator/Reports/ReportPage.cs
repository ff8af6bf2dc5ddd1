using System.Net;
using System.Text;

namespace Weir.Simulator.Reports;

/// <summary>A page of tables and plots that needs nothing besides itself.</summary>
internal sealed class ReportPage(string title)
{
    private const string Style =
        "body{font:15px/1.5 system-ui,sans-serif;max-width:1360px;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
        + "table{border-collapse:collapse;margin:1em 0}th,td{padding:.25em .7em;border-bottom:1px solid #ddd;text-align:right}"
        + "th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}"
        + ".plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(460px,1fr));gap:1em}figure{margin:0}"
        + "figcaption{font-size:13px}figcaption span{margin-right:.8em}svg{width:100%;height:auto}"
        + ".t{font-weight:600;text-anchor:middle;font-size:14px}.x{text-anchor:middle;font-size:11px}.y{text-anchor:end;font-size:11px}"
        + ".g{stroke:#ddd;stroke-width:1}p.note{color:#555}"
        + "@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}.g{stroke:#444}text{fill:#ddd}th,td{border-color:#444}p.note{color:#aaa}}";

    private readonly StringBuilder body = new();

    public void Note(string text) => body.Append("<p class=\"note\">").Append(Escape(text)).AppendLine("</p>");

    public void Heading(string text) => body.Append("<h2>").Append(Escape(text)).AppendLine("</h2>");

    public void Plots(IEnumerable<SvgPlot> plots)
    {
        body.Append("<div class=\"plots\">");
        foreach (SvgPlot plot in plots)
        {
            body.AppendLine(plot.Render());
        }
        body.AppendLine("</div>");
    }

    public void Table(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        body.Append("<table><thead><tr>");
        foreach (string cell in header)
        {
            body.Append("<th>").Append(Escape(cell)).Append("</th>");
        }
        body.Append("</tr></thead><tbody>");
        foreach (IReadOnlyList<string> row in rows)
        {
            body.Append("<tr>");
            foreach (string cell in row)
            {
                body.Append("<td>").Append(Escape(cell)).Append("</td>");
            }
            body.AppendLine("</tr>");
        }
        body.AppendLine("</tbody></table>");
    }

    public override string ToString() =>
        $"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{Escape(title)}</title><style>{Style}</style></head><body><h1>{Escape(title)}</h1>\n{body}</body></html>\n";

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
