namespace Weir.Kernels.Codegen;

/// <summary>
/// Functions of the module that sample a texture for all lanes of a warp: <c>void f(descriptor, coordinates…, out)</c>
/// with room for four vectors of 32-bit results. Format, address modes and filter are read from the descriptor and
/// branched on once for all lanes. Coordinates are brought into range, so no lane needs a mask.
/// CUDA Programming Guide, "Texture Fetching".
/// </summary>
internal sealed class TextureFunctions(int lanes)
{
    private readonly Dictionary<string, string> _functions = [];
    private readonly HashSet<string> _declarations = [];

    /// <summary>Text of all functions used.</summary>
    public string Text => string.Concat(_functions.Values);

    /// <summary>Intrinsics that the text needs.</summary>
    public IReadOnlyCollection<string> Declarations => _declarations;

    /// <summary>Name of the function for a number of axes and a kind of coordinates.</summary>
    public string Get(int axes, bool floatCoordinates)
    {
        string name = $"tex_{axes}d_{(floatCoordinates ? "f32" : "s32")}";
        if (!_functions.ContainsKey(name))
        {
            // All corners of a filtered texel come from one function: it holds the forms of all formats.
            string fetch = $"tex_{axes}d_fetch";
            if (!_functions.ContainsKey(fetch))
            {
                _functions[fetch] = new Writer(lanes, axes, floatCoordinates: false, _declarations).WriteFetch(fetch);
            }
            _functions[name] = new Writer(lanes, axes, floatCoordinates, _declarations).Write(name);
        }
        return name;
    }

    /// <summary>Writes one function.</summary>
    private sealed class Writer(int lanes, int axes, bool floatCoordinates, HashSet<string> declarations)
    {
        private static readonly string[] Coordinates = ["%x", "%y", "%z"];
        private readonly LaneBuilder _b = new(lanes);
        private readonly Value[] _size = new Value[axes];
        private readonly Value[] _mode = new Value[axes];
        private Value _base;
        private Value _pitch;
        private Value _format;
        private Value _channels;
        private Value _raw;
        private Value _normalised;

        public string Write(string name)
        {
            ReadDescriptor();
            if (floatCoordinates)
            {
                SampleFloat();
            }
            else
            {
                Value[] index = [.. Coordinates.Take(axes).Select(c => new Value(c, "i32", true))];
                Value[] texel = Fetch(index);
                Store(texel);
            }
            _b.Line("ret void");
            return Finish(name);
        }

        /// <summary>Writes the function that reads the texel at whole coordinates.</summary>
        public string WriteFetch(string name)
        {
            ReadDescriptor();
            Store(FetchHere([.. Coordinates.Take(axes).Select(c => new Value(c, "i32", true))]));
            _b.Line("ret void");
            return Finish(name);
        }

        private string Finish(string name)
        {
            declarations.UnionWith(_b.Declarations);
            string type = _b.VectorOf(floatCoordinates ? "float" : "i32");
            string arguments = string.Concat(Coordinates.Take(axes).Select(c => $", {type} {c}"));
            return $"define internal void @{name}(ptr %desc{arguments}, ptr %out) #1 {{\nentry:\n{_b.SlotText}{_b.BodyText}}}\n";
        }

        private static Value Int(long value) => LaneBuilder.Int("i32", value);

        private static Value F(double value) => LaneBuilder.Float("float", value);

        private Value Field(int offset, string type = "i32") => _b.Load(type, false, _b.Offset("%desc", offset));

        private void ReadDescriptor()
        {
            _base = Field(0, "ptr");
            _pitch = Field(20);
            _format = Field(24);
            _channels = Field(28);
            Value flags = Field(48);
            _raw = _b.Compare("ne", _b.Binary("and", flags, 1), 0);
            _normalised = _b.Compare("ne", _b.Binary("and", flags, 2), 0);
            for (int axis = 0; axis < axes; axis++)
            {
                Value size = Field(8 + 4 * axis);
                _size[axis] = _b.Intrinsic("umax", size, Int(1));
                // Wrap and mirror exist for normalised coordinates only; otherwise they clamp.
                Value mode = Field(32 + 4 * axis);
                Value periodic = _b.Binary("or", _b.Compare("eq", mode, 0), _b.Compare("eq", mode, 2));
                Value clamps = _b.Binary("and", periodic, _b.Not(_normalised));
                _mode[axis] = _b.Select(clamps, Int(1), mode);
            }
        }

