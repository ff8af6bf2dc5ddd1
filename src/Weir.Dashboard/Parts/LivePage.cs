using Microsoft.AspNetCore.Components;
using Weir.Dashboard.Pool;

namespace Weir.Dashboard.Parts;

/// <summary>A page that is asked for again and again while it is open. It says what goes wrong instead of what it last knew.</summary>
public abstract class LivePage : ComponentBase
{
    [Inject]
    internal PoolSession Pool { get; set; } = null!;

    /// <summary>What went wrong; null: nothing.</summary>
    protected string? Trouble { get; private set; }

    /// <summary>What an action has done, or why not.</summary>
    [SupplyParameterFromQuery(Name = "said")]
    public string? Said { get; set; }

    /// <summary>Asks for what the page shows.</summary>
    internal abstract Task LoadAsync(PoolClient client);

    protected override async Task OnInitializedAsync()
    {
        try
        {
            await LoadAsync(await Pool.ClientAsync());
        }
        catch (PoolProblem problem)
        {
            Trouble = problem.Message;
        }
    }
}
