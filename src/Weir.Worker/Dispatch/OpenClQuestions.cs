using Weir.Api;
using Weir.Devices.OpenCl;
using Weir.Wire;

namespace Weir.Worker;

/// <content>OpenCL: what objects answer. Answers that would tell of what Weir does not offer are made to fit.</content>
internal sealed unsafe partial class Dispatcher
{
    private const uint MostOfAnswer = 48 << 10;

    private partial ClResult OnClInfo(
        uint subject,
        ulong @object,
        ulong extra,
        uint parameter,
        ulong offset,
        uint inputBytes,
        void* input,
        uint length_input,
        ref ReplyWriter reply
    )
    {
        if (!OpenCl.TryOpen())
        {
            return ClResult.DeviceNotAvailable;
        }
        ClResult result = Ask((OpenClSubject)subject, @object, extra, parameter, inputBytes, input, out byte[] value);
        if (result != ClResult.Success)
        {
            return result;
        }
        if (offset > (ulong)value.Length)
        {
            return ClResult.InvalidValue;
        }
        reply.U64((ulong)value.Length);
        int part = (int)Math.Min(MostOfAnswer, (ulong)value.Length - offset);
        reply.Bytes(value.AsSpan((int)offset, part));
        return ClResult.Success;
    }

    private ClResult Ask(
        OpenClSubject subject,
        ulong about,
        ulong extra,
        uint parameter,
        uint inputBytes,
        void* input,
        out byte[] value
    )
    {
        value = [];
        nint native;
        switch (subject)
        {
            case OpenClSubject.Platform:
                if (about >= (ulong)OpenCl.Platforms.Count)
                {
                    return ClResult.InvalidPlatform;
                }
                native = OpenCl.Platforms[(int)about];
                return AskPlatform(native, parameter, out value);
            case OpenClSubject.Device:
                return TryDevice(about, out native) ? AskDevice(native, parameter, out value) : ClResult.InvalidDevice;
            case OpenClSubject.Timers:
                ulong* times = stackalloc ulong[2];
                ClResult read = TryDevice(about, out native)
                    ? Cl.GetDeviceAndHostTimer(native, times, times + 1)
                    : ClResult.InvalidDevice;
                value = new ReadOnlySpan<byte>(times, 16).ToArray();
                return read;
        }
        if (!TryObject(subject, about, out native))
        {
            return ClResult.InvalidValue;
        }
        switch (subject)
        {
            case OpenClSubject.Memory:
                return Get(out value, (n, p, s) => Cl.GetMemObjectInfo(native, parameter, n, p, s));
            case OpenClSubject.Image:
                return Get(out value, (n, p, s) => Cl.GetImageInfo(native, parameter, n, p, s));
            case OpenClSubject.Sampler:
                return Get(out value, (n, p, s) => Cl.GetSamplerInfo(native, parameter, n, p, s));
            case OpenClSubject.Program:
                return AskProgram(native, extra, parameter, out value);
            case OpenClSubject.Build:
                return TryDevice(extra, out nint built)
                    ? Get(out value, (n, p, s) => Cl.GetProgramBuildInfo(native, built, parameter, n, p, s))
                    : ClResult.InvalidDevice;
            case OpenClSubject.Kernel:
                return Get(out value, (n, p, s) => Cl.GetKernelInfo(native, parameter, n, p, s));
            case OpenClSubject.Argument:
                return Get(out value, (n, p, s) => Cl.GetKernelArgInfo(native, (uint)extra, parameter, n, p, s));
            case OpenClSubject.WorkGroup:
                return TryDeviceOrNone(extra, out nint device)
                    ? Get(out value, (n, p, s) => Cl.GetKernelWorkGroupInfo(native, device, parameter, n, p, s))
                    : ClResult.InvalidDevice;
            case OpenClSubject.SubGroup:
                nint question = (nint)input;
                return TryDeviceOrNone(extra, out nint sub)
                    ? Get(
                        out value,
                        (n, p, s) =>
                            Cl.GetKernelSubGroupInfo(
                                native,
                                sub,
                                parameter,
                                inputBytes,
                                inputBytes == 0 ? null : (void*)question,
                                n,
                                p,
                                s
                            )
                    )
                    : ClResult.InvalidDevice;
            case OpenClSubject.Event:
                return Get(out value, (n, p, s) => Cl.GetEventInfo(native, parameter, n, p, s));
            case OpenClSubject.Profile:
                return AskProfile(about, native, parameter, out value);
            case OpenClSubject.Formats:
                return AskFormats(native, extra, parameter, out value);
            default:
                return ClResult.InvalidValue;
        }
    }

