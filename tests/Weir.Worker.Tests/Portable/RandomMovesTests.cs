using FsCheck;
using FsCheck.Fluent;
using Weir.Api;
using Weir.Remote.Workers;
using Weir.Wire;
using Weir.Worker.Tests.Support;

namespace Weir.Worker.Tests.Portable;

/// <summary>
/// The same calls twice: once undisturbed, once with parks, moves and returns to images in between. Answers and memory must be the same byte by byte.
/// </summary>
public unsafe class RandomMovesTests
{
    private const int Runs = 60;
    private const int Slots = 6;

    private enum Kind
    {
        Allocate,
        Free,
        Fill,
        FillInPart,
        Copy,
        Stream,
        Event,
        Record,
        AllocateFromPool,
        FreeToPool,
        Pool,
        Limit,
        Fault,
        Context,
        Kernel,
        Park,
        Move,
        Snapshot,
        Return,
        Lose,
    }

    private readonly record struct Step(Kind Kind, int Slot, int Other, int Number);

    [Fact]
    public void A_session_that_is_disturbed_answers_as_one_that_is_not()
    {
        Gen<Step> step =
            from kind in Gen.Choose(0, (int)Kind.Lose)
            from slot in Gen.Choose(0, Slots - 1)
            from other in Gen.Choose(0, Slots - 1)
            from number in Gen.Choose(1, 5_000_000)
            select new Step((Kind)kind, slot, other, number);
        Prop.ForAll(
                step.ListOf().ToArbitrary(),
                steps =>
                {
                    using var folder = new TemporaryFolder();
                    List<string> undisturbed = Run(steps, null);
                    List<string> disturbed = Run(steps, folder.Path);
                    for (int i = 0; i < undisturbed.Count; i++)
                    {
                        // All of the steps, which the library shortens.
                        Assert.True(
                            undisturbed[i] == disturbed[i],
                            $"{i}: {disturbed[i]} instead of {undisturbed[i]} after\n{string.Join('\n', steps)}"
                        );
                    }
                    return undisturbed.Count == disturbed.Count;
                }
            )
            .Check(
                Config.QuickThrowOnFailure.WithMaxTest(Runs).WithReplay(20261121, 43).WithStartSize(5).WithEndSize(60)
            );
    }

