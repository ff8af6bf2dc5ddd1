using Weir.Kernels.Abi;

namespace Weir.Kernels.Codegen;

/// <summary>The function of a module that passes requests of lanes to the device, one after the other (<see cref="SystemCall"/>).</summary>
internal static class SystemText
{
    /// <summary>Its text.</summary>
    public static string Write(int lanes, int localBytes) =>
        $$"""
            define internal i32 @lane_system(ptr %launch, ptr %thread, i64 %block, i32 %linear, ptr %local, i32 %line, i{{lanes}} %active, i32 %service, ptr %data) #1 {
            entry:
              %call = alloca [12 x i64], align 16
              %end = alloca i32
              store i32 0, ptr %end
              %hp = getelementptr i8, ptr %launch, i64 80
              %helpers = load ptr, ptr %hp
              %fp = getelementptr ptr, ptr %helpers, i64 {{KernelAbi.SystemHelper}}
              %function = load ptr, ptr %fp
              %f4 = getelementptr i8, ptr %call, i64 4
              %f8 = getelementptr i8, ptr %call, i64 8
              %f16 = getelementptr i8, ptr %call, i64 16
              %f20 = getelementptr i8, ptr %call, i64 20
              %f24 = getelementptr i8, ptr %call, i64 24
              %f28 = getelementptr i8, ptr %call, i64 28
              %f32 = getelementptr i8, ptr %call, i64 32
              %f40 = getelementptr i8, ptr %call, i64 40
              %f48 = getelementptr i8, ptr %call, i64 48
              %f56 = getelementptr i8, ptr %call, i64 56
              %f64 = getelementptr i8, ptr %call, i64 64
              %f72 = getelementptr i8, ptr %call, i64 72
              store i32 %service, ptr %call
              store i32 %line, ptr %f4
              store i64 %block, ptr %f8
              store i32 {{lanes}}, ptr %f24
              store i32 {{localBytes}}, ptr %f28
              store ptr %local, ptr %f32
              br label %next
            next:
              %left = phi i{{lanes}} [ %active, %entry ], [ %rest, %done ], [ %rest, %go ]
              %none = icmp eq i{{lanes}} %left, 0
              br i1 %none, label %out, label %lane
            out:
              %all = load i32, ptr %end
              ret i32 %all
            lane:
              %first = call i{{lanes}} @llvm.cttz.i{{lanes}}(i{{lanes}} %left, i1 true)
              %less = sub i{{lanes}} %left, 1
              %rest = and i{{lanes}} %left, %less
              %n = zext i{{lanes}} %first to i64
              %n32 = trunc i64 %n to i32
              %who = add i32 %linear, %n32
              store i32 %who, ptr %f16
              store i32 %n32, ptr %f20
              %s0 = getelementptr i64, ptr %data, i64 %n
              %v0 = load i64, ptr %s0, align 8
              store i64 %v0, ptr %f40
              %n1 = add i64 %n, {{lanes}}
              %s1 = getelementptr i64, ptr %data, i64 %n1
              %v1 = load i64, ptr %s1, align 8
              store i64 %v1, ptr %f48
              %n2 = add i64 %n, {{2 * lanes}}
              %s2 = getelementptr i64, ptr %data, i64 %n2
              %v2 = load i64, ptr %s2, align 8
              store i64 %v2, ptr %f56
              %n3 = add i64 %n, {{3 * lanes}}
              %s3 = getelementptr i64, ptr %data, i64 %n3
              %v3 = load i64, ptr %s3, align 8
              store i64 %v3, ptr %f64
              store i64 0, ptr %f72
              %status = call i32 %function(ptr %launch, ptr %thread, ptr %call)
              %good = icmp eq i32 %status, 0
              br i1 %good, label %done, label %fault
            done:
              %answer = load i64, ptr %f72
              store i64 %answer, ptr %s0, align 8
              br label %next
            fault:
              %before = load i32, ptr %end
              %isfirst = icmp eq i32 %before, 0
              br i1 %isfirst, label %note, label %go
            note:
              call void @weir_fault(ptr %thread, i32 %status, i32 %line, i64 0, i64 %block, i32 %who)
              store i32 %status, ptr %end
              br label %go
            go:
              ; What a failed assertion has to say is said for every thread.
              %says = icmp eq i32 %status, {{(uint)KernelFault.Assert}}
              br i1 %says, label %next, label %out
            }

            """;
}
