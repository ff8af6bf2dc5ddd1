namespace Weir.Controller.Serving;

/// <summary>The controller's identity, which is whole only once it listens.</summary>
internal sealed class LateIdentity
{
    public ControllerIdentity Value { get; set; } = new("", "", "");
}
