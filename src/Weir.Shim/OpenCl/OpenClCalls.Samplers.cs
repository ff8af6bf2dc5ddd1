using Weir.Api;

namespace Weir.Shim;

/// <content>Samplers.</content>
internal static unsafe partial class OpenClCalls
{
    internal static nint CreateSampler(
        nint context,
        uint normalized_coords,
        uint addressing_mode,
        uint filter_mode,
        int* errcode_ret
    ) => MakeSampler(context, normalized_coords, addressing_mode, filter_mode, null, 0, errcode_ret);

    internal static nint CreateSamplerWithProperties(nint context, ulong* sampler_properties, int* errcode_ret)
    {
        const uint ClampToEdge = 0x1131;
        const uint Nearest = 0x1140;
        uint normalized = 1;
        uint addressing = ClampToEdge + 1;
        uint filter = Nearest;
        uint bytes = 8;
        uint seen = 0;
        for (var p = sampler_properties; p != null && *p != 0; p += 2, bytes += 16)
        {
            var bit = *p is >= 0x1152 and <= 0x1154 ? 1u << (int)(*p - 0x1152) : 0;
            if (bit == 0 || (seen & bit) != 0)
            {
                return Fail(ClResult.InvalidValue, errcode_ret);
            }
            seen |= bit;
            normalized = bit == 1 ? (uint)p[1] : normalized;
            addressing = bit == 2 ? (uint)p[1] : addressing;
            filter = bit == 4 ? (uint)p[1] : filter;
        }
        return MakeSampler(context, normalized, addressing, filter, sampler_properties, bytes, errcode_ret);
    }

    private static nint MakeSampler(
        nint context,
        uint normalized,
        uint addressing,
        uint filter,
        void* properties,
        uint propertyBytes,
        int* code
    )
    {
        var owner = ClObject.Of(context, HandleKind.ClContext);
        if (owner == null)
        {
            return Fail(ClResult.InvalidContext, code);
        }
        if (normalized > 1 || addressing is < 0x1130 or > 0x1134 || filter is < 0x1140 or > 0x1141)
        {
            return Fail(ClResult.InvalidValue, code);
        }
        ClientThread* thread;
        var result = Enter(&thread);
        nint handle = 0;
        if (result == ClResult.Success)
        {
            result = WireCalls.ClCreateSampler(thread, &handle, owner->Handle, normalized, addressing, filter);
        }
        if (result != ClResult.Success)
        {
            return Fail(result, code);
        }
        var made = ClObject.Adopt(handle, owner);
        if (made != null && !KeepProperties(made, properties, propertyBytes))
        {
            ClObject.Unuse(made);
            made = null;
        }
        return Give(made, code);
    }

    internal static ClResult RetainSampler(nint sampler) =>
        ClObject.Retain(sampler, HandleKind.ClSampler, ClResult.InvalidSampler);

    internal static ClResult ReleaseSampler(nint sampler) =>
        ClObject.Release(sampler, HandleKind.ClSampler, ClResult.InvalidSampler);

    internal static ClResult GetSamplerInfo(
        nint sampler,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    )
    {
        var found = ClObject.Of(sampler, HandleKind.ClSampler);
        if (found == null)
        {
            return ClResult.InvalidSampler;
        }
        return param_name switch
        {
            0x1150 => Answer((uint)found->References, param_value_size, param_value, param_value_size_ret),
            0x1151 => Answer((nint)found->Context, param_value_size, param_value, param_value_size_ret),
            0x1158 => Answer(
                found->Properties,
                found->PropertyBytes,
                param_value_size,
                param_value,
                param_value_size_ret
            ),
            _ => Ask(
                OpenClSubject.Sampler,
                (ulong)found->Handle,
                0,
                param_name,
                param_value_size,
                param_value,
                param_value_size_ret
            ),
        };
    }
}
