using System.Numerics;

namespace Weir.Devices.Software.Memory;

/// <summary>
/// Hands out parts of one address range: two-level segregated free lists (good fit in constant time), neighbours
/// merged at once. Only bookkeeping: it never touches the memory. Not thread-safe.
/// </summary>
internal sealed class BlockAllocator
{
    /// <summary>Every block starts at a multiple of this and is a multiple of it long, bytes.</summary>
    public const ulong Granule = 256;

    private const int GranuleBits = 8;
    private const int SecondBits = 4;
    private const int SecondCount = 1 << SecondBits;
    private const int FirstCount = 48;
    private const int None = -1;

    private readonly int[] heads = new int[FirstCount * SecondCount];
    private readonly uint[] secondMaps = new uint[FirstCount];
    private ulong firstMap;
    private Block[] blocks = new Block[64];
    private int blockCount;
    private int unused = None;
    private int replayed = None;

    /// <param name="start">First address, a multiple of <see cref="Granule"/>.</param>
    /// <param name="sizeBytes">Size of the range, a multiple of <see cref="Granule"/>.</param>
    public BlockAllocator(ulong start, ulong sizeBytes)
    {
        Array.Fill(heads, None);
        int whole = NewBlock(start, sizeBytes, None, None);
        AddFree(whole);
    }

    /// <summary>Start of a block.</summary>
    public ulong StartOf(int block) => blocks[block].Start;

    /// <summary>Size of a block, bytes.</summary>
    public ulong SizeOf(int block) => blocks[block].Size;

    /// <summary>Takes a block out of the range.</summary>
    /// <param name="sizeBytes">Size, a multiple of <see cref="Granule"/>, not 0.</param>
    /// <param name="alignment">Power of two, at least <see cref="Granule"/>.</param>
    /// <returns>The block's number, or -1 when no free part is large enough.</returns>
    public int Allocate(ulong sizeBytes, ulong alignment)
    {
        int block = FindFree(sizeBytes + (alignment - Granule));
        if (block == None)
        {
            return None;
        }
        RemoveFree(block);
        ulong start = blocks[block].Start;
        ulong aligned = (start + alignment - 1) & ~(alignment - 1);
        if (aligned > start)
        {
            int front = block;
            block = SplitAfter(front, aligned - start);
            AddFree(front);
        }
        if (blocks[block].Size > sizeBytes)
        {
            AddFree(SplitAfter(block, sizeBytes));
        }
        return block;
    }

    /// <summary>Takes a given part out of the range; for replays, so it may take as long as there are blocks.</summary>
    /// <param name="start">First address, a multiple of <see cref="Granule"/>.</param>
    /// <param name="sizeBytes">Size, a multiple of <see cref="Granule"/>, not 0.</param>
    /// <returns>The block's number, or -1 when not all of the part is free.</returns>
    public int AllocateAt(ulong start, ulong sizeBytes)
    {
        // Replays mostly go upwards: the walk begins where the last one ended. Block 0 stays the first: joining keeps the lower number.
        int block = replayed != None && blocks[replayed].Start <= start ? replayed : 0;
        while (block != None && blocks[block].Start + blocks[block].Size <= start)
        {
            block = blocks[block].NextNeighbour;
        }
        if (
            block == None
            || start % Granule != 0
            || !blocks[block].IsFree
            || start < blocks[block].Start
            || sizeBytes > blocks[block].Start + blocks[block].Size - start
        )
        {
            return None;
        }
        RemoveFree(block);
        if (start > blocks[block].Start)
        {
            int front = block;
            block = SplitAfter(front, start - blocks[front].Start);
            AddFree(front);
        }
        if (blocks[block].Size > sizeBytes)
        {
            AddFree(SplitAfter(block, sizeBytes));
        }
        replayed = block;
        return block;
    }

    /// <summary>Gives a block back.</summary>
    /// <returns>Start and end of the free part that it has become part of.</returns>
    public (ulong Start, ulong End) Free(int block)
    {
        int next = blocks[block].NextNeighbour;
        if (next != None && blocks[next].IsFree)
        {
            RemoveFree(next);
            Join(block, next);
        }
        int previous = blocks[block].PreviousNeighbour;
        if (previous != None && blocks[previous].IsFree)
        {
            RemoveFree(previous);
            Join(previous, block);
            block = previous;
        }
        AddFree(block);
        return (blocks[block].Start, blocks[block].Start + blocks[block].Size);
    }