        private void SampleFloat()
        {
            Value[] position = new Value[axes];
            for (int axis = 0; axis < axes; axis++)
            {
                position[axis] = Place(axis, new Value(Coordinates[axis], "float", true));
            }
            string linear = _b.NewLabel("linear");
            string point = _b.NewLabel("point");
            string done = _b.NewLabel("done");
            Value filter = _b.Compare("eq", Field(44), 1);
            _b.Branch(_b.Binary("and", filter, _b.Not(_raw)), linear, point);
            _b.Label(point);
            Store(Fetch([.. position.Select(p => ToIndex(_b.Intrinsic("floor", p)))]));
            _b.Branch(done);
            _b.Label(linear);
            Interpolate(position);
            _b.Branch(done);
            _b.Label(done);
        }

        /// <summary>The coordinate in texels, after wrapping or mirroring.</summary>
        private Value Place(int axis, Value coordinate)
        {
            Value floor = _b.Intrinsic("floor", coordinate);
            Value fraction = _b.Binary("fsub", coordinate, floor);
            Value odd = _b.Compare("ne", _b.Binary("and", ToIndex(floor), 1), 0);
            Value mirrored = _b.Select(odd, _b.Binary("fsub", F(1), fraction), fraction);
            Value placed = _b.Select(_b.Compare("eq", _mode[axis], 0), fraction, coordinate);
            placed = _b.Select(_b.Compare("eq", _mode[axis], 2), mirrored, placed);
            Value scaled = _b.Binary("fmul", placed, _b.Cast("uitofp", _size[axis], "float"));
            return _b.Select(_normalised, scaled, coordinate);
        }

        private Value ToIndex(Value value)
        {
            Value low = _b.Select(_b.CompareFloat("olt", value, F(-2147483648.0)), F(-2147483648.0), value);
            Value high = _b.Select(_b.CompareFloat("ogt", low, F(2147483520.0)), F(2147483520.0), low);
            Value number = _b.Select(_b.CompareFloat("uno", high, high), F(0), high);
            return _b.Cast("fptosi", number, "i32");
        }

        private void Interpolate(Value[] position)
        {
            Value[] low = new Value[axes];
            Value[] weight = new Value[axes];
            for (int axis = 0; axis < axes; axis++)
            {
                Value centred = _b.Binary("fsub", position[axis], F(0.5));
                Value floor = _b.Intrinsic("floor", centred);
                low[axis] = ToIndex(floor);
                // Weights have eight fraction bits.
                Value steps = _b.Intrinsic("roundeven", _b.Binary("fmul", _b.Binary("fsub", centred, floor), F(256)));
                weight[axis] = _b.Binary("fmul", steps, F(1.0 / 256));
            }
            Value[] sum = [];
            for (int corner = 0; corner < 1 << axes; corner++)
            {
                Value[] index = new Value[axes];
                Value factor = default;
                for (int axis = 0; axis < axes; axis++)
                {
                    bool high = (corner >> axis & 1) != 0;
                    index[axis] = high ? _b.Binary("add", low[axis], 1) : low[axis];
                    Value part = high ? weight[axis] : _b.Binary("fsub", F(1), weight[axis]);
                    factor = axis == 0 ? part : _b.Binary("fmul", factor, part);
                }
                Value[] texel = Fetch(index);
                Value[] terms = Array.ConvertAll(texel, t => _b.Binary("fmul", factor, _b.Cast("bitcast", t, "float")));
                sum = corner == 0 ? terms : [.. sum.Zip(terms, (a, b) => _b.Binary("fadd", a, b))];
            }
            Store([.. sum.Select(s => _b.Cast("bitcast", s, "i32"))]);
        }

        private void Store(Value[] texel)
        {
            for (int c = 0; c < 4; c++)
            {
                _b.Store(_b.Splat(texel[c]), _b.Offset("%out", 4L * c * lanes));
            }
        }

        private Value[] Fetch(Value[] index)
        {
            string texel = _b.Alloca($"[4 x {_b.VectorOf("i32")}]", zero: false);
            string arguments = string.Concat(index.Select(i => ", " + _b.Arg(_b.Splat(i))));
            _b.Line($"call void @tex_{axes}d_fetch(ptr %desc{arguments}, ptr {texel})");
            return [.. Enumerable.Range(0, 4).Select(c => _b.Load("i32", true, _b.Offset(texel, 4L * c * lanes)))];
        }

