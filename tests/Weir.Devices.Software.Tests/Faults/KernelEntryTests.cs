using Weir.Devices.Software.Execution;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Tests.Faults;

public sealed class KernelEntryTests
{
    [Theory]
    [InlineData(0ul)]
    [InlineData(0x10ul)]
    [InlineData(0x7f00_0000_0000ul)]
    public void A_wild_write_ends_the_call_with_its_address(ulong address)
    {
        using ExecutorSlot slot = new(0);
        using RawKernel wild = new(RawKernel.WriteToWindowBase);
        Assert.Equal(KernelFault.IllegalAddress, wild.Run(slot, address));
        Assert.Equal(address, slot.Thread.FaultAddress);
        Assert.Equal(0ul, slot.Thread.RecoveryStack);
    }

    [Fact]
    public void An_address_that_is_none_ends_the_call()
    {
        using ExecutorSlot slot = new(0);
        using RawKernel wild = new(RawKernel.WriteToWindowBase);
        Assert.Equal(KernelFault.IllegalAddress, wild.Run(slot, 0xdead_0000_0000_0000));
    }

    [Fact]
    public void A_division_by_zero_ends_the_call()
    {
        using ExecutorSlot slot = new(0);
        using RawKernel divides = new(RawKernel.DivideByZero);
        Assert.Equal(KernelFault.Trap, divides.Run(slot));
    }

    [Fact]
    public void Faults_of_many_threads_stay_with_their_threads()
    {
        const int Threads = 8;
        const int Rounds = 300;
        using RawKernel wild = new(RawKernel.WriteToWindowBase);
        using RawKernel nothing = new(RawKernel.Nothing);
        Thread[] threads = new Thread[Threads];
        int wrong = 0;
        for (int index = 0; index < Threads; index++)
        {
            int own = index;
            threads[index] = new Thread(() =>
            {
                using ExecutorSlot slot = new(own);
                for (int round = 0; round < Rounds; round++)
                {
                    ulong address = (ulong)(own + 1) * 0x1000 + (ulong)round * 8;
                    bool isRight =
                        wild.Run(slot, address % 0x1000 + (ulong)own * 8) == KernelFault.IllegalAddress
                        && slot.Thread.FaultAddress == address % 0x1000 + (ulong)own * 8
                        && nothing.Run(slot) == KernelFault.None;
                    if (!isRight)
                    {
                        Interlocked.Increment(ref wrong);
                    }
                }
            });
            threads[index].Start();
        }
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void The_runtime_still_gets_its_own_faults()
    {
        using ExecutorSlot slot = new(0);
        using RawKernel wild = new(RawKernel.WriteToWindowBase);
        string? nothing = Environment.GetEnvironmentVariable("WEIR_NO_SUCH_VARIABLE");
        for (int round = 0; round < 50; round++)
        {
            Assert.Equal(KernelFault.IllegalAddress, wild.Run(slot));
            Assert.Throws<NullReferenceException>(() => nothing!.Length);
            GC.Collect(0);
        }
    }

    [Fact]
    public void One_slot_may_move_between_threads()
    {
        using ExecutorSlot slot = new(0);
        using RawKernel wild = new(RawKernel.WriteToWindowBase);
        Assert.Equal(KernelFault.IllegalAddress, wild.Run(slot));
        KernelFault fault = KernelFault.None;
        Thread other = new(() => fault = wild.Run(slot));
        other.Start();
        other.Join();
        Assert.Equal(KernelFault.IllegalAddress, fault);
        Assert.Equal(KernelFault.IllegalAddress, wild.Run(slot));
    }
}
