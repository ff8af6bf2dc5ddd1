using Weir.Api;

namespace Weir.Devices.Software.Contexts;

/// <summary>Which context is current on which operating-system thread; every thread has a stack of them.</summary>
internal sealed class CurrentContexts
{
    [ThreadStatic]
    private static ThreadStack? ownStack;

    /// <summary>True once the program has initialised the API.</summary>
    public bool IsInitialized { get; set; }

    /// <summary>The calling thread's stack, the current context last.</summary>
    public List<DeviceContext> Stack
    {
        get
        {
            ThreadStack? stack = ownStack;
            if (stack is null || stack.Owner != this)
            {
                ownStack = stack = new ThreadStack(this);
            }
            return stack.Contexts;
        }
    }

    /// <summary>The current context whatever its state, or null.</summary>
    public DeviceContext? Top => Stack is { Count: > 0 } stack ? stack[^1] : null;

    /// <summary>The current context when it can be used.</summary>
    public CuResult Get(out DeviceContext context)
    {
        List<DeviceContext> stack = Stack;
        if (stack.Count == 0)
        {
            context = null!;
            return IsInitialized ? CuResult.InvalidContext : CuResult.NotInitialized;
        }
        context = stack[^1];
        return context.IsDestroyed ? CuResult.ContextIsDestroyed : (CuResult)context.Fault;
    }

    private sealed record ThreadStack(CurrentContexts Owner)
    {
        public List<DeviceContext> Contexts { get; } = [];
    }
}