        /// <summary>Four channels of the texel at whole coordinates, address modes applied.</summary>
        private Value[] FetchHere(Value[] index)
        {
            Value? outside = null;
            Value[] inside = new Value[axes];
            for (int axis = 0; axis < axes; axis++)
            {
                (inside[axis], Value beyond) = Address(index[axis], _size[axis], _mode[axis]);
                outside = outside is { } other ? _b.Binary("or", other, beyond) : beyond;
            }
            Value two = _b.Binary("or", _b.Compare("eq", _format, 2), _b.Compare("eq", _format, 9));
            two = _b.Binary("or", two, _b.Compare("eq", _format, 0x10));
            Value one = _b.Binary("or", _b.Compare("eq", _format, 1), _b.Compare("eq", _format, 8));
            Value channelBytes = _b.Select(one, Int(1), _b.Select(two, Int(2), Int(4)));
            Value texelBytes = _b.Binary("mul", channelBytes, _channels);
            Value offset = _b.Binary("mul", inside[0], texelBytes);
            if (axes > 1)
            {
                Value row = inside[1];
                if (axes > 2)
                {
                    row = _b.Binary("add", row, _b.Binary("mul", inside[2], _size[1]));
                }
                offset = _b.Binary("add", offset, _b.Binary("mul", row, _pitch));
            }
            return Read(offset, outside!.Value, one, two);
        }

        /// <summary>An index brought into range, and whether the border takes its place.</summary>
        private (Value Index, Value Outside) Address(Value index, Value size, Value mode)
        {
            Value last = _b.Binary("sub", size, 1);
            Value clamped = _b.Intrinsic("smin", _b.Intrinsic("smax", index, Int(0)), last);
            Value beyond = _b.Compare("uge", index, size);
            Value border = _b.Binary("and", beyond, _b.Compare("eq", mode, 3));
            string slot = _b.Alloca(_b.VectorOf("i32"), zero: false);
            _b.Store(clamped, slot);
            string periodic = _b.NewLabel("periodic");
            string done = _b.NewLabel("addressed");
            Value wraps = _b.Compare("eq", mode, 0);
            Value repeats = _b.Binary("or", wraps, _b.Compare("eq", mode, 2));
            _b.Branch(_b.Binary("and", repeats, _b.Any(beyond)), periodic, done);
            _b.Label(periodic);
            Value period = _b.Select(wraps, size, _b.Binary("shl", size, 1));
            Value wide = _b.Resize(index, "i64", true);
            Value remainder = _b.Binary("srem", wide, _b.Resize(period, "i64", false));
            Value fixedUp = _b.Binary("add", remainder, _b.Resize(period, "i64", false));
            Value positive = _b.Select(_b.Compare("slt", remainder, 0), fixedUp, remainder);
            Value wrapped = _b.Resize(positive, "i32", false);
            Value back = _b.Binary("sub", _b.Binary("sub", period, 1), wrapped);
            Value mirrored = _b.Select(_b.Compare("ult", wrapped, size), wrapped, back);
            Value chosen = _b.Select(wraps, wrapped, mirrored);
            _b.Store(_b.Select(beyond, chosen, clamped), slot);
            _b.Branch(done);
            _b.Label(done);
            return (_b.Load("i32", true, slot), border);
        }

        private Value[] Read(Value offset, Value outside, Value one, Value two)
        {
            string[] slots = [.. Enumerable.Range(0, 4).Select(_ => _b.Alloca(_b.VectorOf("i32"), zero: false))];
            foreach (string slot in slots)
            {
                _b.Store(_b.Splat(Int(0)), slot);
            }
            string done = _b.NewLabel("read");
            foreach (int count in new[] { 1, 2, 4 })
            {
                string mine = _b.NewLabel("channels");
                string next = _b.NewLabel("more");
                _b.Branch(_b.Compare("eq", _channels, count), mine, next);
                _b.Label(mine);
                ReadChannels(offset, count, one, two, slots, done);
                _b.Label(next);
            }
            _b.Branch(done);
            _b.Label(done);
            return [.. slots.Select(slot => _b.Select(outside, Int(0), _b.Load("i32", true, slot)))];
        }

        private void ReadChannels(Value offset, int count, Value one, Value two, string[] slots, string done)
        {
            string bytes = _b.NewLabel("bytes");
            string notBytes = _b.NewLabel("notbytes");
            string halves = _b.NewLabel("halves");
            string words = _b.NewLabel("words");
            _b.Branch(one, bytes, notBytes);
            _b.Label(notBytes);
            _b.Branch(two, halves, words);
            _b.Label(bytes);
            WriteChannels(Split(offset, count, 8), 8, slots);
            _b.Branch(done);
            _b.Label(halves);
            WriteChannels(Split(offset, count, 16), 16, slots);
            _b.Branch(done);
            _b.Label(words);
            for (int c = 0; c < count; c++)
            {
                _b.Store(Gather(offset, 4 * c), slots[c]);
            }
            _b.Branch(done);
        }