    private static int ListOf(ulong size)
    {
        ulong units = size >> GranuleBits;
        int top = BitOperations.Log2(units);
        if (top < SecondBits)
        {
            return (int)units;
        }
        int second = (int)(units >> (top - SecondBits)) & (SecondCount - 1);
        return (top - SecondBits + 1) * SecondCount + second;
    }

    private int FindFree(ulong size)
    {
        // Round up to the next list whose every block is large enough.
        ulong units = size >> GranuleBits;
        int top = BitOperations.Log2(units);
        ulong rounded = top < SecondBits ? size : size + ((((ulong)1 << (top - SecondBits)) - 1) << GranuleBits);
        int list = ListOf(rounded);
        int first = list / SecondCount;
        if (first >= FirstCount)
        {
            return None;
        }
        uint second = secondMaps[first] & (~0u << (list % SecondCount));
        if (second == 0)
        {
            ulong higher = first == 63 ? 0 : firstMap & (~0ul << (first + 1));
            if (higher == 0)
            {
                return FindInOwnList(size);
            }
            first = BitOperations.TrailingZeroCount(higher);
            second = secondMaps[first];
        }
        return heads[first * SecondCount + BitOperations.TrailingZeroCount(second)];
    }

    // The last resort of a nearly full range: blocks of the request's own list may or may not be large enough.
    private int FindInOwnList(ulong size)
    {
        for (int block = heads[ListOf(size)]; block != None; block = blocks[block].NextFree)
        {
            if (blocks[block].Size >= size)
            {
                return block;
            }
        }
        return None;
    }

    private int SplitAfter(int block, ulong size)
    {
        int next = blocks[block].NextNeighbour;
        int rest = NewBlock(blocks[block].Start + size, blocks[block].Size - size, block, next);
        blocks[block].Size = size;
        blocks[block].NextNeighbour = rest;
        if (next != None)
        {
            blocks[next].PreviousNeighbour = rest;
        }
        return rest;
    }

    private void Join(int block, int next)
    {
        blocks[block].Size += blocks[next].Size;
        int after = blocks[next].NextNeighbour;
        blocks[block].NextNeighbour = after;
        if (after != None)
        {
            blocks[after].PreviousNeighbour = block;
        }
        blocks[next].NextFree = unused;
        unused = next;
        replayed = replayed == next ? None : replayed;
    }

    private int NewBlock(ulong start, ulong size, int previous, int next)
    {
        int block = unused;
        if (block != None)
        {
            unused = blocks[block].NextFree;
        }
        else
        {
            if (blockCount == blocks.Length)
            {
                Array.Resize(ref blocks, blocks.Length * 2);
            }
            block = blockCount++;
        }
        blocks[block] = new Block
        {
            Start = start,
            Size = size,
            PreviousNeighbour = previous,
            NextNeighbour = next,
        };
        return block;
    }

    private void AddFree(int block)
    {
        int list = ListOf(blocks[block].Size);
        int head = heads[list];
        blocks[block].IsFree = true;
        blocks[block].PreviousFree = None;
        blocks[block].NextFree = head;
        if (head != None)
        {
            blocks[head].PreviousFree = block;
        }
        heads[list] = block;
        secondMaps[list / SecondCount] |= 1u << (list % SecondCount);
        firstMap |= 1ul << (list / SecondCount);
    }

    private void RemoveFree(int block)
    {
        int list = ListOf(blocks[block].Size);
        int previous = blocks[block].PreviousFree;
        int next = blocks[block].NextFree;
        blocks[block].IsFree = false;
        if (next != None)
        {
            blocks[next].PreviousFree = previous;
        }
        if (previous != None)
        {
            blocks[previous].NextFree = next;
            return;
        }
        heads[list] = next;
        if (next == None)
        {
            secondMaps[list / SecondCount] &= ~(1u << (list % SecondCount));
            if (secondMaps[list / SecondCount] == 0)
            {
                firstMap &= ~(1ul << (list / SecondCount));
            }
        }
    }

    private struct Block
    {
        public ulong Start;
        public ulong Size;
        public int PreviousNeighbour;
        public int NextNeighbour;
        public int PreviousFree;
        public int NextFree;
        public bool IsFree;
    }
}
