using System.Runtime;
using System.Runtime.InteropServices;

namespace Weir.Worker.Launching
{
    /// <summary>
    /// The linked-in runtime would ignore SIGPIPE before Main runs, and exec hands that down to the program. It gets this
    /// instead of the C library's function (linker option <c>--wrap</c>).
    /// </summary>
    internal static unsafe class UntouchedSignals
    {
        [RuntimeExport("__wrap_signal")]
        internal static void* Signal(int signal, void* handler) => null;

        /// <summary>The C library's own function, for the roles that do want a signal ignored (1) or as by default (0).</summary>
        [DllImport("libc", EntryPoint = "__real_signal")]
        internal static extern nint Set(int number, nint handler);
    }
}

namespace System.Runtime
{
    /// <summary>
    /// Known to the ahead-of-time compiler by name: the static method is emitted as a plain symbol of that name, entered
    /// without any transition into the runtime.
    /// </summary>
    [AttributeUsage(AttributeTargets.Method)]
    internal sealed class RuntimeExportAttribute(string entryPoint) : Attribute
    {
        public string EntryPoint { get; } = entryPoint;
    }
}
