using Weir.Shim.Guest;

namespace Weir.Shim.Graphs;

/// <summary>A growing list of nodes in memory of the C library.</summary>
internal unsafe struct NodeList
{
    internal GraphNode** Items;
    internal uint Count;
    private uint _capacity;

    /// <summary>False when there is no memory.</summary>
    internal bool TryAdd(GraphNode* node)
    {
        if (Count == _capacity)
        {
            var capacity = _capacity == 0 ? 4 : _capacity * 2;
            var items = (GraphNode**)GuestLibc.Allocate((nuint)capacity * (nuint)sizeof(GraphNode*));
            if (items == null)
            {
                return false;
            }
            if (Items != null)
            {
                _ = GuestLibc.Copy(items, Items, (nuint)Count * (nuint)sizeof(GraphNode*));
                GuestLibc.Free(Items);
            }
            Items = items;
            _capacity = capacity;
        }
        Items[Count++] = node;
        return true;
    }

    internal readonly bool Contains(GraphNode* node)
    {
        for (var i = 0u; i < Count; i++)
        {
            if (Items[i] == node)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Take a node out; the order of the others stays.</summary>
    internal void Remove(GraphNode* node)
    {
        for (var i = 0u; i < Count; i++)
        {
            if (Items[i] == node)
            {
                Count--;
                for (; i < Count; i++)
                {
                    Items[i] = Items[i + 1];
                }
                return;
            }
        }
    }

    /// <summary>Add what is not there yet.</summary>
    internal bool TryMerge(in NodeList others)
    {
        for (var i = 0u; i < others.Count; i++)
        {
            if (!Contains(others.Items[i]) && !TryAdd(others.Items[i]))
            {
                return false;
            }
        }
        return true;
    }

    internal void Clear() => Count = 0;

    internal void Free()
    {
        GuestLibc.Free(Items);
        this = default;
    }
}
