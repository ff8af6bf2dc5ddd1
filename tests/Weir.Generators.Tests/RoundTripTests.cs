using FsCheck;
using FsCheck.Fluent;

namespace Weir.Generators.Tests;

/// <summary>What the emitted client encodes, the emitted worker decodes; both run here against each other.</summary>
public class RoundTripTests(EmittedProgram program) : IClassFixture<EmittedProgram>
{
    private static readonly Config Seeded = Config.QuickThrowOnFailure.WithReplay(20261121, 7).WithMaxTest(300);

    [Fact]
    public void Numbers_arrive_as_they_were_passed() =>
        Prop.ForAll<(int, uint, ulong), (ulong, int)>(
                (x, y) =>
                {
                    float e = BitConverter.Int32BitsToSingle(y.Item2 & 0x7F7FFFFF);
                    string expected = FormattableString.Invariant(
                        $"Numbers {x.Item1} {x.Item2} {x.Item3} {y.Item1} {e:R} {(Weir.Api.CUlimit)(y.Item2 & 7)}"
                    );
                    Assert.Equal(
                        ["Success", expected],
                        program.Run("Numbers", x.Item1, x.Item2, x.Item3, y.Item1, e, y.Item2 & 7)
                    );
                }
            )
            .Check(Seeded);

    [Theory]
    [InlineData(int.MinValue, uint.MaxValue, ulong.MaxValue, ulong.MaxValue, float.NegativeInfinity)]
    [InlineData(-1, 0u, 0x8000000000000000ul, 1ul, -0.0f)]
    public void Corner_values_arrive(int a, uint b, ulong c, ulong d, float e) =>
        Assert.Equal(
            ["Success", FormattableString.Invariant($"Numbers {a} {b} {c} {d} {e:R} StackSize")],
            program.Run("Numbers", a, b, c, d, e, 0)
        );

    [Fact]
    public void Answers_come_back_and_a_null_place_is_an_error_unless_it_is_optional() =>
        Assert.Equal(["Success -5 1.5 43 640 0 4 Success InvalidValue"], program.Run("Outputs"));

    [Fact]
    public void Structures_and_strings_arrive_and_null_is_an_error_unless_they_are_optional() =>
        Assert.Equal(
            ["Inputs 3x4 3 one eight888", "Inputs 3x4 null  null", "InvalidValue", "InvalidValue"],
            program.Run("Inputs")
        );

    [Fact]
    public void Arrays_of_any_length_arrive_and_come_back() =>
        Prop.ForAll<int[]>(values =>
                Assert.Equal(
                    [
                        "Success True 9 Success InvalidValue",
                        $"Arrays {values.Length} bytes 9",
                        $"Arrays {values.Length} null null",
                    ],
                    program.Run("Arrays", values)
                )
            )
            .Check(Seeded);

    [Fact]
    public void Handles_live_from_creation_to_destruction() =>
        Assert.Equal(
            [
                "Success Success InvalidHandle InvalidContext Success Success Success InvalidHandle InvalidValue",
                "Use 2 0 1005",
                "Use 2 0 1005",
                "Own 1005",
                "Destroy 1005",
            ],
            program.Run("Life")
        );

    [Fact]
    public void A_posted_creation_that_fails_leaves_a_handle_that_the_worker_refuses() =>
        Assert.Equal(["Success InvalidHandle 0"], program.Run("FailedCreation"));

    [Fact]
    public void Handwritten_calls_aliases_and_per_thread_variants_are_reached() =>
        Assert.Equal(
            [
                "7 56 NotSupported 1",
                "Copy 1 2",
                "CopyAsync 3 4 2",
                "Synchronize 2",
                "CopyAsync 5 6 2",
                "CopyAsync 7 8 153",
                "Make 119",
                "Send 1 3 010203",
            ],
            program.Run("Custom")
        );

    [Fact]
    public void Every_export_has_an_address() => Assert.Equal(21, program.Run("Addresses").Length);

    [Fact]
    public void No_bytes_make_the_decoder_do_anything_but_answer_or_end_the_session() =>
        Prop.ForAll(
                Gen.Choose(0, 24).ToArbitrary(),
                Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf().ToArbitrary(),
                (op, payload) => Assert.NotEmpty(program.Decode(op, payload))
            )
            .Check(Config.QuickThrowOnFailure.WithReplay(20261121, 11).WithMaxTest(5000));

    [Theory]
    [InlineData(0, new byte[0], "refused: unknown operation 0")]
    [InlineData(19, new byte[0], "refused: unknown operation 19")]
    public void Unknown_numbers_end_the_session(int op, byte[] payload, string expected) =>
        Assert.Equal(expected, program.Decode(op, payload));
}
