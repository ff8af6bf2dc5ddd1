using Weir.Oracle;

namespace Weir.Conformance.Tests;

/// <summary>
/// Pieces of PTX about memory, threads and registers that are no plain function of operands. Each finds its thread's
/// words in %a, %b (b32), %w (b64) and %f (f32), a buffer of 1 KiB of its own kind in %mem (generic address, zeroed
/// counters in its first half, data in its second), and leaves its answer in %o0 to %o3.
/// </summary>
internal static class Snippets
{
    public static readonly IReadOnlyDictionary<string, string> All = new Dictionary<string, string>
    {
        ["special registers"] =
            "mov.u32 %o0, %laneid; mov.u32 %t0, %warpid; mad.lo.u32 %o0, %t0, 100, %o0; mov.u32 %t0, %nwarpid; mad.lo.u32 %o0, %t0, 10000, %o0;"
            + "mov.u32 %o1, %lanemask_lt; mov.u32 %t0, %lanemask_ge; xor.b32 %o1, %o1, %t0; mov.u32 %t0, %lanemask_gt; add.u32 %o1, %o1, %t0;"
            + "mov.u32 %o2, %lanemask_le; mov.u32 %t0, %lanemask_eq; mad.lo.u32 %o2, %o2, 3, %t0;"
            + "mov.u32 %o3, %ntid.x; mov.u32 %t0, %ntid.z; mad.lo.u32 %o3, %o3, 7, %t0; mov.u32 %t0, %nctaid.x; mad.lo.u32 %o3, %o3, 7, %t0; mov.u32 %t0, %ctaid.y; add.u32 %o3, %o3, %t0;",
        ["carry chains"] =
            "mov.b64 {%t0, %t1}, %w; add.cc.u32 %o0, %a, %t0; addc.cc.u32 %o1, %b, %t1; addc.u32 %o2, 0, 0; sub.cc.u32 %t2, %a, %t1; subc.cc.u32 %t3, %b, %t0; subc.u32 %o3, 5, 1; add.u32 %o3, %o3, %t2; xor.b32 %o3, %o3, %t3;",
        ["wide products by parts"] =
            "mov.b64 {%t0, %t1}, %w; mad.lo.cc.u32 %o0, %a, %b, %t0; madc.hi.cc.u32 %o1, %a, %b, %t1; addc.u32 %o2, 0, 0; mad.lo.cc.s32 %o3, %a, %t0, %b; madc.lo.u32 %o3, %o3, %a, 1;",
        ["packing"] =
            "mov.b32 {%h0, %h1}, %a; mov.b32 %o0, {%h1, %h0}; mov.b64 {%h0, %h1, %h2, %h3}, %w; mov.b64 %v, {%h3, %h0, %h1, %h2}; mov.b64 {%o1, %o2}, %v; mov.b32 {_, %h0}, %b; cvt.u32.u16 %o3, %h0;",
        ["shared memory of every width"] =
            ".shared .align 16 .b8 box[2048]; mov.u32 %t0, box; and.b32 %t1, %thread, 63; mad.lo.u32 %t0, %t1, 32, %t0; st.shared.v4.b32 [%t0], {%a, %b, %a, %thread}; st.shared.b16 [%t0+2], %h0; st.shared.u8 [%t0+17], %b; st.shared.v2.b16 [%t0+20], {%h1, %h0}; st.shared.b8 [%t0+16], %a; st.shared.b16 [%t0+18], %a; bar.sync 0;"
            + "ld.shared.v2.b32 {%o0, %o1}, [%t0]; ld.shared.s8 %o2, [%t0+17]; ld.shared.u16 %t1, [%t0+2]; add.u32 %o2, %o2, %t1; ld.shared.v2.u16 {%h2, %h3}, [%t0+20]; mov.b32 %o3, {%h2, %h3}; ld.shared.v4.u8 {%h0, %h1, %h2, %h3}, [%t0+16]; mov.b32 %t1, {%h0, %h3}; xor.b32 %o3, %o3, %t1;",
        ["generic pointers into every space"] =
            ".shared .align 8 .b8 box[1024]; .local .align 8 .b8 own[64]; st.local.b32 [own+12], %a; mov.u64 %v, own; cvta.local.u64 %v, %v; and.b32 %t0, %a, 28; cvt.u64.u32 %x, %t0; add.s64 %v, %v, %x; st.b32 [%v], %b; ld.local.b32 %o0, [own+12];"
            + "mov.u64 %v, box; mul.wide.u32 %x, %thread, 4; add.s64 %x, %v, %x; cvta.shared.u64 %y, %x; st.b32 [%y], %thread; bar.sync 0; ld.shared.b32 %o1, [%x]; and.b32 %t1, %a, 1; setp.eq.u32 %p0, %t1, 0; selp.b64 %x, %y, %mem, %p0; ld.b32 %o2, [%x];"
            + "isspacep.shared %p1, %x; isspacep.global %p2, %x; selp.u32 %o3, 1, 0, %p1; @%p2 add.u32 %o3, %o3, 2; mov.u64 %v, own; cvta.local.u64 %v, %v; isspacep.local %p1, %v; @%p1 add.u32 %o3, %o3, 4; cvta.to.shared.u64 %x, %y; cvt.u32.u64 %t0, %x; xor.b32 %o3, %o3, %t0;",
        ["local arrays"] =
            ".local .align 16 .b8 own[128]; mov.u32 %t1, own; mov.u32 %t0, 0; L: mad.lo.u32 %t2, %t0, 4, %t1; mad.lo.u32 %t3, %t0, %a, %b; st.local.b32 [%t2], %t3; add.u32 %t0, %t0, 1; setp.lt.u32 %p0, %t0, 32; @%p0 bra L;"
            + "and.b32 %t0, %b, 0x70; add.u32 %t0, %t0, %t1; ld.local.v4.b32 {%o0, %o1, %o2, %o3}, [%t0]; and.b32 %t2, %a, 0x7f; add.u32 %t2, %t2, %t1; ld.local.s8 %t3, [%t2]; add.u32 %o0, %o0, %t3; st.local.v2.b64 [own+32], {%w, %mem}; ld.local.b16 %h0, [own+34]; cvt.u32.u16 %t3, %h0; add.u32 %o1, %o1, %t3;",
        ["volatile and ordered accesses"] =
            "st.volatile.global.u32 [%slot], %a; membar.gl; ld.volatile.global.u32 %o0, [%slot]; st.relaxed.gpu.global.u32 [%slot], %b; fence.acq_rel.gpu; ld.acquire.sys.global.u32 %o1, [%slot]; st.release.cta.global.u32 [%slot], %o0; ld.global.nc.u32 %o2, [%slot]; ld.global.cg.u32 %o3, [%slot]; membar.cta;",
        ["atomics without answers"] =
            "and.b32 %t0, %a, 15; mul.wide.u32 %x, %t0, 8; add.s64 %x, %mem, %x; red.global.add.u32 [%x], %b; red.global.max.s32 [%x+4], %a; and.b32 %t0, %t0, 3; mul.wide.u32 %y, %t0, 8; add.s64 %y, %mem, %y; red.global.add.u64 [%y+128], %w; red.global.min.u32 [%y+160], %a; red.global.or.b32 [%y+192], %a; red.global.and.b32 [%y+224], %b; red.xor.b32 [%y+256], %a; red.global.max.u64 [%y+288], %w; red.global.inc.u32 [%y+320], 0x7fffffff; red.global.min.s64 [%y+352], %w;",
        ["atomics on own words"] =
            "atom.global.add.u32 %o0, [%slot], %a; atom.global.exch.b32 %t0, [%slot], %b; add.u32 %o0, %o0, %t0; atom.global.cas.b32 %o1, [%slot], %b, %a; atom.global.cas.b32 %t1, [%slot], 77, 5; xor.b32 %o1, %o1, %t1; atom.global.inc.u32 %t2, [%slot], %b; atom.global.dec.u32 %o2, [%slot], %a; sub.u32 %o2, %o2, %t2; atom.global.min.s32 %t3, [%slot], %b; atom.global.xor.b32 %o3, [%slot], %t3; @%odd atom.global.or.b32 %o3, [%slot], 0x10;",
        ["64-bit and floating atomics on own words"] =
            "atom.global.add.u64 %v, [%slot], %w; atom.global.exch.b64 %x, [%slot], %v; atom.global.cas.b64 %y, [%slot], %v, %w; add.s64 %v, %x, %y; atom.global.max.s64 %x, [%slot], 17; xor.b64 %v, %v, %x; mov.b64 {%o0, %o1}, %v; mov.f32 %g, 0f3F000000; st.global.f32 [%slot], %g; atom.global.add.f32 %g, [%slot], %f; atom.global.add.f32 %g, [%slot], 0f40000000; mov.b32 %o2, %g; ld.global.b32 %o3, [%slot];",
        ["shared atomics count the block"] =
            ".shared .b32 total[4]; setp.eq.u32 %p0, %thread, 0; @%p0 st.shared.u32 [total], 0; @%p0 st.shared.u32 [total+4], 0; @%p0 st.shared.u32 [total+8], 0xffffffff; bar.sync 0; red.shared.add.u32 [total], %b; atom.shared.max.u32 %t0, [total+4], %a; red.shared.and.b32 [total+8], %a; bar.sync 0; ld.shared.u32 %o0, [total]; ld.shared.u32 %o1, [total+4]; ld.shared.u32 %o2, [total+8];",
        ["a lock taken by one thread after the other"] =
            ".shared .b32 lock; .shared .b32 sum; setp.eq.u32 %p0, %thread, 0; @%p0 st.shared.u32 [lock], 0; @%p0 st.shared.u32 [sum], 0; bar.sync 0; mov.u32 %t2, 0;"
            + "AGAIN: atom.shared.cas.b32 %t0, [lock], 0, 1; setp.ne.u32 %p1, %t0, 0; @%p1 bra NEXT; ld.volatile.shared.u32 %t1, [sum]; add.u32 %t1, %t1, %b; st.volatile.shared.u32 [sum], %t1; membar.cta; atom.shared.exch.b32 %t0, [lock], 0; mov.u32 %t2, 1; NEXT: setp.eq.u32 %p1, %t2, 0; @%p1 bra AGAIN; bar.sync 0; ld.shared.u32 %o0, [sum];",
        ["producers and consumers at numbered barriers"] =
            ".shared .align 4 .b8 box[512]; mov.u32 %t0, %ntid.x; setp.ne.u32 %p2, %t0, 64; @%p2 bra DONE; mov.u32 %t1, box; setp.lt.u32 %p0, %thread, 32; @!%p0 bra CONSUME; mad.lo.u32 %t0, %thread, 4, %t1; st.shared.u32 [%t0], %a; bar.arrive 3, 64; bar.sync 4, 64; ld.shared.u32 %o0, [%t0+128]; bra.uni DONE;"
            + "CONSUME: bar.sync 3, 64; sub.u32 %t2, 63, %thread; mad.lo.u32 %t2, %t2, 4, %t1; ld.shared.u32 %o1, [%t2]; mad.lo.u32 %t0, %thread, 4, %t1; st.shared.u32 [%t0], %o1; bar.arrive 4, 64; DONE: mov.u32 %o2, 1;",
        ["barriers in both arms of a branch"] =
            ".shared .align 4 .b8 box[1024]; mov.u32 %t1, box; mad.lo.u32 %t0, %thread, 4, %t1; st.shared.u32 [%t0], %a; mov.u32 %t3, %ctaid.x; setp.eq.u32 %p0, %t3, 0; @%p0 bra FIRST; bar.sync 0; mov.u32 %o1, 5; bra.uni DONE; FIRST: bar.sync 0; mov.u32 %o1, 9; bar.sync 0; DONE: xor.b32 %t2, %thread, 1; setp.ge.u32 %p1, %t2, %count; @%p1 mov.u32 %t2, %thread; mad.lo.u32 %t2, %t2, 4, %t1; ld.shared.u32 %o0, [%t2];",
        ["barrier reductions"] =
            "bar.red.popc.u32 %o0, 1, %odd; bar.red.and.pred %p0, 1, %odd; bar.red.or.pred %p1, 1, !%odd; selp.u32 %o1, 1, 0, %p0; @%p1 add.u32 %o1, %o1, 2; setp.lt.u32 %p2, %thread, 5; bar.red.or.pred %p0, 0, %p2; selp.u32 %o2, 1, 0, %p0;",
        ["calls through pointers"] =
            ".func (.reg .u32 r) twice(.reg .u32 x) { add.u32 r, x, x; ret; } "
            + ".func (.reg .u32 r) odds(.reg .u32 x) { .reg .pred %q; mad.lo.u32 r, x, 3, 1; setp.gt.u32 %q, r, 100; @%q ret; add.u32 r, r, 7; ret; } "
            + ".func (.param .b32 r) other(.param .b32 x, .param .b32 y) { .reg .b32 %u, %w; ld.param.b32 %u, [x]; ld.param.b32 %w, [y]; sub.u32 %u, %u, %w; st.param.b32 [r], %u; ret; } ### "
            + "mov.u64 %x, twice; mov.u64 %y, odds; selp.b64 %v, %x, %y, %odd; call (%o0), %v, (%a), one; one: .callprototype (.reg .u32 _) _ (.reg .u32 _); @%p9 call (%o1), %x, (%b), one; "
            + "st.global.u64 [%slot], %v; ld.global.u64 %w, [%slot]; call (%o2), %w, (%b), one; st.global.u64 [%slot], 0; "
            + "{ .param .b32 ret0; .param .b32 arg0; .param .b32 arg1; st.param.b32 [arg0], %a; st.param.b32 [arg1], %b; mov.u64 %y, other; call (ret0), %y, (arg0, arg1), two; two: .callprototype (.param .b32 _) _ (.param .b32 _, .param .b32 _); ld.param.b32 %o3, [ret0]; }",
        ["one thread elected"] =
            "setp.ne.u32 %p3, %whole, 0; @!%p3 bra DONE; elect.sync %o0|%p0, -1; selp.u32 %o1, 1, 0, %p0; vote.sync.ballot.b32 %t0, %odd, -1; @!%odd bra DONE; elect.sync %o2|%p1, %t0; selp.u32 %o3, 1, 0, %p1; DONE: mov.u32 %t0, 0;",
        ["atomic sums of halves"] =
            ".reg .b16 %k<4>; .reg .b32 %s<4>; cvt.rn.f16.s16 %k0, 3; cvt.rn.bf16.f32 %k1, 0f40400000; mov.b32 %s0, {%k0, %k0}; mov.b32 %s1, {%k1, %k1}; st.global.b32 [%slot], 0; st.global.b32 [%slot+4], 0; st.global.b32 [%slot+8], 0; st.global.b16 [%slot+12], 0; "
            + "atom.global.add.noftz.f16 %k2, [%slot], %k0; red.global.add.noftz.f16 [%slot+2], %k0; atom.global.add.noftz.f16x2 %s2, [%slot+4], %s0; red.global.add.noftz.f16x2 [%slot+4], %s0; atom.global.add.noftz.bf16x2 %s3, [%slot+8], %s1; atom.global.add.noftz.bf16 %k3, [%slot+12], %k1; atom.global.cas.b16 %k2, [%slot], %k0, %k1; "
            + "mov.b32 %o0, {%k2, %k3}; ld.global.b32 %o1, [%slot]; ld.global.b32 %o2, [%slot+4]; ld.global.b32 %o3, [%slot+8];",
        ["shared sums of halves"] =
            ".shared .align 4 .b8 sums[8]; .reg .b16 %k<4>; setp.eq.u32 %p0, %thread, 0; @%p0 st.shared.b32 [sums], 0; @%p0 st.shared.b32 [sums+4], 0; bar.sync 0; and.b32 %t0, %a, 7; cvt.rn.f16.u32 %k0, %t0; cvt.rn.f32.u32 %g, %t0; cvt.rn.bf16.f32 %k1, %g; red.shared.add.noftz.f16 [sums], %k0; mov.b32 %t1, {%k0, %k0}; red.shared.add.noftz.f16x2 [sums+4], %t1; bar.sync 0; ld.shared.b32 %o0, [sums]; ld.shared.b32 %o1, [sums+4];",
        ["branches by place between barriers"] =
            ".shared .align 4 .b8 box[1024]; .reg .u32 %px, %q; .reg .pred %c<8>; mov.u32 %px, %tid.x; mov.u32 %q, box; mad.lo.u32 %q, %thread, 4, %q; st.shared.u32 [%q], %a; bar.sync 0;"
            + "setp.gt.u32 %c0, %px, 40; @%c0 bra S0; ld.shared.u32 %t0, [%q]; add.u32 %t0, %t0, 3; st.shared.u32 [%q], %t0; S0: bar.sync 0;"
            + "setp.lt.s32 %c1, %px, 33; @!%c1 bra S1; ld.shared.u32 %t0, [%q]; mul.lo.u32 %t0, %t0, 5; st.shared.u32 [%q], %t0; S1: bar.sync 0;"
            + "setp.ne.u32 %c2, %px, 35; @%c2 bra S2; st.shared.u32 [%q], %b; S2: bar.sync 0;"
            + "setp.eq.u32 %c3, 2, %px; @%c3 bra W3; bra.uni S3; W3: st.shared.u32 [%q], %b; S3: bar.sync 0;"
            + "setp.le.u32 %c4, 32, %px; @%c4 bra S4; ld.shared.u32 %t0, [%q]; xor.b32 %t0, %t0, %thread; st.shared.u32 [%q], %t0; S4: bar.sync 0;"
            + "setp.ge.u32 %c5, %px, 64; @%c5 bra S5; ld.shared.u32 %t0, [%q]; not.b32 %t0, %t0; st.shared.u32 [%q], %t0; S5: bar.sync 0;"
            + "xor.b32 %t2, %thread, 1; setp.ge.u32 %p1, %t2, %count; @%p1 mov.u32 %t2, %thread; mov.u32 %t1, box; mad.lo.u32 %t2, %t2, 4, %t1; ld.shared.u32 %o0, [%t2]; mov.u32 %o1, %px;",
        ["barriers in a loop after some threads left"] =
            ".shared .align 4 .b8 box[1024]; .reg .u32 %q, %k, %s, %n; mov.u32 %q, box; mad.lo.u32 %n, %thread, 4, %q; mov.u32 %k, 0; mov.u32 %s, %a; mov.u32 %t3, %ctaid.x; add.u32 %t3, %t3, 2; rem.u32 %t0, %thread, 7; setp.eq.u32 %p1, %t0, 3; @%p1 bra GONE;"
            + "AGAIN: st.shared.u32 [%n], %s; bar.sync 0; add.u32 %t1, %thread, 1; rem.u32 %t1, %t1, 7; setp.eq.u32 %p2, %t1, 3; add.u32 %t1, %thread, 1; selp.u32 %t1, %thread, %t1, %p2; setp.ge.u32 %p2, %t1, %count; selp.u32 %t1, %thread, %t1, %p2; mad.lo.u32 %t1, %t1, 4, %q; ld.shared.u32 %t2, [%t1]; bar.sync 0; mad.lo.u32 %s, %t2, 3, %s; add.u32 %k, %k, 1; setp.lt.u32 %p3, %k, %t3; @%p3 bra AGAIN; mov.u32 %o0, %s; mov.u32 %o1, %k; GONE: mov.u32 %o2, %t0;",
        ["threads that left before a barrier"] =
            ".shared .b32 total; setp.eq.u32 %p0, %thread, 0; @%p0 st.shared.u32 [total], 0; bar.sync 0; rem.u32 %t0, %thread, 3; setp.eq.u32 %p1, %t0, 1; @%p1 ret; red.shared.add.u32 [total], %b; bar.sync 0; ld.shared.u32 %o0, [total]; bar.red.popc.u32 %o1, 0, %odd;",
        ["a whole warp leaves before a barrier"] =
            "setp.lt.u32 %p0, %thread, 32; @%p0 exit; bar.sync 0; bar.red.popc.u32 %o0, 0, %odd; mov.u32 %o1, 1;",
        ["shuffles in every mode"] =
            "setp.ne.u32 %p3, %whole, 0; @!%p3 bra DONE; shfl.sync.up.b32 %o0|%p0, %a, 3, 0x0, -1; shfl.sync.down.b32 %t0|%p1, %a, %b, 0x1f, -1; xor.b32 %o0, %o0, %t0; shfl.sync.bfly.b32 %o1|%p2, %b, 5, 0x181f, -1; shfl.sync.idx.b32 %t1, %a, %thread, 0x1c1f, -1; add.u32 %o1, %o1, %t1; selp.u32 %o2, 1, 0, %p0; @%p1 add.u32 %o2, %o2, 2; @%p2 add.u32 %o2, %o2, 4; shfl.sync.up.b32 %o3, %a, 1, 0x1800, -1; shfl.sync.down.b32 %t1, %b, 40, 0x1f, -1; xor.b32 %o3, %o3, %t1; DONE: mov.u32 %t0, 0;",
        ["products of matrices"] =
            ".reg .b32 %m<8>; .reg .f32 %c<4>; .reg .f32 %d<4>; .reg .b32 %i<4>; setp.ne.u32 %p3, %whole, 0; @!%p3 bra DONE; "
            // Without NaN and infinity: small exponents only.
            + "and.b32 %m0, %a, 0xbfffbfff; and.b32 %m1, %b, 0xbfffbfff; xor.b32 %m2, %m0, 0x00130007; xor.b32 %m3, %m1, 0x00510021; mov.b64 {%m4, %m5}, %w; and.b32 %m4, %m4, 0xbfffbfff; and.b32 %m5, %m5, 0xbfffbfff; "
            + "mov.b32 %c0, %m4; mov.b32 %c1, %m1; mov.b32 %c2, %m0; mov.b32 %c3, %m5; "
            + "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%d0, %d1, %d2, %d3}, {%m0, %m1, %m2, %m3}, {%m4, %m5}, {%c0, %c1, %c2, %c3}; mov.b32 %o0, %d0; mov.b32 %t0, %d1; xor.b32 %o0, %o0, %t0; mov.b32 %t0, %d2; add.u32 %o0, %o0, %t0; mov.b32 %t0, %d3; xor.b32 %o0, %o0, %t0; "
            + "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%d0, %d1, %d2, %d3}, {%m2, %m1}, {%m4}, {%c3, %c1, %c2, %c0}; mov.b32 %o1, %d0; mov.b32 %t0, %d1; xor.b32 %o1, %o1, %t0; mov.b32 %t0, %d2; add.u32 %o1, %o1, %t0; mov.b32 %t0, %d3; xor.b32 %o1, %o1, %t0; "
            + "mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%t0, %t1}, {%m0, %m1, %m2, %m3}, {%m5, %m4}, {%m1, %m3}; mad.lo.u32 %o2, %t0, 3, %t1; "
            + "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%d0, %d1, %d2, %d3}, {%m0, %m1, %m2, %m3}, {%m4, %m5}, {%c0, %c1, %c2, %c3}; mov.b32 %t0, %d0; add.u32 %o2, %o2, %t0; mov.b32 %t0, %d3; xor.b32 %o2, %o2, %t0; "
            + "mma.sync.aligned.m16n8k32.row.col.s32.s8.u8.s32 {%i0, %i1, %i2, %i3}, {%a, %b, %m2, %m3}, {%m4, %a}, {%b, %m0, %m1, %a}; xor.b32 %o3, %i0, %i1; mad.lo.u32 %o3, %o3, 5, %i2; xor.b32 %o3, %o3, %i3; "
            + "mma.sync.aligned.m16n8k16.row.col.s32.u8.s8.s32 {%i0, %i1, %i2, %i3}, {%b, %m5}, {%a}, {0, 0, 0, 0}; add.u32 %o3, %o3, %i1; xor.b32 %o3, %o3, %i2; DONE: mov.u32 %t0, 0;",
        ["matrices from shared memory"] =
            ".shared .align 16 .b8 tiles[8192]; .reg .b32 %m<8>; mov.u32 %t1, tiles; mad.lo.u32 %t0, %thread, 16, %t1; st.shared.v4.b32 [%t0], {%a, %b, %thread, %a}; bar.sync 0; setp.ne.u32 %p3, %whole, 0; @!%p3 bra DONE; "
            + "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%m0, %m1, %m2, %m3}, [%t0]; ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%m4, %m5}, [%t0]; ldmatrix.sync.aligned.m8n8.x1.trans.shared::cta.b16 {%m6}, [%t0]; cvt.u64.u32 %x, %t0; cvta.shared.u64 %x, %x; ldmatrix.sync.aligned.m8n8.x1.b16 {%m7}, [%x]; "
            + "mad.lo.u32 %o0, %m0, 3, %m1; mad.lo.u32 %o1, %m2, 3, %m3; mad.lo.u32 %o2, %m4, 3, %m5; mad.lo.u32 %o3, %m6, 3, %m7; DONE: mov.u32 %t0, 0;",
        ["copies that are waited for"] =
            ".shared .align 16 .b8 tiles[8192]; mov.u32 %t1, tiles; mad.lo.u32 %t0, %thread, 32, %t1; and.b32 %t2, %a, 0x1f; mul.wide.u32 %x, %t2, 16; add.s64 %x, %mem, %x; add.s64 %x, %x, 512; "
            + "cp.async.cg.shared.global [%t0], [%x], 16; cp.async.ca.shared.global.L2::128B [%t0+16], [%x+4], 4; and.b32 %t3, %b, 15; cp.async.commit_group; cp.async.wait_group 0; ld.shared.v2.b32 {%o0, %o1}, [%t0+8]; ld.shared.b32 %t2, [%t0+16]; add.u32 %o0, %o0, %t2; "
            + "cp.async.ca.shared.global [%t0+16], [%x], 8, %t3; @%odd cp.async.cg.shared.global [%t0], [%x], 16, 5; cp.async.wait_all; ld.shared.v2.b32 {%o2, %o3}, [%t0+16]; ld.shared.b32 %t2, [%t0+4]; xor.b32 %o3, %o3, %t2;",
        ["votes"] =
            "vote.sync.all.pred %p0, %odd, -1; vote.sync.any.pred %p1, %odd, -1; vote.sync.uni.pred %p2, !%odd, -1; vote.sync.ballot.b32 %o0, %odd, -1; selp.u32 %o1, 1, 0, %p0; @%p1 add.u32 %o1, %o1, 2; @%p2 add.u32 %o1, %o1, 4; setp.lt.u32 %p3, %thread, 1000; vote.sync.all.pred %p0, %p3, -1; @%p0 add.u32 %o1, %o1, 8; activemask.b32 %o2;",
        ["votes of those who took a branch"] =
            "vote.sync.ballot.b32 %t0, %odd, -1; @!%odd bra EVEN; vote.sync.ballot.b32 %o0, %p9, %t0; redux.sync.add.u32 %o1, %b, %t0; match.any.sync.b32 %o2, %o1, %t0; bra.uni BOTH; EVEN: not.b32 %t1, %t0; and.b32 %t2, %b, 1; match.any.sync.b32 %o0, %t2, %t1; redux.sync.max.s32 %o1, %a, %t1; activemask.b32 %o2; BOTH: bar.warp.sync -1; redux.sync.xor.b32 %o3, %o1, -1;",
        ["matches"] =
            "and.b32 %t0, %a, 3; match.any.sync.b32 %o0, %t0, -1; match.all.sync.b32 %o1|%p0, %t0, -1; mov.u32 %t1, 9; match.all.sync.b32 %o2|%p1, %t1, -1; cvt.u64.u32 %v, %t0; match.any.sync.b64 %o3, %v, -1; @%p0 add.u32 %o3, %o3, 1; @%p1 add.u32 %o3, %o3, 2;",
        ["warp reductions"] =
            "redux.sync.add.s32 %o0, %a, -1; redux.sync.min.u32 %o1, %a, -1; redux.sync.max.s32 %t0, %b, -1; xor.b32 %o1, %o1, %t0; redux.sync.and.b32 %o2, %a, -1; redux.sync.or.b32 %o3, %b, -1;",
        ["a loop that lanes leave one by one, voting"] =
            "and.b32 %t0, %a, 15; mov.u32 %o0, 0; mov.u32 %o1, 0; L: setp.gt.u32 %p0, %t0, 0; vote.sync.ballot.b32 %t1, %p0, -1; setp.eq.u32 %p1, %t1, 0; @%p1 bra DONE; popc.b32 %t2, %t1; add.u32 %o0, %o0, %t2; @%p0 sub.u32 %t0, %t0, 1; @%p0 add.u32 %o1, %o1, %t2; bra L; DONE: mov.u32 %o2, %t0;",
        ["nested divergent loops"] =
            "and.b32 %t0, %a, 7; mov.u32 %o0, 1; O: setp.eq.u32 %p0, %t0, 0; @%p0 bra D; sub.u32 %t0, %t0, 1; and.b32 %t1, %b, 5; I: mad.lo.u32 %o0, %o0, 3, %t1; setp.eq.u32 %p1, %t1, 2; @%p1 bra O; setp.eq.u32 %p1, %t1, 0; @%p1 bra O; sub.u32 %t1, %t1, 1; and.b32 %t2, %o0, 64; setp.ne.u32 %p2, %t2, 0; @%p2 bra D; bra I; D: add.u32 %o1, %o0, %t0;",
        ["a loop with two entries"] =
            "mov.u32 %t0, 12; mov.u32 %o0, 0; @%odd bra SECOND; FIRST: add.u32 %o0, %o0, 1; mad.lo.u32 %o1, %o1, 5, %a; SECOND: add.u32 %o0, %o0, 256; sub.u32 %t0, %t0, 1; setp.eq.u32 %p0, %t0, 0; @%p0 bra DONE; and.b32 %t1, %a, %t0; setp.eq.u32 %p1, %t1, 0; @%p1 bra SECOND; bra FIRST; DONE: mov.u32 %o2, %t1;",
        ["predicated everything"] =
            "@%odd mov.u32 %o0, 7; @!%odd add.u32 %o0, %a, %b; @%odd ld.global.u32 %o1, [%slot]; @!%odd st.global.u32 [%slot], %a; @%odd mul.wide.u32 %v, %a, %b; @%odd mov.b64 {%o2, %o3}, %v; @!%odd mov.b64 {%o3, %o2}, %w; @%odd red.global.add.u32 [%mem], 1;",
    };

