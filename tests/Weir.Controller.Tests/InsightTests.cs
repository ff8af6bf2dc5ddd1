using System.Text;
using Weir.Cli.Pool;
using Weir.Controller.Metering;
using Weir.Controller.Tests.Support;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;

namespace Weir.Controller.Tests;

/// <summary>What is told of the past and the future: findings and what follows, reports, cost records, forecasts, values for monitoring.</summary>
public class InsightTests
{
    [Fact]
    public async Task A_slice_without_work_is_found_its_owner_warned_then_it_is_parked_then_ended_as_the_policy_says()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var lease = (await pool.ClaimAsync(new ClaimRequest { Compute = 50 })).Lease;
        await agent.ExpectAsync(message => message.Grant?.Lease == lease.Id);
        await agent.HolderAsync(lease.Id, HolderState.HolderPresent);
        await SayAsync(agent, lease);
        await agent.SayAsync(new AgentMessage { Heartbeat = new Heartbeat() });
        await PolicyAsync(pool, new FindingActionView(0, 0));
        await LeaseTests.Until(async () => (await FindingsAsync(pool)).Length == 1);
        await pool.Host.Findings.LookAsync();
        FindingView found = Assert.Single(await FindingsAsync(pool));
        Assert.Equal((lease.Id, "warned"), (found.Subject, found.Step));
        Assert.Contains("50 % of a device held", found.Evidence);
        // Events are told when they are on disk.
        await LeaseTests.Until(async () =>
            (await SchedulingTests.Explain(pool, lease.Id)).Events.Any(one => one.Kind == "warning")
        );
        Assert.DoesNotContain(agent.Received, message => message.Session is not null);

        await PolicyAsync(pool, new FindingActionView(0, 0, 0));
        await pool.Host.Findings.LookAsync();
        await agent.ExpectAsync(message => message.Session?.Action == SessionAction.SessionPark);
        Assert.Equal("parked", Assert.Single(await FindingsAsync(pool)).Step);

        await PolicyAsync(pool, new FindingActionView(0, 0, 0, 0));
        await pool.Host.Findings.LookAsync();
        await LeaseTests.Until(async () =>
            (await pool.LeasesAsync(all: true)) is [{ EndReason: { } reason }]
            && reason.StartsWith("idle-hold", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_policy_that_cannot_be_meant_is_refused()
    {
        await using var pool = await TestPool.StartAsync();
        Assert.Contains(
            "each later",
            await RefusedAsync(pool, new FindingActionView(ParkAfterMs: 5, CancelAfterMs: 1))
        );
        var unknown = await Assert.ThrowsAsync<PoolException>(() =>
            SetAsync(
                pool.Client,
                new FindingPolicyView(null, new Dictionary<string, FindingActionView> { ["odd"] = new() })
            )
        );
        Assert.Contains("there is no detector odd", unknown.Message);
        var hook = await Assert.ThrowsAsync<PoolException>(() =>
            SetAsync(
                pool.Client,
                new FindingPolicyView("file:///etc/passwd", new Dictionary<string, FindingActionView>())
            )
        );
        Assert.Contains("no address of a webhook", hook.Message);
        using var user = await pool.UserAsync("ann");
        var forbidden = await Assert.ThrowsAsync<PoolException>(() =>
            SetAsync(user, new FindingPolicyView(null, new Dictionary<string, FindingActionView>()))
        );
        Assert.Contains("for operators", forbidden.Message);
    }

    [Fact]
    public async Task A_budget_that_is_spent_is_told()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var lease = (await pool.ClaimAsync(new ClaimRequest { Compute = 50 })).Lease;
        await agent.ExpectAsync(message => message.Grant?.Lease == lease.Id);
        await LeaseTests.Until(async () =>
        {
            // So dear that a moment of it is more than the month's budget; each setting has it worked out again.
            await pool.Client.PutAsync(
                "v1/prices",
                new PriceListView("EUR", [new PriceView("*", 1e9m)], [new BudgetView("default", 1)]),
                RestJson.Default.PriceListView
            );
            var advice = await pool.Client.GetAsync("v1/advise", RestJson.Default.AdviceView);
            return advice.Findings.Any(one => one.Detector == "budget" && one.Subject == "default:100");
        });
        var bad = await Assert.ThrowsAsync<PoolException>(() =>
            pool.Client.PutAsync(
                "v1/prices",
                new PriceListView("EUR", [], [new BudgetView("", 1)]),
                RestJson.Default.PriceListView
            )
        );
        Assert.Contains("a budget names a project", bad.Message);
    }

    [Fact]
    public async Task Reports_and_cost_records_are_written_and_names_in_them_are_text()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1", model: "=<b>Card</b>");
        var lease = (await pool.ClaimAsync(new ClaimRequest { Compute = 50 })).Lease;
        await agent.ExpectAsync(message => message.Grant?.Lease == lease.Id);
        await LeaseTests.Until(async () =>
            (await pool.Client.GetAsync("v1/debt", RestJson.Default.DebtView)).Total.Allocated > 0
        );
        long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        string span = $"from={now - 3_600_000}&to={now + 1000}";
        string page = await TextAsync(pool, $"v1/report?{span}&title=%3Cscript%3E");
        Assert.Contains("Compute debt", page);
        Assert.Contains("&lt;b&gt;Card", page);
        Assert.DoesNotContain("<script", page);
        string records = await TextAsync(pool, $"v1/focus?{span}");
        Assert.StartsWith("BilledCost,", records);
        Assert.Contains("'=<b>Card</b>", records);
    }

