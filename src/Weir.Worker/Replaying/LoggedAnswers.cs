using Weir.Api;
using Weir.Worker.Portable;
using Weir.Worker.Sessions;

namespace Weir.Worker.Replaying;

/// <summary>What of a record's outcome a replay must know: where things were put, how much text was told, and what failed.</summary>
internal static unsafe class LoggedAnswers
{
    /// <summary>Notes the outcome of a logged record when there is something to note.</summary>
    /// <param name="session">The session.</param>
    /// <param name="place">Where the record is in its log.</param>
    /// <param name="op">The call.</param>
    /// <param name="result">What the device said.</param>
    /// <param name="fields">Its fields.</param>
    /// <param name="reply">What is going to be answered.</param>
    public static void Note(Session session, long place, ushort op, CuResult result, byte* fields, byte* reply)
    {
        bool hasPlaces =
            result == CuResult.Success && CallTable.Carriage(op) is CarriageKind.New or CarriageKind.Worker;
        ulong[] places =
            !hasPlaces ? []
            // Its length lies behind the descriptor.
            : (Op)op == Op.TakeOutput ? [*(uint*)(reply + sizeof(ulong))]
            : SessionImage.PlacesOf(op, *(ulong*)fields, *(ulong*)reply, session);
        // A poll that came too early is no failure.
        if (places.Length > 0 || result is not (CuResult.Success or CuResult.NotReady))
        {
            session.CallLog!.Answer(place, result, places);
        }
    }
}
