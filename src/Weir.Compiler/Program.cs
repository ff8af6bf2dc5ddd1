using System.Globalization;
using Weir.Compiler;
using Weir.Compiler.Describe;
using Weir.Kernels.Service;

// weir-compiler [--socket NAME] [--parent-pid PID] [--idle-seconds N] [--limit-seconds N] [--shared 1]
// weir-compiler --describe FILE [--entry NAME] [--ir] [--llvm] [--asm]
if (args is ["--describe", ..])
{
    return DescribeCommand.Run(args.AsSpan(1));
}

string socket = CompileAddress.Default;
int parent = 0;
TimeSpan idle = TimeSpan.FromSeconds(60);
TimeSpan limit = TimeSpan.FromSeconds(120);
bool shared = false;
for (int i = 0; i < args.Length; i += 2)
{
    string value = i + 1 < args.Length ? args[i + 1] : "";
    bool number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int n);
    switch (args[i])
    {
        case "--socket" when value.Length is > 0 and < 100:
            socket = value;
            break;
        case "--parent-pid" when number:
            parent = n;
            break;
        case "--idle-seconds" when number:
            idle = TimeSpan.FromSeconds(n);
            break;
        case "--limit-seconds" when number && n > 0:
            limit = TimeSpan.FromSeconds(n);
            break;
        case "--shared":
            shared = value == "1";
            break;
        default:
            Console.Error.WriteLine($"weir-compiler: '{args[i]} {value}' is not understood");
            return 2;
    }
}

var cache = new KernelCache(KernelCache.DefaultFolder);
using CompileServer? server = CompileServer.TryListen(socket, limit, shared ? cache : null, cache);
if (server is null)
{
    // Another one serves this name already, which is all that was asked for.
    return 0;
}
new Thread(server.Run) { IsBackground = true, Name = "accept" }.Start();
CompileServer.WarmUp();
cache.Trim();
Lifetime.WaitForEnd(server, parent, idle, finishes: !shared);
return 0;
