using Weir.Wire;

namespace Weir.Shim;

/// <summary>Equally long rows at equal distances, all in bytes.</summary>
internal readonly struct Rows(ulong address, ulong pitch, ulong width, ulong count)
{
    internal readonly ulong Address = address;
    internal readonly ulong Pitch = pitch;
    internal readonly ulong Width = width;
    internal readonly ulong Count = count;

    /// <summary>Rows without gaps are one long row.</summary>
    internal bool IsLinear => Count == 1 || Pitch == Width;
}

/// <summary>What goes through one chunk.</summary>
internal unsafe struct RowPart
{
    internal ulong Device;
    internal ulong DevicePitch;
    internal byte* Host;
    internal ulong HostPitch;
    internal ulong Width;
    internal ulong Count;
}

/// <summary>Cuts a copy into parts that fit a staging chunk: whole rows where they fit, else pieces of a row.</summary>
internal unsafe struct RowWalk
{
    private const ulong Limit = SegmentLayout.ChunkBytes;

    private readonly Rows _device;
    private readonly Rows _host;
    private ulong _row;
    private ulong _column;

    internal RowWalk(Rows device, Rows host)
    {
        if (device.IsLinear && host.IsLinear)
        {
            var bytes = device.Width * device.Count;
            device = new Rows(device.Address, bytes, bytes, 1);
            host = new Rows(host.Address, bytes, bytes, 1);
        }
        _device = device;
        _host = host;
        _row = 0;
        _column = 0;
    }

    internal bool TryNext(out RowPart part)
    {
        part = default;
        if (_row >= _device.Count || _device.Width == 0)
        {
            return false;
        }
        part.DevicePitch = _device.Pitch;
        part.HostPitch = _host.Pitch;
        part.Device = _device.Address + _row * _device.Pitch + _column;
        part.Host = (byte*)(_host.Address + _row * _host.Pitch + _column);
        if (_device.Width > Limit)
        {
            var left = _device.Width - _column;
            part.Width = left < Limit ? left : Limit;
            part.Count = 1;
            _column += part.Width;
            if (_column == _device.Width)
            {
                _column = 0;
                _row++;
            }
            return true;
        }
        var rows = Limit / _device.Width;
        var rest = _device.Count - _row;
        part.Width = _device.Width;
        part.Count = rest < rows ? rest : rows;
        _row += part.Count;
        return true;
    }
}
