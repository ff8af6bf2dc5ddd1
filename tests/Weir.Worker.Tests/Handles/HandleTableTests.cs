using FsCheck;
using FsCheck.Fluent;
using Weir.Wire;
using Weir.Worker.Handles;

namespace Weir.Worker.Tests.Handles;

/// <summary>The table against a dictionary, for random sequences of what a client may do.</summary>
public class HandleTableTests
{
    private const uint Kind = 5;

    [Fact]
    public void Behaves_as_a_dictionary_of_well_formed_handles()
    {
        Gen<(int, uint, uint, uint)> step =
            from action in Gen.Choose(0, 2)
            from index in Gen.Choose(0, 40)
            from generation in Gen.Choose(0, 2)
            from kind in Gen.Choose((int)Kind, (int)Kind + 1)
            select (action, (uint)index * 311, (uint)generation, (uint)kind);
        Prop.ForAll(
                step.ListOf().ToArbitrary(),
                steps =>
                {
                    var table = new HandleTable(Kind);
                    Dictionary<ulong, nint> model = [];
                    nint next = 1;
                    foreach ((int action, uint index, uint generation, uint kind) in steps)
                    {
                        ulong handle = Handle.Pack(index, generation, kind, 0);
                        switch (action)
                        {
                            case 0:
                                bool added = table.TryAdd(handle, next);
                                Assert.Equal(kind == Kind, added);
                                if (added)
                                {
                                    // One that was there before has ended without a word, as functions do.
                                    foreach (
                                        ulong older in model.Keys.Where(live => Handle.Index(live) == index).ToArray()
                                    )
                                    {
                                        _ = model.Remove(older);
                                    }
                                    model.Add(handle, next++);
                                }
                                break;
                            case 1:
                                Assert.Equal(model.Remove(handle), table.TryRemove(handle));
                                break;
                            default:
                                Assert.Equal(
                                    model.TryGetValue(handle, out nint expected),
                                    table.TryGet(handle, out nint native)
                                );
                                Assert.Equal(expected, native);
                                break;
                        }
                        Assert.Equal(model.Count, table.Count);
                    }
                    Assert.Equal(model.OrderBy(x => x.Key).Select(x => (x.Key, x.Value)), table.Live().Order());
                }
            )
            .Check(Config.QuickThrowOnFailure.WithReplay(20261121, 7).WithMaxTest(200));
    }

    [Theory]
    [InlineData(0x0ul)]
    [InlineData(0x1ul)]
    [InlineData(0x0000_0500_0000_0008ul)]
    [InlineData(0x8000_0500_0000_0010ul)]
    [InlineData(0xFFFF_FFFF_FFFF_FFFFul)]
    public void Invented_handles_are_neither_found_nor_entered(ulong handle)
    {
        var table = new HandleTable(Kind);
        Assert.False(table.TryGet(handle, out _));
        Assert.False(table.TryAdd(handle, 1));
        Assert.False(table.TryRemove(handle));
    }

    [Fact]
    public void An_index_out_of_bounds_is_refused_rather_than_grown_to()
    {
        var table = new HandleTable(Kind);
        Assert.False(table.TryAdd(Handle.Pack(HandleTable.MaxEntries, 0, Kind, 0), 1));
        Assert.True(table.TryAdd(Handle.Pack(HandleTable.MaxEntries - 1, 0, Kind, 0), 1));
    }

    [Fact]
    public void Readers_see_a_handle_wholly_or_not_at_all()
    {
        var table = new HandleTable(Kind);
        using var stop = new CancellationTokenSource();
        Task<int>[] readers =
        [
            .. Enumerable
                .Range(0, 2)
                .Select(_ =>
                    Task.Run(() =>
                    {
                        int wrong = 0;
                        while (!stop.IsCancellationRequested)
                        {
                            for (uint generation = 0; generation < 8; generation++)
                            {
                                if (table.TryGet(Handle.Pack(3, generation, Kind, 0), out nint native))
                                {
                                    wrong += native == (nint)generation + 100 ? 0 : 1;
                                }
                            }
                        }
                        return wrong;
                    })
                ),
        ];
        for (uint i = 0; i < 40_000; i++)
        {
            ulong handle = Handle.Pack(3, i % 8, Kind, 0);
            Assert.True(table.TryAdd(handle, (nint)(i % 8) + 100));
            Assert.True(table.TryRemove(handle));
        }
        stop.Cancel();
        Assert.All(readers, reader => Assert.Equal(0, reader.Result));
    }
}
