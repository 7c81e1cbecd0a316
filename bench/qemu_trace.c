/* A plugin for qemu-user that counts, and lists, the instructions that a program executes.
 *
 *     cc -shared -fPIC -o qemu_trace.so qemu_trace.c
 *     qemu-aarch64 -plugin file=qemu_trace.so,count=FILE PROGRAM...
 *     qemu-aarch64 -plugin file=qemu_trace.so,trace=FILE PROGRAM...
 *
 * count: FILE gets the number of instructions as text. trace: FILE gets the address of
 * every instruction that is executed between one call of a function `mark_trace` and the
 * next, as 64-bit integers in the host's byte order; the first is that of mark_trace. For
 * programs of one thread. bench/arm-model builds and uses it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The part of qemu's plugin interface, version 1, that is used here: Debian 12 ships
 * qemu-user with the interface, but no header for it. */
#define EXPORT __attribute__((visibility("default")))
enum { OP_ADD_U64 = 0, CB_NO_REGS = 0 };
struct qemu_plugin_tb;
struct qemu_plugin_insn;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
                                                 size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
                                           void (*cb)(uint64_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op,
                                              void *counter, uint64_t operand);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            void (*cb)(unsigned, void *), int flags,
                                            void *user);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*cb)(uint64_t, void *),
                                    void *user);
EXPORT extern int qemu_plugin_version;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

EXPORT int qemu_plugin_version = 1;

/* A plugin has no other place for its state: one process, one plugin. */
static FILE *out;
static uint64_t n_executed;
static int is_tracing;

static void count_block(uint64_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(tb, OP_ADD_U64, &n_executed,
                                             qemu_plugin_tb_n_insns(tb));
}

static void write_address(unsigned cpu, void *address)
{
    const uint64_t a = (uint64_t)(uintptr_t)address;
    (void)cpu;
    if (is_tracing)
        fwrite(&a, sizeof a, 1, out);
}

static void toggle_tracing(unsigned cpu, void *address)
{
    is_tracing = !is_tracing;
    write_address(cpu, address);
}

static void trace_block(uint64_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const char *symbol = qemu_plugin_insn_symbol(insn);
        const int is_mark = i == 0 && symbol && strcmp(symbol, "mark_trace") == 0;
        qemu_plugin_register_vcpu_insn_exec_cb(
            insn, is_mark ? toggle_tracing : write_address, CB_NO_REGS,
            (void *)(uintptr_t)qemu_plugin_insn_vaddr(insn));
    }
}

static void finish(uint64_t id, void *is_count)
{
    (void)id;
    if (is_count)
        fprintf(out, "%llu\n", (unsigned long long)n_executed);
    if (fclose(out) != 0)
        perror("qemu_trace");
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    (void)info;
    const int is_count = argc == 1 && strncmp(argv[0], "count=", 6) == 0;
    if (!is_count && !(argc == 1 && strncmp(argv[0], "trace=", 6) == 0)) {
        fprintf(stderr, "qemu_trace: wants count=FILE or trace=FILE\n");
        return -1;
    }
    out = fopen(argv[0] + 6, "wb");
    if (!out) {
        perror(argv[0] + 6);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, is_count ? count_block : trace_block);
    qemu_plugin_register_atexit_cb(id, finish, is_count ? &n_executed : NULL);
    return 0;
}