    private const int SlotBytes = 16;

    /// <summary>Blocks of whole warps, of a part of a warp, of rows that end inside warps, and of depth.</summary>
    public static readonly Dim3[] Blocks = [new(64), new(96), new(20), new(33), new(12, 5), new(5, 3, 4), new(96, 2)];

    public static KernelCase Case(string name, Dim3 block, ulong arena)
    {
        var random = new Random(name.Length + (int)block.Count);
        var threads = (int)block.Count * 2;
        var words = Enumerable.Range(0, threads * 4).Select(_ => (uint)random.Next()).ToArray();
        var memory = new byte[1024];
        random.NextBytes(memory.AsSpan(512));
        return new KernelCase
        {
            Ptx = Ptx(All[name]),
            Entry = "snippet",
            Grid = new Dim3(2),
            Block = block,
            ArenaBase = arena,
        }
            .Buffer(KernelCase.Bytes(words), out _)
            .Buffer(new byte[threads * 16], out _)
            .Buffer(memory, out _)
            .Buffer(KernelCase.Bytes(Enumerable.Range(0, threads * 4).Select(i => i * 3)), out _);
    }

    /// <summary>What stands before ### in a snippet goes before the kernel.</summary>
    private static string Ptx(string snippet)
    {
        var parts = snippet.Split(" ### ");
        var body = parts[^1];
        return $$"""
            .version 7.8
            .target sm_80
            .address_size 64
            {{(parts.Length > 1 ? parts[0] : "")}}
            .visible .entry snippet(.param .u64 words, .param .u64 results, .param .u64 memory, .param .u64 slots)
            {
            .reg .b32 %a, %b, %o<4>, %t<4>, %thread, %count, %linear, %whole;
            .reg .b64 %w, %mem, %slot, %v, %x, %y, %out;
            .reg .f32 %f, %g;
            .reg .b16 %h<4>;
            .reg .pred %p<10>, %odd;
            mov.u32 %t0, %ntid.x;
            mov.u32 %t1, %ntid.y;
            mov.u32 %t2, %ntid.z;
            mov.u32 %thread, %tid.z;
            mov.u32 %t3, %tid.y;
            mad.lo.u32 %thread, %thread, %t1, %t3;
            mov.u32 %t3, %tid.x;
            mad.lo.u32 %thread, %thread, %t0, %t3;
            mul.lo.u32 %count, %t0, %t1;
            mul.lo.u32 %count, %count, %t2;
            mov.u32 %t0, %ctaid.x;
            mad.lo.u32 %linear, %t0, %count, %thread;
            and.b32 %whole, %count, 31;
            setp.eq.u32 %p0, %whole, 0;
            selp.u32 %whole, 1, 0, %p0;
            ld.param.u64 %v, [words];
            mul.wide.u32 %x, %linear, 16;
            add.s64 %v, %v, %x;
            ld.global.v2.b32 {%a, %b}, [%v];
            ld.global.b64 %w, [%v+8];
            cvt.rn.f32.s32 %f, %a;
            cvt.u16.u32 %h0, %a;
            cvt.u16.u32 %h1, %b;
            and.b32 %t0, %a, 1;
            setp.eq.u32 %odd, %t0, 1;
            and.b32 %t0, %b, 4;
            setp.eq.u32 %p9, %t0, 0;
            ld.param.u64 %mem, [memory];
            ld.param.u64 %slot, [slots];
            mul.wide.u32 %y, %linear, {{SlotBytes}};
            add.s64 %slot, %slot, %y;
            ld.param.u64 %out, [results];
            add.s64 %out, %out, %x;
            mov.u32 %o0, 0;
            mov.u32 %o1, 0;
            mov.u32 %o2, 0;
            mov.u32 %o3, 0;
            {{body.Replace("; ", ";\n").Replace(": ", ":\n")}}
            st.global.v4.b32 [%out], {%o0, %o1, %o2, %o3};
            ret;
            }
            """;
    }
}
