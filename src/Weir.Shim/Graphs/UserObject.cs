using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim.Graphs;

/// <summary>
/// Something of the program's with a destructor, kept alive by references of the program and of graphs. Known by its address: all live ones
/// are in a list.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct UserObject
{
    /// <summary>A lock of their own: the thread of host functions lets go of them, and may not wait for one that waits for it.</summary>
    private static GuestLock s_lock;
    private static UserObject* s_all;

    private UserObject* _next;
    private void* _pointer;
    private nint _destroy;
    private long _references;

    internal static UserObject* Create(void* pointer, nint destroy, uint references)
    {
        var made = (UserObject*)GuestLibc.Allocate((nuint)sizeof(UserObject));
        if (made != null)
        {
            s_lock.Enter();
            *made = new UserObject
            {
                _next = s_all,
                _pointer = pointer,
                _destroy = destroy,
                _references = references,
            };
            s_all = made;
            s_lock.Leave();
        }
        return made;
    }

    /// <summary>The live object at an address; null when there is none.</summary>
    internal static UserObject* Of(nint handle)
    {
        s_lock.Enter();
        var found = s_all;
        while (found != null && found != (UserObject*)handle)
        {
            found = found->_next;
        }
        s_lock.Leave();
        return found;
    }

    internal static void Retain(UserObject* user, uint count) => _ = Interlocked.Add(ref user->_references, count);

    /// <summary>Give references back; with the last one the program's destructor is called.</summary>
    internal static CuResult Release(UserObject* user, uint count)
    {
        s_lock.Enter();
        var isOurs = count <= user->_references;
        var isLast = isOurs && (user->_references -= count) == 0;
        if (isLast)
        {
            Forget(user);
        }
        s_lock.Leave();
        if (isLast)
        {
            ((delegate* unmanaged[SuppressGCTransition]<void*, void>)user->_destroy)(user->_pointer);
            GuestLibc.Free(user);
        }
        return isOurs ? CuResult.Success : CuResult.InvalidValue;
    }

    private static void Forget(UserObject* user)
    {
        if (s_all == user)
        {
            s_all = user->_next;
            return;
        }
        var before = s_all;
        while (before->_next != user)
        {
            before = before->_next;
        }
        before->_next = user->_next;
    }
}

/// <summary>References that a graph holds to one user object.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct UserReference
{
    private UserReference* _next;
    private UserObject* _user;
    private uint _count;

    /// <summary>Let the graph hold <paramref name="count"/> references; they are there already.</summary>
    internal static CuResult Add(Graph* graph, UserObject* user, uint count)
    {
        for (var known = graph->Users; known != null; known = known->_next)
        {
            if (known->_user == user)
            {
                known->_count += count;
                return CuResult.Success;
            }
        }
        var made = (UserReference*)GuestLibc.Allocate((nuint)sizeof(UserReference));
        if (made == null)
        {
            return CuResult.OutOfMemory;
        }
        *made = new UserReference
        {
            _next = graph->Users,
            _user = user,
            _count = count,
        };
        graph->Users = made;
        return CuResult.Success;
    }

    internal static CuResult Release(Graph* graph, UserObject* user, uint count)
    {
        for (var place = &graph->Users; *place != null; place = &(*place)->_next)
        {
            var known = *place;
            if (known->_user != user)
            {
                continue;
            }
            if (count > known->_count)
            {
                return CuResult.InvalidValue;
            }
            known->_count -= count;
            if (known->_count == 0)
            {
                *place = known->_next;
                GuestLibc.Free(known);
            }
            return UserObject.Release(user, count);
        }
        return CuResult.InvalidValue;
    }

    /// <summary>A copy of a graph holds the same objects.</summary>
    internal static bool TryCopy(Graph* graph, Graph* copy)
    {
        for (var known = graph->Users; known != null; known = known->_next)
        {
            if (Add(copy, known->_user, 1) != CuResult.Success)
            {
                return false;
            }
            UserObject.Retain(known->_user, 1);
        }
        return true;
    }

    internal static void ReleaseAll(Graph* graph)
    {
        while (graph->Users != null)
        {
            var known = graph->Users;
            graph->Users = known->_next;
            _ = UserObject.Release(known->_user, known->_count);
            GuestLibc.Free(known);
        }
    }
}
