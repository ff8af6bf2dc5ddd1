using Weir.Remote.Sessions;
using Weir.Remote.Workers;
using Weir.Wire;

namespace Weir.Worker.Relaying;

/// <summary>Where answers of all shards go: each ring has one place, as its thread waits for one answer at a time.</summary>
internal sealed unsafe class ReplyPlaces(RelayedClient client, Shard[] shards)
{
    private readonly uint[] _sequences = new uint[SegmentLayout.SlotCount];

    /// <summary>So many answers were given by whoever served the client before.</summary>
    public void GoOn(IEnumerable<RingPlace> rings)
    {
        foreach (RingPlace ring in rings)
        {
            _sequences[ring.Slot] = ring.Replies;
        }
    }

    /// <summary>Gives a ring its answer. Sizes have been checked.</summary>
    public void Publish(int slot, int result, ReadOnlySpan<byte> payload)
    {
        RingHeader* ring = SegmentLayout.Slot(client.Segment, slot);
        payload.CopyTo(new Span<byte>(SegmentLayout.ReplyPayload(ring), SegmentLayout.MaxReplyBytes));
        _ = ReplySlot.Publish(ring, ref _sequences[slot], result, payload.Length);
    }

    /// <summary>Shows the client what all shards have shown: the first lasting error, and all that wait to be reported.</summary>
    public void Show()
    {
        SessionStatus all = shards[0].Status;
        for (int i = 1; i < shards.Length; i++)
        {
            all.StickyError = all.StickyError != 0 ? all.StickyError : shards[i].Status.StickyError;
            all.LatchedErrors += shards[i].Status.LatchedErrors;
        }
        client.Show(all);
    }
}
