namespace Weir.Devices.Software.Faults;

/// <summary>
/// The machine code that enters generated kernels and recovers from their faults, as bytes: it must run inside a signal
/// handler and on a thread whose stack is cut back below managed frames' sight, where neither managed code nor a C
/// compiler's output is at hand, and it must be the same in a process compiled ahead of time and in one that is not.
/// Each line is one instruction (System V x86-64). The offsets of KernelThread (RecoveryStack 0x40, FaultKind 0x20,
/// FaultLine 0x24, FaultAddress 0x28) and of the table of <see cref="KernelEntry"/> are part of it.
/// </summary>
internal static class EntryCode
{
    /// <summary>Offset of <c>enter</c>: uint32_t enter(launch, thread, first, end, function).</summary>
    public const int Enter = 0;

    /// <summary>Offset of the place a faulting thread continues at.</summary>
    public const int Recover = 0x40;

    /// <summary>Offset of the signal handler: void handler(signal, siginfo_t*, ucontext_t*).</summary>
    public const int Handler = 0x50;

    /// <summary>Offset of the eight bytes that hold the address of the table.</summary>
    public const int TableOperand = 0x52;

    /// <summary>The code; position-independent apart from the table's address.</summary>
    // csharpier-ignore
    public static ReadOnlySpan<byte> Bytes =>
        [
            // enter: save what the caller keeps, remember the stack for recovery, call
            0x55, // 00: push rbp
            0x53, // 01: push rbx
            0x41, 0x54, // 02: push r12
            0x41, 0x55, // 04: push r13
            0x41, 0x56, // 06: push r14
            0x41, 0x57, // 08: push r15
            0x48, 0x83, 0xec, 0x18, // 0a: sub rsp,0x18
            0x48, 0x89, 0x34, 0x24, // 0e: mov QWORD PTR [rsp],rsi
            0x0f, 0xae, 0x5c, 0x24, 0x08, // 12: stmxcsr DWORD PTR [rsp+0x8]
            0x48, 0x89, 0x66, 0x40, // 17: mov QWORD PTR [rsi+0x40],rsp
            0x41, 0xff, 0xd0, // 1b: call r8
            // leave
            0x48, 0x8b, 0x34, 0x24, // 1e: mov rsi,QWORD PTR [rsp]
            0x48, 0xc7, 0x46, 0x40, 0x00, 0x00, 0x00, 0x00, // 22: mov QWORD PTR [rsi+0x40],0x0
            0x48, 0x83, 0xc4, 0x18, // 2a: add rsp,0x18
            0x41, 0x5f, // 2e: pop r15
            0x41, 0x5e, // 30: pop r14
            0x41, 0x5d, // 32: pop r13
            0x41, 0x5c, // 34: pop r12
            0x5b, // 36: pop rbx
            0x5d, // 37: pop rbp
            0xc3, // 38: ret
            0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00, // 39: nop DWORD PTR [rax+0x0]
            // recover: rsp is what enter remembered; returns the fault kind
            0xfc, // 40: cld
            0x48, 0x8b, 0x34, 0x24, // 41: mov rsi,QWORD PTR [rsp]
            0x0f, 0xae, 0x54, 0x24, 0x08, // 45: ldmxcsr DWORD PTR [rsp+0x8]
            0x8b, 0x46, 0x20, // 4a: mov eax,DWORD PTR [rsi+0x20]
            0xeb, 0xcf, // 4d: jmp 1e
            0x90, // 4f: nop
            // handler: is this thread (gettid) inside a kernel?
            0x49, 0xb8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, // 50: movabs r8,0x1122334455667788
            0xb8, 0xba, 0x00, 0x00, 0x00, // 5a: mov eax,0xba
            0x0f, 0x05, // 5f: syscall
            0x41, 0x8b, 0x08, // 61: mov ecx,DWORD PTR [r8]
            0x4d, 0x8d, 0x50, 0x40, // 64: lea r10,[r8+0x40]
            // next
            0xff, 0xc9, // 68: dec ecx
            0x78, 0x4e, // 6a: js ba
            0x41, 0x39, 0x42, 0x08, // 6c: cmp DWORD PTR [r10+0x8],eax
            0x74, 0x06, // 70: je 78
            // step
            0x49, 0x83, 0xc2, 0x10, // 72: add r10,0x10
            0xeb, 0xf0, // 76: jmp 68
            // found: its RecoveryStack is 0 outside kernels
            0x4d, 0x8b, 0x0a, // 78: mov r9,QWORD PTR [r10]
            0x4d, 0x8b, 0x59, 0x40, // 7b: mov r11,QWORD PTR [r9+0x40]
            0x4d, 0x85, 0xdb, // 7f: test r11,r11
            0x74, 0xee, // 82: je 72
            0xb8, 0x01, 0x00, 0x00, 0x00, // 84: mov eax,0x1
            0x83, 0xff, 0x08, // 89: cmp edi,0x8
            0x75, 0x05, // 8c: jne 93
            0xb8, 0x03, 0x00, 0x00, 0x00, // 8e: mov eax,0x3
            // store: note the fault, continue at recover
            0x41, 0x89, 0x41, 0x20, // 93: mov DWORD PTR [r9+0x20],eax
            0x41, 0xc7, 0x41, 0x24, 0x00, 0x00, 0x00, 0x00, // 97: mov DWORD PTR [r9+0x24],0x0
            0x48, 0x8b, 0x46, 0x10, // 9f: mov rax,QWORD PTR [rsi+0x10]
            0x49, 0x89, 0x41, 0x28, // a3: mov QWORD PTR [r9+0x28],rax
            0x4c, 0x89, 0x9a, 0xa0, 0x00, 0x00, 0x00, // a7: mov QWORD PTR [rdx+0xa0],r11
            0x49, 0x8b, 0x40, 0x10, // ae: mov rax,QWORD PTR [r8+0x10]
            0x48, 0x89, 0x82, 0xa8, 0x00, 0x00, 0x00, // b2: mov QWORD PTR [rdx+0xa8],rax
            0xc3, // b9: ret
            // chain: not ours: SIGSEGV, SIGBUS, SIGFPE go to who was there before
            0x4d, 0x8d, 0x48, 0x18, // ba: lea r9,[r8+0x18]
            0x83, 0xff, 0x0b, // be: cmp edi,0xb
            0x74, 0x0d, // c1: je d0
            0x4d, 0x8d, 0x48, 0x20, // c3: lea r9,[r8+0x20]
            0x83, 0xff, 0x07, // c7: cmp edi,0x7
            0x74, 0x04, // ca: je d0
            0x4d, 0x8d, 0x48, 0x28, // cc: lea r9,[r8+0x28]
            // havechain
            0x49, 0x8b, 0x01, // d0: mov rax,QWORD PTR [r9]
            0x48, 0x83, 0xf8, 0x01, // d3: cmp rax,0x1
            0x76, 0x02, // d7: jbe db
            0xff, 0xe0, // d9: jmp rax
            // default: nobody was: signal(number, SIG_DFL), and the fault repeats
            0xbe, 0x00, 0x00, 0x00, 0x00, // db: mov esi,0x0
            0x41, 0xff, 0x60, 0x08, // e0: jmp QWORD PTR [r8+0x8]
        ];
}
