package io.lighterage.app.control;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// Lines over a socket, with a limit on their length and on the time a whole one may take: a peer that sends a byte a
/// second is late all the same. After a failure the channel is closed. Used by one thread.
final class LineChannel implements AutoCloseable {
    /// Something that waits for the peer.
    @FunctionalInterface
    interface Wait<T> {
        T run() throws IOException;
    }

    private final SocketChannel channel;
    private final ScheduledExecutorService watch;
    private final int longest;
    private final ByteBuffer buffer = ByteBuffer.allocate(8 << 10).limit(0);

    /// @param watch closes channels whose time is over
    /// @param longest bytes a line that is read may have
    LineChannel(SocketChannel channel, ScheduledExecutorService watch, int longest) {
        this.channel = channel;
        this.watch = watch;
        this.longest = longest;
    }

    /// Does something with the peer, for so long.
    ///
    /// @throws SocketTimeoutException when the time was over
    <T> T within(Duration time, Wait<T> wait) throws IOException {
        AtomicBoolean late = new AtomicBoolean();
        Future<?> alarm = watch.schedule(
                () -> {
                    late.set(true);
                    channel.close();
                    return true;
                },
                time.toNanos(),
                TimeUnit.NANOSECONDS);
        try {
            return wait.run();
        } catch (IOException e) {
            if (!late.get()) {
                throw e;
            }
            SocketTimeoutException timeout = new SocketTimeoutException("no answer within " + time.toMillis() + " ms");
            timeout.initCause(e);
            throw timeout;
        } finally {
            alarm.cancel(false);
        }
    }

    /// The next line without its line feed; empty when the peer has no more.
    Optional<byte[]> read() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            while (buffer.hasRemaining()) {
                byte next = buffer.get();
                if (next == '\n') {
                    return Optional.of(line.toByteArray());
                }
                if (line.size() == longest) {
                    throw new IOException("a line of more than " + longest + " bytes");
                }
                line.write(next);
            }
            buffer.clear();
            int count = channel.read(buffer);
            buffer.flip();
            if (count < 0) {
                return Optional.empty();
            }
        }
    }

    /// @param line without its line feed
    void write(byte[] line) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(line.length + 1);
        bytes.put(line).put((byte) '\n').flip();
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