    // What was answered at each step, and all memory at the end. Where new memory lies may differ: which gaps are free is the same, but not which is found first.
    private static List<string> Run(IEnumerable<Step> steps, string? folder)
    {
        using var session = new LocalSession(logs: folder is not null);
        ulong context = New(HandleKind.Context, 0);
        List<string> answers = [];
        ulong[] memory = new ulong[Slots];
        ulong[] pooled = new ulong[Slots];
        ulong[] bytes = new ulong[Slots];
        _ = session.Execute(Op.CtxCreate, 0, context, 0, 0);
        TestKernels.Load(session, context);
        if (folder is not null)
        {
            _ = session.Save(folder);
        }
        // A return to an image is no disturbance only while nothing has happened since.
        bool isImageCurrent = false;
        foreach (Step step in steps)
        {
            bool isDisturbance = step.Kind >= Kind.Park;
            if (!isDisturbance)
            {
                answers.Add($"{step} -> {Do(step)}");
                isImageCurrent = false;
            }
            else if (folder is not null)
            {
                Disturb(step.Kind);
            }
        }
        for (int slot = 0; slot < Slots; slot++)
        {
            answers.Add($"memory {slot}: {Content(memory[slot], bytes[slot])}");
            answers.Add($"pooled {slot}: {Content(pooled[slot], 4096)}");
        }
        return answers;

        void Disturb(Kind kind)
        {
            switch (kind)
            {
                case Kind.Park:
                    session.Park(folder!);
                    isImageCurrent = true;
                    break;
                case Kind.Move:
                    session.Move(folder!);
                    isImageCurrent = true;
                    break;
                case Kind.Snapshot:
                    session.Save(folder!);
                    isImageCurrent = true;
                    break;
                case Kind.Return when isImageCurrent:
                    session.MoveTo(folder!);
                    break;
                case Kind.Lose:
                    StateReport report = session.Lose(folder!);
                    Assert.False(report.LostCalls, report.Reason);
                    break;
            }
        }

        string Do(Step step)
        {
            ulong stream = New(HandleKind.Stream, (uint)step.Slot + 1);
            ulong mark = New(HandleKind.Event, (uint)step.Slot + 1);
            ulong pool = New(HandleKind.MemoryPool, (uint)step.Slot + 1);
            CuResult result;
            switch (step.Kind)
            {
                case Kind.Allocate when memory[step.Slot] == 0:
                    result = session.Execute(Op.MemAlloc, context, (ulong)step.Number);
                    if (result == CuResult.Success)
                    {
                        (memory[step.Slot], bytes[step.Slot]) = (session.Answer(0), (ulong)step.Number);
                        // Fresh memory holds anything.
                        _ = session.Execute(Op.MemsetD8, context, memory[step.Slot], 0, bytes[step.Slot]);
                    }
                    return $"{result}";
                case Kind.Free:
                    result = session.Execute(Op.MemFree, context, memory[step.Slot]);
                    memory[step.Slot] = 0;
                    return $"{result}";
                case Kind.Fill:
                    return $"{session.Execute(Op.MemsetD8, context, memory[step.Slot], (ulong)step.Number & 0xFF, bytes[step.Slot])}";
                case Kind.FillInPart:
                    ulong offset = (ulong)step.Other * 1000;
                    return $"{session.Execute(Op.MemsetD8, context, memory[step.Slot] + offset, (ulong)step.Number & 0xFF, 777)}";
                case Kind.Copy:
                    ulong least = Math.Min(bytes[step.Slot], bytes[step.Other]);
                    return $"{session.Execute(Op.MemcpyDtoD, context, memory[step.Slot], memory[step.Other], least)}";
                case Kind.Stream:
                    _ = session.Execute(
                        step.Number % 2 == 0 ? Op.StreamCreate : Op.StreamDestroy,
                        context,
                        step.Number % 2 == 0 ? [stream, 1] : [stream]
                    );
                    return $"{session.Execute(Op.StreamSynchronize, context, stream)}";
                case Kind.Event:
                    _ = session.Execute(
                        step.Number % 2 == 0 ? Op.EventCreate : Op.EventDestroy,
                        context,
                        step.Number % 2 == 0 ? [mark, 0] : [mark]
                    );
                    return $"{session.Execute(Op.EventQuery, context, mark)}";
                case Kind.Record:
                    _ = session.Execute(Op.EventRecord, context, mark, 0);
                    return $"{session.Execute(Op.EventElapsedTime, context, mark, New(HandleKind.Event, (uint)step.Other + 1))}";
                case Kind.Pool:
                    result =
                        step.Number % 3 == 0
                            ? session.Execute(Op.MemPoolDestroy, context, pool)
                            : session.Execute(Op.SetPoolAttribute, context, pool, 4, (ulong)step.Number);
                    CuResult read = session.Execute(Op.GetPoolAttribute, context, pool, 8);
                    return $"{result} {read} {(read == CuResult.Success ? session.Answer(0) : 0)}";
                case Kind.AllocateFromPool when pooled[step.Slot] == 0:
                    if (!session.Session.Handles.TryGet(HandleKind.MemoryPool, pool, out _))
                    {
                        _ = MovedSessionTests.CreatePool(session, pool);
                    }
                    result = session.Execute(Op.MemAllocFromPoolAsync, context, 4096, pool, 0);
                    if (result == CuResult.Success)
                    {
                        pooled[step.Slot] = session.Answer(0);
                        _ = session.Execute(Op.MemsetD8, context, pooled[step.Slot], (ulong)step.Number & 0xFF, 4096);
                    }
                    return $"{result}";
                case Kind.FreeToPool:
                    _ = session.Execute(Op.MemFreeAsync, context, pooled[step.Slot], 0);
                    pooled[step.Slot] = 0;
                    return $"{session.Execute(Op.CtxSynchronize, context)}";
                case Kind.Limit:
                    _ = session.Execute(Op.CtxSetLimit, context, (ulong)step.Other % 3, (ulong)step.Number);
                    result = session.Execute(Op.CtxGetLimit, context, (ulong)step.Slot % 3);
                    return $"{result} {(result == CuResult.Success ? session.Answer(0) : 0)}";
                case Kind.Fault:
                    // An error of a post, which waits until somebody asks.
                    _ = session.Execute(Op.MemsetD8Async, context, 77, 0, 16, 0);
                    return step.Number % 2 == 0 ? $"{session.Execute(Op.CtxSynchronize, context)}" : "";
                case Kind.Context:
                    ulong second = New(HandleKind.Context, (uint)step.Slot + 1);
                    result = session.Execute(
                        step.Number % 2 == 0 ? Op.CtxCreate : Op.CtxDestroy,
                        context,
                        step.Number % 2 == 0 ? [second, 0, 0] : [second]
                    );
                    return $"{result} {session.Execute(Op.CtxSynchronize, second)}";
                case Kind.Kernel when bytes[step.Slot] >= TestKernels.Words * sizeof(uint) && memory[step.Slot] != 0:
                    TestKernels.Launch(session, context, TestKernels.Mix, memory[step.Slot], (uint)step.Number);
                    return "";
                default:
                    return "";
            }
        }

        string Content(ulong address, ulong length) =>
            address == 0
                ? "none"
                : Convert.ToHexString(
                    System.Security.Cryptography.SHA256.HashData(new ReadOnlySpan<byte>((void*)address, (int)length))
                );
    }

    private static ulong New(HandleKind kind, uint index) => Handle.Pack(index, 1, (uint)kind, 0);
}
