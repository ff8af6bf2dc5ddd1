using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim.Graphs;

/// <summary>Writes a graph as a file for the `dot` program: a node per line with its type and work, then the edges.</summary>
internal static unsafe class DotText
{
    private const int WriteCreateTruncateCloexec = 1 | 0x40 | 0x200 | 0x80000;
    private const int ReadableMode = 0x1B4;
    private const int LineBytes = 512;

    internal static CuResult Write(Graph* graph, byte* path)
    {
        var file = GuestLibc.Open(path, WriteCreateTruncateCloexec, ReadableMode);
        if (file < 0)
        {
            return CuResult.OperatingSystem;
        }
        var isDone = Line(file, "digraph dot {"u8, null, ""u8);
        isDone &= WriteNodes(file, graph);
        isDone &= Line(file, "}"u8, null, ""u8);
        return GuestLibc.Close(file) == 0 && isDone ? CuResult.Success : CuResult.OperatingSystem;
    }

    private static bool WriteNodes(int file, Graph* graph)
    {
        var isDone = true;
        var line = stackalloc byte[LineBytes];
        for (var node = graph->First; node != null && isDone; node = node->Next)
        {
            var length = 0;
            Name(line, ref length, node);
            Text(line, ref length, "[label=\""u8);
            Text(line, ref length, TypeName(node->Type));
            if (node->Type == CUgraphNodeType.Kernel)
            {
                Describe(line, ref length, node->Kernel);
            }
            Text(line, ref length, "\"];\n"u8);
            isDone = GuestLibc.Write(file, line, (nuint)length) == length;
            if (isDone && node->Child != null)
            {
                isDone = Line(file, "subgraph cluster_"u8, node, " {"u8);
                isDone &= WriteNodes(file, node->Child);
                isDone &= Line(file, "}"u8, null, ""u8);
            }
        }
        for (var node = graph->First; node != null && isDone; node = node->Next)
        {
            for (var i = 0u; i < node->Dependencies.Count && isDone; i++)
            {
                var length = 0;
                Name(line, ref length, node->Dependencies.Items[i]);
                Text(line, ref length, " -> "u8);
                Name(line, ref length, node);
                Text(line, ref length, ";\n"u8);
                isDone = GuestLibc.Write(file, line, (nuint)length) == length;
            }
        }
        return isDone;
    }

    private static void Describe(byte* line, ref int length, KernelWork* work)
    {
        var function = ((nint*)KernelWork.Payload(work))[0];
        if (Handles.IsLive(HandleKind.Function, function))
        {
            Text(line, ref length, "\\n"u8);
            var name = ((FunctionLayout*)*Handles.Data(HandleKind.Function, function))->Name;
            while (*name != 0 && length < LineBytes / 2)
            {
                line[length++] = *name++;
            }
        }
        Text(line, ref length, "\\n<<<"u8);
        Number(line, ref length, work->Params.gridDimX);
        Text(line, ref length, " x "u8);
        Number(line, ref length, work->Params.gridDimY);
        Text(line, ref length, " x "u8);
        Number(line, ref length, work->Params.gridDimZ);
        Text(line, ref length, ", "u8);
        Number(line, ref length, work->Params.blockDimX);
        Text(line, ref length, " x "u8);
        Number(line, ref length, work->Params.blockDimY);
        Text(line, ref length, " x "u8);
        Number(line, ref length, work->Params.blockDimZ);
        Text(line, ref length, ">>>"u8);
    }

    private static ReadOnlySpan<byte> TypeName(CUgraphNodeType type) =>
        type switch
        {
            CUgraphNodeType.Kernel => "KERNEL"u8,
            CUgraphNodeType.Memcpy => "MEMCPY"u8,
            CUgraphNodeType.Memset => "MEMSET"u8,
            CUgraphNodeType.Host => "HOST"u8,
            CUgraphNodeType.Graph => "GRAPH"u8,
            CUgraphNodeType.Empty => "EMPTY"u8,
            CUgraphNodeType.WaitEvent => "WAIT_EVENT"u8,
            _ => "EVENT_RECORD"u8,
        };

    private static bool Line(int file, ReadOnlySpan<byte> start, GraphNode* node, ReadOnlySpan<byte> end)
    {
        var line = stackalloc byte[LineBytes];
        var length = 0;
        Text(line, ref length, start);
        if (node != null)
        {
            Name(line, ref length, node);
        }
        Text(line, ref length, end);
        Text(line, ref length, "\n"u8);
        return GuestLibc.Write(file, line, (nuint)length) == length;
    }

    private static void Name(byte* line, ref int length, GraphNode* node)
    {
        Text(line, ref length, "node_"u8);
        Number(line, ref length, (ulong)node->Handle);
    }

    private static void Text(byte* line, ref int length, ReadOnlySpan<byte> text)
    {
        for (var i = 0; i < text.Length && length < LineBytes; i++)
        {
            line[length++] = text[i];
        }
    }

    private static void Number(byte* line, ref int length, ulong value)
    {
        var digits = stackalloc byte[20];
        var count = 0;
        do
        {
            digits[count++] = (byte)('0' + value % 10);
            value /= 10;
        } while (value != 0);
        while (count != 0 && length < LineBytes)
        {
            line[length++] = digits[--count];
        }
    }
}
