namespace Weir.Controller.Serving;

/// <summary>Who this controller is.</summary>
/// <param name="Incarnation">Changes with every start.</param>
/// <param name="Fingerprint">SHA-256 of its certificate, lower-case hex.</param>
/// <param name="Address">Where others reach it, "host:port".</param>
internal sealed record ControllerIdentity(string Incarnation, string Fingerprint, string Address);
