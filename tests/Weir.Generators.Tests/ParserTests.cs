using FsCheck;
using FsCheck.Fluent;
using Weir.Generators.Model;
using Weir.Generators.Parsing;

namespace Weir.Generators.Tests;

public class ParserTests
{
    private const string Head = """
        api cu CuResult LocalCalls
        type int scalar int
        type char scalar byte
        type CUstream handle Stream 2
        type CUhostFn opaque nint

        """;

    [Theory]
    [InlineData("1 post cuA(int a", "WEIR001")]
    [InlineData("1 send cuA(int a)", "WEIR001")]
    [InlineData("1 op cuA(int a)", "WEIR001")]
    [InlineData("5000 post cuA(int a)", "WEIR001")]
    [InlineData("1 local cuA(int a)", "WEIR001")]
    [InlineData("type int", "WEIR001")]
    [InlineData("type int number int", "WEIR001")]
    [InlineData("api cu", "WEIR001")]
    [InlineData("refuse cu-A", "WEIR001")]
    [InlineData("refuse cuA@x", "WEIR001")]
    [InlineData("1 post cuA(int)", "WEIR001")]
    [InlineData("1 post cuA(long a)", "WEIR002")]
    [InlineData("1 post cuA(maybe? int* a)", "WEIR003")]
    [InlineData("1 post cuA(in? int a)", "WEIR008")]
    [InlineData("1 post cuA(new[3] CUstream* a)", "WEIR003")]
    [InlineData("1 post cuA() carry=no\n1 post cuB()", "WEIR004")]
    [InlineData("post cuA()", "WEIR005")]
    [InlineData("1 post cuA() carry=no\nrefuse cuA", "WEIR006")]
    [InlineData("1 post cuA() carry=no\n2 post cuA_v2()", "WEIR007")]
    [InlineData("type int scalar int", "WEIR007")]
    [InlineData("1 post cuA(int* a)", "WEIR008")]
    [InlineData("1 post cuA(out int* a)", "WEIR008")]
    [InlineData("1 call cuA(out CUstream* a)", "WEIR008")]
    [InlineData("1 call cuA(cstr int* a)", "WEIR008")]
    [InlineData("1 call cuA(CUhostFn a)", "WEIR008")]
    [InlineData("1 call cuA(void a)", "WEIR008")]
    [InlineData("1 call cuA(out void* a)", "WEIR008")]
    [InlineData("1 call cuA(int a, int a)", "WEIR008")]
    [InlineData("1 call cuA(del int a)", "WEIR008")]
    [InlineData("1 call cuA(int a) ptsz", "WEIR008")]
    [InlineData("1 call cuA(int a) wobbly", "WEIR009")]
    [InlineData("1 call cuA(int a) since=x", "WEIR009")]
    [InlineData("1 call cuA(int a) ptds=Nothing", "WEIR011")]
    [InlineData("1 call cuA(in[n] int* a)", "WEIR013")]
    [InlineData("1 call cuA(int a)", "WEIR014")]
    [InlineData("1 call cuA(int a) carry=never", "WEIR014")]
    [InlineData("1 call cuA(int a) carry=work:a", "WEIR014")]
    [InlineData("1 call cuA(int a) carry=new", "WEIR014")]
    [InlineData("1 call cuA(int a) carry=set:b", "WEIR014")]
    [InlineData("1 call cuA(cstr char* a, int b) carry=set:b", "WEIR014")]
    [InlineData("1 call cuA(new CUstream* a) carry=no", "WEIR014")]
    [InlineData("1 call cuA(del CUstream a) carry=work", "WEIR014")]
    [InlineData("1 call cuA(int a) carry=somehow", "WEIR009")]
    [InlineData("local cuA(int a) carry=no", "WEIR014")]
    public void A_wrong_line_is_reported_with_its_id_and_place(string line, string id)
    {
        ApiDiagnostic diagnostic = Assert.Single(Descriptions.Build(("x.api", Head + line)).Diagnostics);
        Assert.Equal((id, "x.api"), (diagnostic.Id, diagnostic.Path));
        Assert.Equal(Head.Count(c => c == '\n') + 1 + line.Count(c => c == '\n'), diagnostic.Line);
    }

