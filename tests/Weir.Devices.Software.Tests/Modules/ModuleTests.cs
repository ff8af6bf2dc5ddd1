using System.Buffers.Binary;
using System.Text;
using Weir.Api;
using Weir.Devices.Software.Tests.Support;

namespace Weir.Devices.Software.Tests.Modules;

public sealed unsafe class ModuleTests : IDisposable
{
    private readonly TestDevice device = new();

    [Fact]
    public void Variables_have_their_values_and_kernels_reach_them()
    {
        nint module = device.Load(KernelTexts.Variables);
        ulong numbers = Global(module, "numbers", 16);
        Assert.Equal([1, 2, 3, 0], device.Read<int>(numbers, 4));
        Assert.Equal(numbers, device.Read<ulong>(Global(module, "pointer", 8), 1)[0]);
        Assert.All(device.Read<byte>(Global(module, "zeros", 4096), 4096), value => Assert.Equal(0, value));
        device.Write(numbers + 8, [77]);
        ulong result = device.Allocate(4);
        TestDevice.Check(device.Launch(device.Function(module, "third"), 1, 1, 0, result));
        Assert.Equal(77, device.Read<int>(result, 1)[0]);
        Assert.Equal(CuResult.InvalidValue, device.Driver.MemFree(numbers));
        ulong address;
        nuint size;
        fixed (byte* name = "nothing\0"u8)
        {
            Assert.Equal(CuResult.NotFound, device.Driver.ModuleGetGlobal(&address, &size, module, name));
        }
    }

    [Fact]
    public void Pointers_to_functions_in_initial_values_can_be_called()
    {
        nint module = device.Load(
            KernelTexts.Head
                + """
                .func (.reg .u32 r) twice(.reg .u32 x) { add.u32 r, x, x; ret; }
                .func (.reg .u32 r) square(.reg .u32 x) { mul.lo.u32 r, x, x; ret; }
                .global .u64 table[2] = {twice, square};
                .visible .entry apply(.param .u64 out)
                {
                    .reg .b32 %r<4>; .reg .b64 %rd<5>;
                    ld.param.u64 %rd1, [out];
                    mov.u32 %r1, %tid.x;
                    and.b32 %r2, %r1, 1;
                    mul.wide.u32 %rd2, %r2, 8;
                    mov.u64 %rd3, table;
                    add.s64 %rd3, %rd3, %rd2;
                    ld.global.u64 %rd3, [%rd3];
                    call (%r3), %rd3, (%r1), one;
                    one: .callprototype (.reg .u32 _) _ (.reg .u32 _);
                    mul.wide.u32 %rd2, %r1, 4;
                    add.s64 %rd1, %rd1, %rd2;
                    st.global.u32 [%rd1], %r3;
                    ret;
                }
                .visible .entry nowhere()
                {
                    .reg .b64 %rd<2>; .reg .b32 %r<2>;
                    mov.u64 %rd1, 0;
                    call (%r1), %rd1, (%r1), one;
                    one: .callprototype (.reg .u32 _) _ (.reg .u32 _);
                    ret;
                }
                """
        );
        ulong result = device.Allocate(64 * 4);
        TestDevice.Check(device.Launch(device.Function(module, "apply"), 1, 64, 0, result));
        TestDevice.Check(device.Driver.CtxSynchronize());
        Assert.Equal(Enumerable.Range(0, 64).Select(i => i % 2 == 0 ? 2 * i : i * i), device.Read<int>(result, 64));
        TestDevice.Check(device.Launch(device.Function(module, "nowhere"), 1, 1, 0));
        Assert.Equal(CuResult.LaunchFailed, device.Driver.CtxSynchronize());
    }

    [Fact]
    public void Unloading_gives_the_memory_back()
    {
        long before = device.Driver.Statistics.MemoryBytes;
        for (int round = 0; round < 5; round++)
        {
            nint module = device.Load(KernelTexts.Variables);
            nint function = device.Function(module, "third");
            TestDevice.Check(device.Driver.ModuleUnload(module));
            Assert.Equal(CuResult.InvalidHandle, device.Driver.ModuleUnload(module));
            Assert.Equal(CuResult.InvalidHandle, device.Launch(function, 1, 1, 0));
            Assert.Equal(before, device.Driver.Statistics.MemoryBytes);
        }
    }

