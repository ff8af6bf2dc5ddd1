using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim.Graphs;

/// <summary>
/// A node of a graph: what it does (<see cref="Work"/>, by type) and what it waits for. In memory of the C library, with a handle as all
/// objects of the API.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GraphNode
{
    internal nint Handle;
    internal Graph* Graph;
    internal GraphNode* Next;
    internal GraphNode* Previous;
    internal CUgraphNodeType Type;

    /// <summary>Of an instantiated graph: passed over at launches.</summary>
    internal uint IsDisabled;

    /// <summary>Place in the order of creation, for walks; set anew by each.</summary>
    internal uint Place;
    internal uint Mark;

    /// <summary>Handle of the node that this one was copied from; 0 = none.</summary>
    internal nint Source;
    internal NodeList Dependencies;
    internal NodeList Dependents;

    /// <summary>
    /// <see cref="KernelWork"/>, <see cref="CopyWork"/>, CUDA_MEMSET_NODE_PARAMS or CUDA_HOST_NODE_PARAMS, in memory of the node's own.
    /// </summary>
    internal void* Work;

    /// <summary>Of nodes that record an event or wait for one.</summary>
    internal nint Event;

    /// <summary>Of a child graph node: its own copy of that graph.</summary>
    internal Graph* Child;

    internal readonly KernelWork* Kernel => (KernelWork*)Work;
    internal readonly CopyWork* Copy => (CopyWork*)Work;
    internal readonly CUDA_MEMSET_NODE_PARAMS* Fill => (CUDA_MEMSET_NODE_PARAMS*)Work;
    internal readonly CUDA_HOST_NODE_PARAMS* Host => (CUDA_HOST_NODE_PARAMS*)Work;

    /// <summary>The live node behind a handle; null when there is none.</summary>
    internal static GraphNode* Of(nint handle) =>
        Handles.IsLive(HandleKind.GraphNode, handle) ? (GraphNode*)*Handles.Data(HandleKind.GraphNode, handle) : null;

    /// <summary>Let <paramref name="node"/> wait for <paramref name="dependency"/> of the same graph.</summary>
    internal static bool TryConnect(GraphNode* dependency, GraphNode* node)
    {
        if (!dependency->Dependents.TryAdd(node))
        {
            return false;
        }
        if (node->Dependencies.TryAdd(dependency))
        {
            return true;
        }
        dependency->Dependents.Remove(node);
        return false;
    }

    internal static void Disconnect(GraphNode* dependency, GraphNode* node)
    {
        dependency->Dependents.Remove(node);
        node->Dependencies.Remove(dependency);
    }

    /// <summary>Replace what the node does; the old work is freed, or kept for launches under way in an instantiated graph.</summary>
    internal static void Replace(GraphNode* node, void* work)
    {
        if (node->Work != null && node->Type == CUgraphNodeType.Memcpy && node->Graph->Retired != null)
        {
            node->Copy->NextRetired = *node->Graph->Retired;
            *node->Graph->Retired = node->Copy;
        }
        else
        {
            FreeWork(node);
        }
        node->Work = work;
    }

    /// <summary>A copy of the work for another node; null when there is none, or no memory.</summary>
    internal static void* CloneWork(GraphNode* node) =>
        node->Work == null
            ? null
            : node->Type switch
            {
                CUgraphNodeType.Kernel => KernelWork.Clone(node->Kernel),
                CUgraphNodeType.Memcpy => CopyWork.Create(&node->Copy->Params),
                CUgraphNodeType.Memset => Duplicate(node->Work, (nuint)sizeof(CUDA_MEMSET_NODE_PARAMS)),
                _ => Duplicate(node->Work, (nuint)sizeof(CUDA_HOST_NODE_PARAMS)),
            };

    /// <summary>A block of the C library's memory with the same bytes; null when there is none.</summary>
    internal static void* Duplicate(void* data, nuint bytes)
    {
        var copy = GuestLibc.Allocate(bytes);
        return copy == null ? null : GuestLibc.Copy(copy, data, bytes);
    }

    internal static void FreeWork(GraphNode* node)
    {
        switch (node->Type)
        {
            case CUgraphNodeType.Kernel:
                KernelWork.Free(node->Kernel);
                break;
            case CUgraphNodeType.Memcpy:
                CopyWork.Free(node->Copy);
                break;
            default:
                GuestLibc.Free(node->Work);
                break;
        }
        node->Work = null;
    }
}
