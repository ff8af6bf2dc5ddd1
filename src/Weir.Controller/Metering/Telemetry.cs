using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Weir.Controller.Metering;

/// <summary>
/// The values of /metrics to a collector, over OTLP: when OTEL_EXPORTER_OTLP_ENDPOINT names one, by the usual variables of OpenTelemetry.
/// </summary>
internal sealed class Telemetry : IDisposable
{
    private const long FreshMs = 500;
    private const string MeterName = "weir";

    private readonly Meter _meter = new(MeterName);
    private readonly MetricSnapshot _snapshot;
    private readonly MeterProvider _provider;
    private readonly Lock _gate = new();
    private ILookup<string, Metric>? _last;
    private long _lastAt;

    private Telemetry(MetricSnapshot snapshot)
    {
        _snapshot = snapshot;
        foreach ((string name, bool isCounter, string help) in MetricSnapshot.Descriptions)
        {
            if (isCounter)
            {
                _ = _meter.CreateObservableCounter(name, () => Read(name), description: help);
            }
            else
            {
                _ = _meter.CreateObservableGauge(name, () => Read(name), description: help);
            }
        }
        _provider = Sdk.CreateMeterProviderBuilder().AddMeter(MeterName).AddOtlpExporter().Build();
    }

    /// <summary>Begins to send, when somebody wants it.</summary>
    public static Telemetry? Start(MetricSnapshot snapshot) =>
        Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 }
            ? new Telemetry(snapshot)
            : null;

    public void Dispose()
    {
        _provider.Dispose();
        _meter.Dispose();
    }

    // One look for all names of a collection.
    private IEnumerable<Measurement<double>> Read(string name)
    {
        ILookup<string, Metric> all;
        lock (_gate)
        {
            if (_last is null || Environment.TickCount64 - _lastAt > FreshMs)
            {
                _last = _snapshot.Read().ToLookup(metric => metric.Name);
                _lastAt = Environment.TickCount64;
            }
            all = _last;
        }
        return all[name]
            .Select(metric => new Measurement<double>(
                metric.Value,
                metric.Labels.Select(label => new KeyValuePair<string, object?>(label.Name, label.Value))
            ));
    }
}