    [Fact]
    public void A_call_before_the_family_is_reported() =>
        Assert.Equal("WEIR010", Assert.Single(Descriptions.Build(("x.api", "1 post cuA()")).Diagnostics).Id);

    [Fact]
    public void Every_id_has_a_descriptor()
    {
        foreach (int number in Enumerable.Range(1, 14))
        {
            Assert.Equal($"WEIR{number:000}", DiagnosticCatalog.Descriptor($"WEIR{number:000}").Id);
        }
    }

    [Fact]
    public void Lines_continue_and_comments_document()
    {
        ApiResult result = Descriptions.Build(
            (
                "x.api",
                Head
                    + "## Does\n## much.\n7 call cuA_v3(int a,\n    CUstream s) since=4000\n  ptsz carry=no # no comment here\n"
            )
        );
        // The trailing text is no attribute.
        Assert.Equal("WEIR009", Assert.Single(result.Diagnostics).Id);
        result = Descriptions.Build(
            ("x.api", Head + "## Does\n## much.\n7 call cuA_v3(int a,\n    CUstream s) since=4000\n  ptsz carry=no\n")
        );
        ApiCall call = Assert.Single(result.Set.Calls);
        Assert.Equal(("A", 7, "Does much."), (call.Name, call.Number, call.Doc));
        Assert.Equal([new("cuA_v3", "cuA", 4000, ""), new("cuA_v3_ptsz", "cuA", 7000, "cuA_v3")], call.Exports);
    }

    [Fact]
    public void The_project_s_own_description_is_sound()
    {
        ApiResult result = Descriptions.Build(Descriptions.Real());
        Assert.Empty(result.Diagnostics);
        Assert.True(result.Set.Calls.Count > 400);
    }

    [Fact]
    public void No_text_makes_the_parser_throw()
    {
        string[] texts = [.. Descriptions.Real().Select(f => f.Text), Descriptions.Resource("Sample.api")];
        char[] special = [.. "()[]*?,=@#\n \t_0aZ\0\u00e9-"];
        Gen<string> mutated =
            from text in Gen.Elements(texts)
            from edits in Gen.Choose(0, int.MaxValue).ArrayOf(8)
            select edits.Aggregate(
                text,
                (t, edit) =>
                {
                    int at = edit % (t.Length + 1);
                    char c = special[edit / 7 % special.Length];
                    return (edit % 3) switch
                    {
                        0 => t.Insert(at, c.ToString()),
                        1 => t.Remove(
                            Math.Min(at, t.Length),
                            Math.Min(edit / 11 % 40, t.Length - Math.Min(at, t.Length))
                        ),
                        _ => at < t.Length ? t.Remove(at, 1).Insert(at, c.ToString()) : t,
                    };
                }
            );
        Prop.ForAll(mutated.ToArbitrary(), text => Descriptions.Build(("x.api", text)).Set is not null)
            .Check(Config.QuickThrowOnFailure.WithReplay(20261121, 3).WithMaxTest(400));
    }

    [Fact]
    public void No_short_text_makes_the_parser_throw() =>
        Prop.ForAll(
                Gen.Elements(
                        "api cu R L\n",
                        "1 ",
                        "post ",
                        "call ",
                        "op ",
                        "cuA",
                        "(",
                        ")",
                        ",",
                        "int ",
                        "* ",
                        "in",
                        "[",
                        "]",
                        "?",
                        "=",
                        "@",
                        "refuse ",
                        "type ",
                        "\n",
                        " ",
                        "x"
                    )
                    .ArrayOf()
                    .Select(string.Concat)
                    .ToArbitrary(),
                text => Descriptions.Build(("x.api", text)).Set is not null
            )
            .Check(Config.QuickThrowOnFailure.WithReplay(20261121, 5).WithMaxTest(3000));
}