    private delegate ClResult Question(nuint room, void* place, nuint* size);

    // A value whose length is not known before.
    private static ClResult Get(out byte[] value, Question question)
    {
        nuint bytes = 0;
        value = [];
        ClResult result = question(0, null, &bytes);
        if (result != ClResult.Success || bytes == 0)
        {
            return result;
        }
        value = new byte[bytes];
        fixed (byte* place = value)
        {
            return question(bytes, place, &bytes);
        }
    }

    private ClResult AskPlatform(nint native, uint parameter, out byte[] value)
    {
        const uint Name = 0x0902;
        const uint Extensions = 0x0904;
        const uint ExtensionsWithVersion = 0x0907;
        const uint Suffix = 0x0920;
        switch (parameter)
        {
            case Suffix:
                value = "WEIR\0"u8.ToArray();
                return ClResult.Success;
            case ExtensionsWithVersion:
                ClResult listed = Get(out value, (n, p, s) => Cl.GetPlatformInfo(native, parameter, n, p, s));
                value = OfferedExtensions.Versions(value);
                return listed;
        }
        ClResult result = Get(out value, (n, p, s) => Cl.GetPlatformInfo(native, parameter, n, p, s));
        if (result == ClResult.Success && parameter == Name)
        {
            value = [.. "Weir: "u8, .. value];
        }
        else if (result == ClResult.Success && parameter == Extensions)
        {
            value = OfferedExtensions.Names(value, isPlatform: true);
        }
        return result;
    }

    private ClResult AskDevice(nint native, uint parameter, out byte[] value)
    {
        const uint MostAllocation = 0x1010;
        const uint GlobalMemory = 0x101F;
        const uint Capabilities = 0x1029;
        const uint Extensions = 0x1030;
        const uint PartitionMost = 0x1043;
        const uint PartitionProperties = 0x1044;
        const uint PartitionDomain = 0x1045;
        const uint PartitionType = 0x1046;
        const uint Shared = 0x1053;
        const uint ExtensionsWithVersion = 0x1060;
        const ulong NativeKernels = 2;
        const ulong CoarseGrain = 1;
        ClResult result = Get(out value, (n, p, s) => Cl.GetDeviceInfo(native, parameter, n, p, s));
        if (result != ClResult.Success)
        {
            return result;
        }
        switch (parameter)
        {
            case GlobalMemory:
                SetWord(value, OpenCl.Quota.Clip(BitConverter.ToUInt64(value)));
                break;
            case MostAllocation:
                SetWord(value, OpenCl.Quota.Clip(BitConverter.ToUInt64(value)));
                break;
            case Capabilities:
                SetWord(value, BitConverter.ToUInt64(value) & ~NativeKernels);
                break;
            case Shared:
                // The client's addresses must be the device's: a processor of this node.
                bool isHere = session.Remote is null && IsProcessor(native);
                SetWord(value, isHere ? BitConverter.ToUInt64(value) & CoarseGrain : 0);
                break;
            case Extensions:
                value = OfferedExtensions.Names(value, isPlatform: false);
                break;
            case ExtensionsWithVersion:
                value = OfferedExtensions.Versions(value);
                break;
            case PartitionMost:
                value = new byte[sizeof(uint)];
                break;
            case PartitionProperties or PartitionType:
                value = new byte[sizeof(nint)];
                break;
            case PartitionDomain:
                value = new byte[sizeof(ulong)];
                break;
        }
        return result;
    }

    private bool IsProcessor(nint device)
    {
        const uint Type = 0x1000;
        const ulong Processor = 2;
        ulong type = 0;
        return Cl.GetDeviceInfo(device, Type, sizeof(ulong), &type, null) == ClResult.Success
            && (type & Processor) != 0;
    }