    [Fact]
    public void Functions_are_found_and_described()
    {
        nint module = device.Load(KernelTexts.Index);
        nint function = device.Function(module, "index");
        Assert.Equal(function, device.Function(module, "index"));
        nint other;
        Assert.Equal(CuResult.NotFound, device.TryFunction(module, "nothing", &other));
        Assert.Equal(CuResult.InvalidHandle, device.TryFunction(1234, "index", &other));
        int value;
        TestDevice.Check(device.Driver.FuncGetAttribute(&value, CUfunction_attribute.MaxThreadsPerBlock, function));
        Assert.Equal(1024, value);
        nuint offset;
        nuint size;
        TestDevice.Check(device.Driver.FuncGetParamInfo(function, 0, &offset, &size));
        Assert.Equal((0u, 8u), ((uint)offset, (uint)size));
        Assert.Equal(CuResult.InvalidValue, device.Driver.FuncGetParamInfo(function, 1, &offset, &size));
        byte* name;
        TestDevice.Check(device.Driver.FuncGetName(&name, function));
        Assert.Equal("index\0"u8, new Span<byte>(name, 6));
        int blocks;
        TestDevice.Check(device.Driver.OccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function, 256, 0));
        Assert.Equal(6, blocks);
    }

    [Theory]
    [InlineData("", CuResult.InvalidImage)]
    [InlineData("nonsense", CuResult.InvalidImage)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n.visible .entry (", CuResult.InvalidPtx)]
    [InlineData(".version 99.0\n.target sm_70\n.address_size 64\n", CuResult.UnsupportedPtxVersion)]
    [InlineData(".version 7.0\n.target sm_90\n.address_size 64\n", CuResult.NoBinaryForGpu)]
    [InlineData(".version 7.0\n.target sm_70\n.address_size 64\n.extern .global .u32 x;\n", CuResult.InvalidPtx)]
    [InlineData("\u007fELF", CuResult.InvalidImage)]
    public void What_is_no_module_is_refused(string text, CuResult expected)
    {
        nint module;
        byte[] padded = new byte[128 + text.Length];
        Encoding.UTF8.GetBytes(text, padded);
        fixed (byte* image = padded)
        {
            Assert.Equal(expected, device.Driver.ModuleLoadData(&module, image));
        }
        Assert.Contains("module refused", device.Log);
        Assert.Equal(CuResult.InvalidValue, device.Driver.ModuleLoadData(&module, null));
    }

    [Fact]
    public void The_text_of_a_fat_binary_is_found_and_machine_code_alone_is_refused()
    {
        const int HeaderBytes = 16;
        const int EntryBytes = 64;
        byte[] text = Encoding.UTF8.GetBytes(KernelTexts.Index + "\0");
        byte[] fatbin = new byte[HeaderBytes + EntryBytes + text.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(fatbin, 0xBA55ED50);
        BinaryPrimitives.WriteUInt16LittleEndian(fatbin.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(fatbin.AsSpan(6), HeaderBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(fatbin.AsSpan(8), (ulong)(EntryBytes + text.Length));
        Span<byte> entry = fatbin.AsSpan(HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(entry, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], 0x0101);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], EntryBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], (uint)text.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[28..], 70);
        text.CopyTo(entry[EntryBytes..]);
        nint module;
        fixed (byte* image = fatbin)
        {
            TestDevice.Check(device.Driver.ModuleLoadFatBinary(&module, image));
            device.Function(module, "index");
            entry[0] = 2;
            Assert.Equal(CuResult.NoBinaryForGpu, device.Driver.ModuleLoadFatBinary(&module, image));
        }
        byte[] elf = new byte[64];
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(elf);
        fixed (byte* image = elf)
        {
            Assert.Equal(CuResult.NoBinaryForGpu, device.Driver.ModuleLoadData(&module, image));
        }
    }

    [Fact]
    public void The_error_log_of_a_load_names_the_line()
    {
        const int Room = 200;
        byte* buffer = stackalloc byte[Room];
        CUjit_option* options = stackalloc CUjit_option[]
        {
            CUjit_option.ErrorLogBuffer,
            CUjit_option.ErrorLogBufferSizeBytes,
            CUjit_option.WallTime,
        };
        void** values = stackalloc void*[] { buffer, (void*)Room, null };
        nint module;
        fixed (byte* image = Encoding.UTF8.GetBytes(KernelTexts.Head + ".global .u32 x = ;\n\0"))
        {
            Assert.Equal(CuResult.InvalidPtx, device.Driver.ModuleLoadDataEx(&module, image, 3, options, values));
        }
        string message = Encoding.UTF8.GetString(buffer, (int)values[1]);
        Assert.Contains("line 4", message);
        Assert.Equal(0, buffer[(int)values[1]]);
    }

    [Fact]
    public void An_instruction_that_is_not_supported_is_refused_when_its_kernel_is_looked_up()
    {
        nint module = device.Load(
            KernelTexts.Head
                + ".visible .entry bad()\n{\n.reg .b64 %rd<2>;\nmbarrier.init.shared.b64 [%rd1], 1;\nret;\n}\n"
                + ".visible .entry good()\n{\nret;\n}\n"
        );
        nint function;
        Assert.Equal(CuResult.NotSupported, device.TryFunction(module, "bad", &function));
        Assert.Contains("mbarrier", device.Log);
        Assert.Contains("line", device.Log);
        TestDevice.Check(device.Launch(device.Function(module, "good"), 1, 1, 0));
        TestDevice.Check(device.Driver.CtxSynchronize());
    }

    [Fact]
    public void Texts_are_linked_into_one_module()
    {
        nint link;
        TestDevice.Check(device.Driver.LinkCreate(0, null, null, &link));
        foreach (string text in new[] { KernelTexts.Index, KernelTexts.Add })
        {
            fixed (byte* data = Encoding.UTF8.GetBytes(text + "\0"))
            {
                TestDevice.Check(
                    device.Driver.LinkAddData(
                        link,
                        CUjitInputType.Ptx,
                        data,
                        (nuint)text.Length + 1,
                        null,
                        0,
                        null,
                        null
                    )
                );
                Assert.Equal(
                    CuResult.NoBinaryForGpu,
                    device.Driver.LinkAddData(link, CUjitInputType.Cubin, data, 4, null, 0, null, null)
                );
            }
        }
        void* image;
        nuint size;
        TestDevice.Check(device.Driver.LinkComplete(link, &image, &size));
        nint module;
        TestDevice.Check(device.Driver.ModuleLoadData(&module, image));
        TestDevice.Check(device.Driver.LinkDestroy(link));
        Assert.NotEqual(device.Function(module, "index"), device.Function(module, "add"));
        Assert.Equal(CuResult.InvalidHandle, device.Driver.LinkDestroy(link));
    }

    public void Dispose() => device.Dispose();

    private ulong Global(nint module, string name, nuint expectedBytes)
    {
        ulong address;
        nuint size;
        fixed (byte* text = Encoding.UTF8.GetBytes(name + "\0"))
        {
            TestDevice.Check(device.Driver.ModuleGetGlobal(&address, &size, module, text));
        }
        Assert.Equal(expectedBytes, size);
        return address;
    }
}
