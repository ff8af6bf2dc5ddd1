using Weir.Oracle;

namespace Weir.Conformance.Tests;

/// <summary>Smaller kernels than a failing one: fewer threads, less code, less nesting.</summary>
internal static class RandomKernelShrinker
{
    public static IEnumerable<RandomKernel> Smaller(RandomKernel kernel)
    {
        foreach (var body in Smaller(kernel.Body))
        {
            yield return kernel with
            {
                Body = body,
            };
        }
        if (kernel.Grid.Count > 1)
        {
            yield return kernel with
            {
                Grid = new Dim3(1),
            };
        }
        if (kernel.Block.Y > 1)
        {
            yield return kernel with
            {
                Block = new Dim3(kernel.Block.X),
            };
        }
        if (kernel.Block.X > 1)
        {
            // A multiple of 32 stays one: shuffles may count on whole warps.
            var fewer = kernel.Block.X % 32 == 0 ? kernel.Block.X - 32 : kernel.Block.X / 2;
            if (fewer > 0)
            {
                yield return kernel with
                {
                    Block = new Dim3(fewer, kernel.Block.Y),
                };
            }
        }
    }

    private static IEnumerable<IReadOnlyList<KernelNode>> Smaller(IReadOnlyList<KernelNode> nodes)
    {
        if (nodes.Count > 2)
        {
            yield return nodes.Take(nodes.Count / 2).ToList();
            yield return nodes.Skip(nodes.Count / 2).ToList();
        }
        for (var i = 0; i < nodes.Count; i++)
        {
            yield return [.. nodes.Take(i), .. nodes.Skip(i + 1)];
            foreach (var replacement in Smaller(nodes[i]))
            {
                yield return [.. nodes.Take(i), .. replacement, .. nodes.Skip(i + 1)];
            }
        }
    }

    private static IEnumerable<IReadOnlyList<KernelNode>> Smaller(KernelNode node)
    {
        switch (node)
        {
            case If branch:
                yield return branch.Then;
                yield return branch.Else;
                foreach (var then in Smaller(branch.Then))
                {
                    yield return [branch with { Then = then }];
                }
                foreach (var @else in Smaller(branch.Else))
                {
                    yield return [branch with { Else = @else }];
                }
                break;
            case Loop loop:
                yield return loop.Body;
                foreach (var body in Smaller(loop.Body))
                {
                    yield return [loop with { Body = body }];
                }
                break;
            case Tangle tangle:
                for (var i = 0; i < tangle.Pieces.Count; i++)
                {
                    yield return [tangle with { Pieces = [.. tangle.Pieces.Take(i), .. tangle.Pieces.Skip(i + 1)] }];
                    if (tangle.Pieces[i].Text.Count > 0)
                    {
                        var bare = tangle.Pieces[i] with { Text = [] };
                        yield return
                        [
                            tangle with
                            {
                                Pieces = [.. tangle.Pieces.Take(i), bare, .. tangle.Pieces.Skip(i + 1)],
                            },
                        ];
                    }
                }
                break;
            case Lines { Text.Count: > 1 } lines when lines.Text.All(l => !l.Contains("%t", StringComparison.Ordinal)):
                // Lines that hand a scratch register on stay together.
                for (var i = 0; i < lines.Text.Count; i++)
                {
                    yield return [new Lines([.. lines.Text.Take(i), .. lines.Text.Skip(i + 1)])];
                }
                break;
        }
    }
}
