package io.lighterage.linux;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// How this process ends: with what its parts still have to put in order, and else at once.
///
/// A JVM that exits waits up to 300 ms for threads in native code, and once the network was used one always is: the
/// thread in `epoll_wait` that wakes virtual threads. A command that takes a second should not wait a third of one for
/// nothing, so where nobody has anything left to do the process ends by `exit_group(2)`.
public final class ProcessEnd {
    /// Set to `now` by the launcher where no library was unpacked to a file that the JVM deletes when it exits.
    private static final String PERMISSION = "lighterage.end";

    private static final System.Logger LOG = System.getLogger(ProcessEnd.class.getName());
    private static final Set<Thread> HOOKS = ConcurrentHashMap.newKeySet();

    private ProcessEnd() {}

    /// Has a thread run before the process ends, also when a signal ends it.
    ///
    /// @param hook a thread that was not started
    /// @throws IllegalStateException when the process is ending already
    public static void before(Thread hook) {
        Runtime.getRuntime().addShutdownHook(hook);
        boolean added = HOOKS.add(hook);
        assert added : hook;
    }

    /// Takes back what [#before] registered; where the process is ending already, the thread runs or has run.
    public static void forget(Thread hook) {
        try {
            boolean known = Runtime.getRuntime().removeShutdownHook(hook);
            assert known || !HOOKS.contains(hook) : hook;
        } catch (IllegalStateException e) {
            LOG.log(System.Logger.Level.DEBUG, "the process is ending", e);
        }
        boolean removed = HOOKS.remove(hook);
        assert removed || !HOOKS.contains(hook) : hook;
    }

    /// Ends the process. What was written to streams has been flushed by the caller.
    ///
    /// @param status what the parent process gets, 0 to 255
    public static void exit(int status) {
        if (HOOKS.isEmpty() && "now".equals(System.getProperty(PERMISSION))) {
            long failure = Kernel.call(Scratch.ofThread(), CallNumbers.EXIT_GROUP, status);
            assert failure < 0 : failure; // else nothing is here any more
        }
        System.exit(status);
    }

    /// Ends the process while a signal is ending it, with this status in place of the signal's, after what [#before]
    /// registered has run.
    ///
    /// @param status what the parent process gets, 0 to 255
    public static void halt(int status) {
        for (Thread hook : HOOKS) {
            while (hook.getState() == Thread.State.NEW || hook.isAlive()) {
                try {
                    Thread.sleep(1);
                    hook.join();
                } catch (InterruptedException e) {
                    LOG.log(System.Logger.Level.DEBUG, "the process is ending already", e);
                }
            }
        }
        Runtime.getRuntime().halt(status);
    }
}
