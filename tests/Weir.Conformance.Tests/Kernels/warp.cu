#include "device.cuh"

// What threads of a warp do together.

#define INDEX (blockIdxX * blockDimX + threadIdxX)
enum { allLanes = 0xffffffff };

// Inclusive prefix sums per warp, and their sum in every lane.
extern "C" __global__ void warpScan(const int *in, int *sums, int *totals)
{
    unsigned i = INDEX, lane = threadIdxX % 32;
    int value = in[i];
    for (unsigned distance = 1; distance < 32; distance *= 2) {
        int other = __nvvm_shfl_sync_up_i32(allLanes, value, distance, 0);
        if (lane >= distance)
            value += other;
    }
    sums[i] = value;
    totals[i] = __nvvm_shfl_sync_idx_i32(allLanes, value, 31, 31);
}

// Butterfly within segments of eight lanes.
extern "C" __global__ void segments(const float *in, float *out)
{
    float value = in[INDEX];
    for (int mask = 4; mask > 0; mask /= 2)
        value += __nvvm_shfl_sync_bfly_f32(allLanes, value, mask, 0x181f);
    out[INDEX] = value;
}

// Keeps what passes a test, in order within each warp; votes on the rest.
extern "C" __global__ void compact(const int *in, int *out, unsigned *flags)
{
    unsigned i = INDEX, lane = threadIdxX % 32, warp = i - lane;
    int value = in[i];
    bool keep = value % 3 == 0;
    unsigned kept = __nvvm_vote_ballot_sync(allLanes, keep);
    if (keep)
        out[warp + __builtin_popcount(kept & ((1u << lane) - 1))] = value;
    unsigned answers = __nvvm_vote_any_sync(allLanes, value > 90) | __nvvm_vote_all_sync(allLanes, value > 2) << 1
                       | __nvvm_vote_uni_sync(allLanes, value > 50) << 2;
    if (lane == 0)
        flags[i / 32] = answers | kept << 3;
}

// A loop of different length in each lane with votes on who is still in it.
extern "C" __global__ void leaving(const int *in, unsigned *out)
{
    unsigned i = INDEX, rounds = 0, seen = 0;
    unsigned left = (unsigned)in[i] % 23;
    unsigned running;
    while ((running = __nvvm_vote_ballot_sync(allLanes, left > 0)) != 0) {
        if (left > 0) {
            left--;
            seen += __builtin_popcount(running) * (rounds + 1);
        }
        rounds++;
    }
    out[i] = seen + rounds;
}

// Halves of a warp do different things, each with its own mask.
extern "C" __global__ void halves(const int *in, int *out)
{
    unsigned i = INDEX, lane = threadIdxX % 32;
    int value = in[i];
    if (lane < 16)
        value += __nvvm_shfl_sync_down_i32(0x0000ffff, value, 3, 31);
    else
        value *= __nvvm_shfl_sync_bfly_i32(0xffff0000, value, 5, 31);
    __nvvm_bar_warp_sync(allLanes);
    out[i] = value + __nvvm_match_any_sync_i32(allLanes, value & 3);
}

// Sums of a block: shuffles, then counting at a barrier.
extern "C" __global__ void blockVotes(const int *in, unsigned *out)
{
    int value = in[INDEX];
    unsigned count = __nvvm_bar0_popc(value > 10);
    unsigned all = __nvvm_bar0_and(value >= 0), any = __nvvm_bar0_or(value > 97);
    out[INDEX] = count * 4 + (all != 0) * 2 + (any != 0);
}