    [Fact]
    public async Task Values_for_monitoring_come_from_memory_also_while_the_store_cannot_be_written()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1", model: "Card \"A\"");
        await agent.SayAsync(
            new AgentMessage
            {
                Heartbeat = new Heartbeat
                {
                    Devices =
                    {
                        new DeviceUsage { Uuid = agent.Inventory.Devices[0].Uuid, MemoryBytes = 3 << 20 },
                    },
                },
            }
        );
        await LeaseTests.Until(async () =>
            (await TextAsync(pool, "metrics")).Contains("DCGM_FI_DEV_FB_USED{", StringComparison.Ordinal)
        );
        using var locked = new Microsoft.Data.Sqlite.SqliteConnection(
            $"Data Source={pool.Folder.At("weir.db")};Pooling=False"
        );
        locked.Open();
        using var transaction = locked.BeginTransaction(deferred: false);
        string text = await TextAsync(pool, "metrics");
        Assert.Contains("modelName=\"Card \\\"A\\\"\"", text);
        Assert.Contains("# TYPE weir_session_busy_seconds_total counter", text);
        Assert.Contains("weir_nodes{state=\"ready\"} 1\n", text);
    }

    [Fact]
    public async Task A_forecast_of_a_pool_that_has_just_begun_says_that_nothing_is_known()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        var view = await pool.Client.GetAsync("v1/forecast?days=7&more=8", RestJson.Default.ForecastView);
        Assert.Empty(view.Points);
        Assert.Equal((1, 8, null), (view.Capacity, view.More, view.RunsOutAt));
        Assert.Contains(view.Notes, note => note.Contains("Nothing is known yet"));
        foreach (
            (string path, string said) in ((string, string)[])
                [("days=0", "1 to 120 days"), ("more=-1", "more=-1"), ("project=odd", "no project odd")]
        )
        {
            var refused = await Assert.ThrowsAsync<PoolException>(() =>
                pool.Client.GetAsync($"v1/forecast?{path}", RestJson.Default.ForecastView)
            );
            Assert.Contains(said, refused.Message);
        }
    }

    [Fact]
    public void Text_for_monitoring_ends_as_its_format_says()
    {
        Metric[] metrics = [new("weir_session_launches", 3, [("program", "a\\b\n\"c\"")])];
        string open = PrometheusText.Write(metrics, isOpenMetrics: true);
        Assert.EndsWith("# EOF\n", open);
        Assert.Contains(
            "# TYPE weir_session_launches counter\nweir_session_launches_total{program=\"a\\\\b\\n\\\"c\\\"\"} 3\n",
            open
        );
        Assert.DoesNotContain("# EOF", PrometheusText.Write(metrics, isOpenMetrics: false));
    }

    private static async Task<FindingView[]> FindingsAsync(TestPool pool) =>
        [
            .. (await pool.Client.GetAsync("v1/advise", RestJson.Default.AdviceView)).Findings.Where(one =>
                one.Detector == "idle-hold"
            ),
        ];

    private static Task SayAsync(FakeAgent agent, LeaseView lease) =>
        agent.SayAsync(
            new AgentMessage
            {
                Session = new SessionReport
                {
                    Session = "s-1",
                    Lease = lease.Id,
                    Epoch = lease.Epoch,
                    State = Protocol.Agents.SessionState.SessionOpen,
                    ClientProgram = "/bin/train",
                },
            }
        );

    private static Task<FindingPolicyView> PolicyAsync(TestPool pool, FindingActionView action) =>
        SetAsync(
            pool.Client,
            new FindingPolicyView(
                null,
                new Dictionary<string, FindingActionView> { ["idle-hold"] = action },
                new Dictionary<string, double> { ["idleHoldMs"] = 1 }
            )
        );

    private static async Task<string> RefusedAsync(TestPool pool, FindingActionView action) =>
        (await Assert.ThrowsAsync<PoolException>(() => PolicyAsync(pool, action))).Message;

    private static Task<FindingPolicyView> SetAsync(ControllerClient client, FindingPolicyView policy) =>
        client.PutAsync("v1/advise/policy", policy, RestJson.Default.FindingPolicyView);

    private static async Task<string> TextAsync(TestPool pool, string path)
    {
        using var text = new MemoryStream();
        await pool.Client.CopyAsync(path, text, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(text.ToArray());
    }
}
