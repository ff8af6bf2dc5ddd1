using System.Text.Json.Serialization;

namespace Weir.Protocol.Rest;

/// <summary>Reading and writing of everything that goes over REST.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip
)]
[JsonSerializable(typeof(ClaimRequest))]
[JsonSerializable(typeof(GrantView))]
[JsonSerializable(typeof(LeaseView))]
[JsonSerializable(typeof(LeaseView[]))]
[JsonSerializable(typeof(NodeView))]
[JsonSerializable(typeof(NodeView[]))]
[JsonSerializable(typeof(DeviceView))]
[JsonSerializable(typeof(DeviceView[]))]
[JsonSerializable(typeof(SessionView[]))]
[JsonSerializable(typeof(SessionMoveView))]
[JsonSerializable(typeof(PoolView))]
[JsonSerializable(typeof(PoolView[]))]
[JsonSerializable(typeof(ProjectView))]
[JsonSerializable(typeof(ProjectView[]))]
[JsonSerializable(typeof(CalendarView))]
[JsonSerializable(typeof(CalendarView[]))]
[JsonSerializable(typeof(QueueView))]
[JsonSerializable(typeof(ExplanationView))]
[JsonSerializable(typeof(RebalanceView))]
[JsonSerializable(typeof(HistoryView))]
[JsonSerializable(typeof(EventView[]))]
[JsonSerializable(typeof(TemplateView))]
[JsonSerializable(typeof(TemplateView[]))]
[JsonSerializable(typeof(WorkloadRequest))]
[JsonSerializable(typeof(WorkloadView))]
[JsonSerializable(typeof(WorkloadView[]))]
[JsonSerializable(typeof(SubmitView))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(TokenView))]
[JsonSerializable(typeof(TokenView[]))]
[JsonSerializable(typeof(StatusView))]
[JsonSerializable(typeof(AuditView[]))]
[JsonSerializable(typeof(BackupRequest))]
[JsonSerializable(typeof(DrainRequest))]
[JsonSerializable(typeof(DebtView))]
[JsonSerializable(typeof(CostView))]
[JsonSerializable(typeof(PriceListView))]
[JsonSerializable(typeof(AdviceView))]
[JsonSerializable(typeof(ForecastView))]
[JsonSerializable(typeof(FindingView))]
[JsonSerializable(typeof(FindingPolicyView))]
[JsonSerializable(typeof(Problem))]
public sealed partial class RestJson : JsonSerializerContext;
