namespace Weir.Estimates.Memory;

/// <summary>What is done with a model.</summary>
public enum ModelTask
{
    /// <summary>All parameters are learned.</summary>
    Train,

    /// <summary>Small matrices beside the parameters are learned (LoRA); the parameters stay.</summary>
    Finetune,

    /// <summary>The model answers.</summary>
    Infer,
}
