package io.lighterage.linux;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// The twin of [NativeLoopCalls]: hands out numbers from 0, each once, and can be told to fail. Descriptors
/// it gives are of no file and may be closed without harm.
public final class RecordingLoopCalls implements LoopCalls {
    /// Above what a process may have open.
    private static final int NO_FILE = 1 << 30;

    private final List<Integer> attached = new ArrayList<>();
    private final Deque<Integer> failures = new ArrayDeque<>();
    private int next;

    /// Makes the next attachment that has no answer yet fail with this error number; may be said
    /// repeatedly.
    public synchronized void failNext(int errno) {
        failures.add(errno);
    }

    /// Numbers of the devices that were attached, in order.
    public synchronized List<Integer> attached() {
        return List.copyOf(attached);
    }

    @Override
    public synchronized int free() {
        return next++;
    }

    @Override
    public synchronized int attach(int number, int file) {
        Integer failure = failures.poll();
        if (failure != null) {
            return -failure;
        }
        attached.add(number);
        return NO_FILE + number;
    }
}
