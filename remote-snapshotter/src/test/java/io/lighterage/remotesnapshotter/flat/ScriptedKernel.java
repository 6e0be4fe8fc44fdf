package io.lighterage.remotesnapshotter.flat;

import io.lighterage.linux.Errno;
import io.lighterage.linux.FuseCalls;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// The kernel's side of a connection, in memory.
final class ScriptedKernel implements FuseCalls {
    private static final ByteBuffer END = ByteBuffer.allocate(0);

    private final BlockingQueue<ByteBuffer> requests = new LinkedBlockingQueue<>();
    private final Map<Long, BlockingQueue<ByteBuffer>> replies = new ConcurrentHashMap<>();
    private final List<Integer> closed = new CopyOnWriteArrayList<>();

    /// Sends a frame.
    void send(ByteBuffer frame) {
        requests.add(frame);
    }

    /// Ends the connection.
    void unmount() {
        requests.add(END);
    }

    /// Sends a frame and waits for the reply to it.
    ByteBuffer ask(ByteBuffer frame) throws InterruptedException {
        long unique = frame.order(ByteOrder.nativeOrder()).getLong(8);
        send(frame);
        return replyTo(unique);
    }

    ByteBuffer replyTo(long unique) throws InterruptedException {
        ByteBuffer reply = of(unique).poll(60, TimeUnit.SECONDS);
        if (reply == null) {
            throw new AssertionError("no reply to " + unique);
        }
        return reply;
    }

    private BlockingQueue<ByteBuffer> of(long unique) {
        return replies.computeIfAbsent(unique, ignored -> new LinkedBlockingQueue<>());
    }

    /// How many replies there are that nobody has taken.
    int left() {
        return replies.values().stream().mapToInt(BlockingQueue::size).sum();
    }

    List<Integer> closed() {
        return List.copyOf(closed);
    }

    @Override
    public int open() {
        return 100;
    }

    @Override
    public int mountNowhere(int connection, String source, int maxRead) {
        return 101;
    }

    @Override
    public int receive(int connection, ByteBuffer target) {
        try {
            ByteBuffer frame = requests.take();
            if (frame.equals(END)) {
                requests.add(END); // for the other threads
                return -Errno.ENODEV;
            }
            int length = frame.remaining();
            target.put(frame.duplicate());
            return length;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return -Errno.EINTR;
        }
    }

    @Override
    public int reply(int connection, ByteBuffer reply) {
        ByteBuffer copy = ByteBuffer.allocate(reply.remaining()).order(ByteOrder.nativeOrder());
        copy.put(reply.duplicate()).flip();
        of(copy.getLong(8)).add(copy);
        return copy.remaining();
    }

    @Override
    public int close(int descriptor) {
        closed.add(descriptor);
        return 0;
    }
}
