/**
 * The one function of libatomic that Node calls, `__atomic_compare_exchange` (V8 gives it structures of 8 bytes, aligned to
 * 8), as that library defines it: size, object, expected and desired; returns whether it was exchanged, and leaves what was
 * there in `*expected`. In front of it stands the function that gives its address: the linker calls that for a relocation of
 * the kind `indirect`. Another size than 8 was never seen, and is not answered wrongly: the program ends.
 */
export interface Machine {
  code: Buffer
  /** kinds of relocations */
  relocation: { globalData: number; jumpSlot: number; indirect: number }
}

const hex = (...lines: string[]) => Buffer.from(lines.join(''), 'hex')

/** By e_machine (System V gABI, chapter 4). */
export const machines: ReadonlyMap<number, Machine> = new Map([
  [
    62,
    {
      // System V ABI, AMD64 supplement, "Relocation Types"; arguments in rdi, rsi, rdx, rcx
      relocation: { globalData: 6, jumpSlot: 7, indirect: 37 },
      code: hex(
        '488d0501000000', // lea rax, [rip + 1]
        'c3', //             ret
        '4883ff08', //       cmp rdi, 8
        '7514', //           jne 1f
        '488b02', //         mov rax, [rdx]
        '488b09', //         mov rcx, [rcx]
        'f0480fb10e', //     lock cmpxchg [rsi], rcx
        '7403', //           je 0f
        '488902', //         mov [rdx], rax
        '0f94c0', //      0: sete al
        'c3', //             ret
        '0f0b', //        1: ud2
      ),
    },
  ],
  [
    183,
    {
      // ELF for the Arm 64-bit Architecture, "Dynamic relocations"; arguments in x0 to x3. For all processors of ARMv8-A,
      // also those without an instruction for it; as strong as the strongest order that can be asked for
      relocation: { globalData: 1025, jumpSlot: 1026, indirect: 1032 },
      code: hex(
        '40000010', //    adr x0, 8 bytes on
        'c0035fd6', //    ret
        '1f2000f1', //    cmp x0, #8
        'c1010054', //    b.ne 2f
        '460040f9', //    ldr x6, [x2]
        '670040f9', //    ldr x7, [x3]
        '28fc5fc8', // 0: ldaxr x8, [x1]
        '1f0106eb', //    cmp x8, x6
        'a1000054', //    b.ne 1f
        '27fc09c8', //    stlxr w9, x7, [x1]
        '89ffff35', //    cbnz w9, 0b
        '20008052', //    mov w0, #1
        'c0035fd6', //    ret
        '5f3f03d5', // 1: clrex
        '480000f9', //    str x8, [x2]
        '00008052', //    mov w0, #0
        'c0035fd6', //    ret
        '00000000', // 2: udf #0
      ),
    },
  ],
])