    private ClResult AskProgram(nint native, ulong extra, uint parameter, out byte[] value)
    {
        const uint Devices = 0x1163;
        const uint Sizes = 0x1165;
        const uint Binaries = 0x1166;
        ClResult result;
        switch (parameter)
        {
            case Devices:
                result = Get(out value, (n, p, s) => Cl.GetProgramInfo(native, parameter, n, p, s));
                for (int at = 0; at < value.Length; at += sizeof(nint))
                {
                    nint device = (nint)BitConverter.ToInt64(value, at);
                    int number = 0;
                    while (number < OpenCl.Devices.Count && OpenCl.Devices[number].Native != device)
                    {
                        number++;
                    }
                    SetWord(value.AsSpan(at), (ulong)number);
                }
                return result;
            case Binaries:
                // One of them: extra says whose.
                value = [];
                result = Get(out byte[] sizes, (n, p, s) => Cl.GetProgramInfo(native, Sizes, n, p, s));
                int count = sizes.Length / sizeof(nuint);
                if (result != ClResult.Success || extra >= (ulong)count)
                {
                    return result == ClResult.Success ? ClResult.InvalidValue : result;
                }
                value = new byte[BitConverter.ToInt64(sizes, (int)extra * sizeof(nuint))];
                byte** places = stackalloc byte*[count];
                fixed (byte* place = value)
                {
                    for (int i = 0; i < count; i++)
                    {
                        places[i] = i == (int)extra ? place : null;
                    }
                    return Cl.GetProgramInfo(native, Binaries, (nuint)(count * sizeof(byte*)), places, null);
                }
            default:
                return Get(out value, (n, p, s) => Cl.GetProgramInfo(native, parameter, n, p, s));
        }
    }

    // Of a command in several parts: it began with the first.
    private ClResult AskProfile(ulong handle, nint native, uint parameter, out byte[] value)
    {
        const uint Queued = 0x1280;
        const uint Start = 0x1282;
        if (OpenCl.Times.TryGetValue(handle, out ulong[]? times))
        {
            uint which = parameter - Queued;
            value = which < (uint)times.Length ? BitConverter.GetBytes(times[which]) : [];
            return value.Length > 0 ? ClResult.Success : ClResult.InvalidValue;
        }
        nint asked = native;
        if (parameter is >= Queued and <= Start && OpenCl.Beginnings.TryGetValue(handle, out nint beginning))
        {
            asked = beginning;
        }
        ClResult result = Get(out value, (n, p, s) => Cl.GetEventProfilingInfo(asked, parameter, n, p, s));
        if (result != ClResult.Success && OpenCl.Beginnings.TryGetValue(handle, out nint turn))
        {
            // The client's own part of a command has no times on the device: it ends when its turn has come.
            result = Get(out value, (n, p, s) => Cl.GetEventProfilingInfo(turn, parameter, n, p, s));
        }
        return result;
    }

    private ClResult AskFormats(nint context, ulong flags, uint type, out byte[] value)
    {
        uint count = 0;
        ClResult result = Cl.GetSupportedImageFormats(context, flags, type, 0, null, &count);
        value = new byte[count * (uint)sizeof(ClImageFormat)];
        if (result != ClResult.Success || count == 0)
        {
            return result;
        }
        fixed (byte* place = value)
        {
            return Cl.GetSupportedImageFormats(context, flags, type, count, (ClImageFormat*)place, null);
        }
    }

    private bool TryObject(OpenClSubject subject, ulong handle, out nint native)
    {
        HandleKind kind = subject switch
        {
            OpenClSubject.Context or OpenClSubject.Formats => HandleKind.ClContext,
            OpenClSubject.Queue => HandleKind.ClQueue,
            OpenClSubject.Memory or OpenClSubject.Image => HandleKind.ClMemory,
            OpenClSubject.Sampler => HandleKind.ClSampler,
            OpenClSubject.Program or OpenClSubject.Build => HandleKind.ClProgram,
            OpenClSubject.Event or OpenClSubject.Profile => HandleKind.ClEvent,
            _ => HandleKind.ClKernel,
        };
        return Handles.TryGet(kind, handle, out native);
    }

    private bool TryDevice(ulong number, out nint native)
    {
        bool isKnown = number < (ulong)OpenCl.Devices.Count;
        native = isKnown ? OpenCl.Devices[(int)number].Native : 0;
        return isKnown;
    }

    private bool TryDeviceOrNone(ulong number, out nint native)
    {
        native = 0;
        return number == ulong.MaxValue || TryDevice(number, out native);
    }

    private static void SetWord(Span<byte> value, ulong word)
    {
        if (value.Length >= sizeof(ulong))
        {
            BitConverter.TryWriteBytes(value, word);
        }
    }
}