        /// <summary>
        /// Channels of less than 32 bits, cut out of the aligned word that holds them: there is no gather of bytes, and
        /// an aligned word never crosses into another page.
        /// </summary>
        private Value[] Split(Value offset, int count, int bits)
        {
            Value[] channels = new Value[count];
            int texelBits = count * bits;
            if (texelBits < 32)
            {
                Value word = Gather(_b.Binary("and", offset, -4), 0);
                Value shift = _b.Binary("shl", _b.Binary("and", offset, 3), 3);
                word = _b.Binary("lshr", word, shift);
                for (int c = 0; c < count; c++)
                {
                    channels[c] = c == 0 ? word : _b.Binary("lshr", word, c * bits);
                }
                return channels;
            }
            for (int c = 0; c < count; c++)
            {
                int at = c * bits;
                Value word = at % 32 == 0 ? Gather(offset, at / 8) : channels[c - 1];
                channels[c] = at % 32 == 0 ? word : _b.Binary("lshr", word, bits);
            }
            return channels;
        }

        private void WriteChannels(Value[] channels, int bits, string[] slots)
        {
            Value signed = _b.Binary("or", _b.Compare("eq", _format, 8), _b.Compare("eq", _format, 9));
            Value half = _b.Compare("eq", _format, 0x10);
            string signedWay = _b.NewLabel("signed");
            string rest = _b.NewLabel("rest");
            string unsignedWay = _b.NewLabel("unsigned");
            string halfWay = _b.NewLabel("half");
            string end = _b.NewLabel("converted");
            _b.Branch(signed, signedWay, rest);
            _b.Label(rest);
            _b.Branch(half, halfWay, unsignedWay);

            _b.Label(unsignedWay);
            for (int c = 0; c < channels.Length; c++)
            {
                Value number = _b.Binary("and", channels[c], (1L << bits) - 1);
                Value scaled = Quotient(_b.Cast("uitofp", number, "float"), (1 << bits) - 1);
                _b.Store(_b.Select(_raw, number, _b.Cast("bitcast", scaled, "i32")), slots[c]);
            }
            _b.Branch(end);

            _b.Label(signedWay);
            for (int c = 0; c < channels.Length; c++)
            {
                Value number = _b.Binary("ashr", _b.Binary("shl", channels[c], 32 - bits), 32 - bits);
                Value scaled = Quotient(_b.Cast("sitofp", number, "float"), (1 << (bits - 1)) - 1);
                scaled = _b.Select(_b.CompareFloat("olt", scaled, F(-1)), F(-1), scaled);
                _b.Store(_b.Select(_raw, number, _b.Cast("bitcast", scaled, "i32")), slots[c]);
            }
            _b.Branch(end);

            _b.Label(halfWay);
            for (int c = 0; c < channels.Length; c++)
            {
                Value number = _b.Cast("bitcast", _b.Cast("trunc", channels[c], "i16"), "half");
                _b.Store(_b.Cast("bitcast", _b.Cast("fpext", number, "float"), "i32"), slots[c]);
            }
            _b.Branch(end);
            _b.Label(end);
        }

        /// <summary>
        /// The correctly rounded quotient by a constant, without a division: an estimate and one correction. A test
        /// tries every value that can occur.
        /// </summary>
        private Value Quotient(Value value, int divisor)
        {
            float reciprocal = 1f / divisor;
            Value estimate = _b.Binary("fmul", value, F(reciprocal));
            Value error = _b.Intrinsic("fma", estimate, F(-divisor), value);
            return _b.Intrinsic("fma", error, F(reciprocal), estimate);
        }

        private Value Gather(Value offset, int bytes)
        {
            string place = _b.Offset(_base.Text, bytes);
            Value pointers = _b.Assign($"getelementptr i8, ptr {place}, {_b.Arg(_b.Splat(offset))}", "ptr", true);
            return _b.Call(
                $"llvm.masked.gather.{_b.Mangle("i32", true)}.{_b.Mangle("ptr", true)}",
                _b.VectorOf("i32"),
                "i32",
                true,
                _b.Arg(pointers),
                "i32 1",
                _b.Arg(_b.Splat(LaneBuilder.Int("i1", 1))),
                $"{_b.VectorOf("i32")} zeroinitializer"
            );
        }
    }
}
