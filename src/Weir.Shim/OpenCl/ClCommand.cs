using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// What all commands of a queue have in common: the queue, what is waited for, and the event that the program gets. Not to be copied.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ClCommand
{
    private const uint Inline = 32;
    private const uint Most = 4096;

    internal ClientThread* Thread;
    internal ClObject* Queue;

    /// <summary>Handles of the events to wait for.</summary>
    internal ulong* Waits;
    internal uint WaitCount;

    /// <summary>Handle of the command's event, 0 for none.</summary>
    internal ulong Event;
    private nint* _given;
    private ClObject* _shared;
    private uint _type;
    private fixed ulong _inline[(int)Inline];

    /// <summary>Look at what the program gave. Whatever the answer, <see cref="Cancel"/> or <see cref="End"/> follows.</summary>
    internal static ClResult Begin(ClCommand* command, nint queue, uint count, nint* list, nint* given, uint type)
    {
        command->Waits = command->_inline;
        command->WaitCount = 0;
        command->Event = 0;
        command->_given = given;
        command->_shared = null;
        command->_type = type;
        command->Queue = ClObject.Of(queue, HandleKind.ClQueue);
        if (command->Queue == null)
        {
            return ClResult.InvalidCommandQueue;
        }
        if ((count == 0) != (list == null) || count > Most)
        {
            return ClResult.InvalidEventWaitList;
        }
        if (count > Inline)
        {
            command->Waits = (ulong*)GuestLibc.Allocate(count * sizeof(ulong));
            if (command->Waits == null)
            {
                command->Waits = command->_inline;
                return ClResult.OutOfHostMemory;
            }
        }
        for (uint i = 0; i < count; i++)
        {
            var waited = ClObject.Of(list[i], HandleKind.ClEvent);
            if (waited == null)
            {
                return ClResult.InvalidEventWaitList;
            }
            if (waited->Context != command->Queue->Context)
            {
                return ClResult.InvalidContext;
            }
            command->Waits[i] = (ulong)waited->Handle;
        }
        command->WaitCount = count;
        if (ClientThread.Enter(&command->Thread) != CuResult.Success)
        {
            return ClResult.OutOfResources;
        }
        return given == null || TryMint(command) ? ClResult.Success : ClResult.OutOfHostMemory;
    }

    /// <summary>Give the command an event, also when the program wants none.</summary>
    internal static bool TryMint(ClCommand* command)
    {
        if (command->Event == 0)
        {
            command->Event = (ulong)Handles.Mint(HandleKind.ClEvent);
        }
        return command->Event != 0;
    }

    /// <summary>The command was not made.</summary>
    internal static ClResult Cancel(ClCommand* command, ClResult result)
    {
        Free(command);
        if (command->Event != 0)
        {
            Handles.Release(HandleKind.ClEvent, (nint)command->Event);
        }
        return result;
    }

    /// <summary>The command was sent, or could not be: the program gets its event.</summary>
    internal static ClResult End(ClCommand* command, ClResult result)
    {
        if (result != ClResult.Success && command->_shared == null)
        {
            return Cancel(command, result);
        }
        Free(command);
        if (command->_given != null)
        {
            var made = command->_shared != null ? command->_shared : Object(command);
            if (made == null)
            {
                return ClResult.OutOfHostMemory;
            }
            *command->_given = (nint)made;
        }
        return result;
    }

    /// <summary>
    /// The command's event has an object already, which the client itself needs: the program gets the same one. Its one reference is the
    /// program's; where the program wants none, nobody can name it.
    /// </summary>
    internal static void Share(ClCommand* command, ClObject* made)
    {
        command->_shared = made;
        if (command->_given != null)
        {
            ClObject.Use(made);
        }
    }

    /// <summary>The program gets an event.</summary>
    internal static bool IsGiven(ClCommand* command) => command->_given != null;

    /// <summary>The object of the command's event.</summary>
    internal static ClObject* Object(ClCommand* command)
    {
        var made = ClObject.Adopt((nint)command->Event, command->Queue->Context);
        if (made != null)
        {
            made->Parent = command->Queue;
            made->Device = command->Queue->Device;
            made->Type = command->_type;
            ClObject.Use(command->Queue);
        }
        return made;
    }

    private static void Free(ClCommand* command)
    {
        if (command->Waits != command->_inline)
        {
            GuestLibc.Free(command->Waits);
            command->Waits = command->_inline;
        }
    }
}
