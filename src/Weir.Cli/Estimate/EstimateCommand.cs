using System.CommandLine;
using System.Globalization;
using Weir.Cli.Pool;
using Weir.Estimates;
using Weir.Estimates.Files;
using Weir.Estimates.Memory;

namespace Weir.Cli.Estimate;

/// <summary>`weir estimate`: what a model needs of a device, and on which it fits.</summary>
internal static class EstimateCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model")
        {
            Description =
                "Folder of a model (config.json, weights), or a .safetensors, .gguf, .onnx or config.json file.",
        };
        var task = Choice("--task", "infer", "train", "finetune", "infer");
        task.Description = "train: all parameters; finetune: small matrices beside them (LoRA); infer: answers.";
        var batch = Whole("--batch", 1, "Sequences at a time, per device.");
        var context = Whole("--context", 2048, "Tokens per sequence.");
        var precision = Choice("--precision", "stored", "stored", "fp32", "bf16", "fp16", "int8", "int4");
        precision.Description = "Width of parameters while computing.";
        var optimizer = Choice("--optimizer", "adam", "adam", "adam8bit", "momentum", "sgd");
        optimizer.Description = "Training: what it keeps per parameter.";
        var recompute = Choice("--recompute", "attention", "none", "attention", "full");
        recompute.Description =
            "Training: none keeps all; attention: without the scores (fused attention); full: only layers' inputs.";
        var rank = Whole("--lora-rank", 16, "Fine-tuning: rank of the matrices that are learned.");
        var devices = Whole("--devices", 1, "Devices that work together.");
        var zero = Whole("--zero", 0, "Training: divide 1 optimizer, 2 also gradients, 3 also parameters among them.");
        Option<string> output = OutputFormat.Option();
        var command = new Command("estimate", "Tell how much memory a model needs, and which devices have it.")
        {
            model,
            task,
            batch,
            context,
            precision,
            optimizer,
            recompute,
            rank,
            devices,
            zero,
            output,
        };
        command.SetAction(
            (parsed, _) =>
                PoolCommand.Guard(async () =>
                {
                    try
                    {
                        ModelFacts facts = ModelReader.Read(parsed.GetValue(model)!);
                        string width = parsed.GetValue(precision)!;
                        if (width == "int4")
                        {
                            facts = facts with { WeightBytes = facts.Parameters / 2 };
                        }
                        var request = new EstimateRequest
                        {
                            Task = Enum.Parse<ModelTask>(parsed.GetValue(task)!, ignoreCase: true),
                            Batch = parsed.GetValue(batch),
                            Context = parsed.GetValue(context),
                            ParameterBytes = width switch
                            {
                                "fp32" => 4,
                                "bf16" or "fp16" => 2,
                                "int8" => 1,
                                _ => null,
                            },
                            Optimizer = Enum.Parse<OptimizerKind>(parsed.GetValue(optimizer)!, ignoreCase: true),
                            Recompute = Enum.Parse<Recompute>(parsed.GetValue(recompute)!, ignoreCase: true),
                            LoraRank = parsed.GetValue(rank),
                            Devices = (int)Math.Clamp(parsed.GetValue(devices), 0, int.MaxValue),
                            ZeroStage = (int)Math.Clamp(parsed.GetValue(zero), -1, int.MaxValue),
                        };
                        MemoryEstimate estimate = MemoryEstimator.Estimate(facts, request);
                        EstimateReport report = EstimateReport.Of(
                            facts,
                            request,
                            estimate,
                            await Fitting.DevicesAsync()
                        );
                        return parsed.GetValue(output) == "json"
                            ? PoolCommand.Json(report, EstimateJson.Default.EstimateReport)
                            : Print(report, request);
                    }
                    catch (Exception error) when (error is ModelFileException or ArgumentException)
                    {
                        await Console.Error.WriteLineAsync($"weir: {error.Message}");
                        return ExitCodes.Failure;
                    }
                })
        );
        return command;
    }

    private static int Print(EstimateReport report, EstimateRequest request)
    {
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{report.Model}: {report.Parameters / 1e9:0.###} billion parameters, {report.Task}, "
                    + $"batch {request.Batch}, context {request.Context}"
            )
        );
        Console.WriteLine();
        foreach (MemoryPart part in report.Parts)
        {
            Console.WriteLine($"  {part.Name, -26}{Sizes.Text((ulong)part.Bytes), 10}");
        }
        Console.WriteLine(
            $"  {(request.Devices > 1 ? "on each device" : "in all"), -26}{Sizes.Text((ulong)report.Bytes), 10}"
        );
        Console.WriteLine();
        PoolCommand.Table(
            "",
            [report.FromPool ? "DEVICE OF THE POOL" : "CARD", "MEMORY", "FITS", "SHARE"],
            report.Fits.Select(fit =>
                (string[])
                    [
                        fit.Device,
                        Sizes.Text((ulong)fit.MemoryBytes),
                        fit.Share is null ? "no" : "yes",
                        fit.Share is { } share ? string.Create(CultureInfo.InvariantCulture, $"{share:0.##}") : "–",
                    ]
            )
        );
        Console.WriteLine();
        if (report.Command is { } command)
        {
            Console.WriteLine($"  {command}");
        }
        else
        {
            Console.WriteLine(
                "It fits on none of these: more --devices with --zero, a smaller --batch or --recompute full need less."
            );
        }
        foreach (string note in report.Notes)
        {
            Console.WriteLine($"  note: {note}");
        }
        return ExitCodes.Success;
    }

    private static Option<string> Choice(string name, string otherwise, params string[] values)
    {
        var option = new Option<string>(name) { DefaultValueFactory = _ => otherwise };
        option.AcceptOnlyFromAmong(values);
        return option;
    }

    private static Option<long> Whole(string name, long otherwise, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => otherwise };
}
