package io.lighterage.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.RetainableByteBuffer;

/// Sends the bytes of one answer from one pooled direct buffer, blocking, with the programmed accidents.
final class BodyWriter {
    /// Bytes in memory for each answer in flight: the most connections there can be stay within 256 MiB together.
    static final int BUFFER = 256 << 10;

    private final ByteBufferPool buffers;
    private final Faults faults;

    BodyWriter(ByteBufferPool buffers, Faults faults) {
        this.buffers = buffers;
        this.faults = faults;
    }

    /// The programmed end of a connection.
    static final class CutException extends IOException {
        private static final long serialVersionUID = 1L;

        CutException(String message) {
            super(message);
        }
    }

    /// The length to tell for a body, or -1 to tell none.
    static long lengthToTell(Reply.Body body, FaultPlan.BodyPlan plan) {
        if (plan.chunked()) {
            return -1;
        }
        return plan.claimed() >= 0 ? plan.claimed() : body.length() + plan.longer();
    }

    /// @throws CutException when the plan says that the connection ends here
    void write(Reply.Body body, FaultPlan.BodyPlan plan, Content.Sink sink, RequestLog.Entry entry) throws IOException {
        long total = body.length() + plan.longer();
        long told = plan.claimed() >= 0 ? plan.claimed() : total;
        long end = Math.min(Math.min(total, told), Math.min(plan.cut(), plan.stall()));
        boolean complete = end == told;
        if (end == 0) {
            Content.Sink.write(sink, complete, ByteBuffer.allocate(0));
        } else {
            copy(body, plan, sink, entry, end, complete);
        }
        if (!complete) {
            breakOff(plan, end);
        }
    }

    private void copy(
            Reply.Body body,
            FaultPlan.BodyPlan plan,
            Content.Sink sink,
            RequestLog.Entry entry,
            long end,
            boolean complete)
            throws IOException {
        RetainableByteBuffer pooled = buffers.acquire((int) Math.min(BUFFER, end), true);
        try {
            ByteBuffer buffer = pooled.getByteBuffer();
            for (long at = 0; at < end; ) {
                buffer.clear().limit((int) Math.min(Math.min(BUFFER, buffer.capacity()), end - at));
                fill(body, at, buffer);
                buffer.flip();
                for (long flip : plan.flips()) {
                    if (flip >= at && flip < at + buffer.limit()) {
                        int index = (int) (flip - at);
                        buffer.put(index, (byte) ~buffer.get(index));
                    }
                }
                at += buffer.limit();
                entry.sent(at);
                Content.Sink.write(sink, complete && at == end, buffer);
            }
        } finally {
            pooled.release();
        }
    }

    /// Fills the buffer from position `at` of the body; past the body's end with `x`, which [Fault.Longer] asks for.
    private static void fill(Reply.Body body, long at, ByteBuffer buffer) {
        int limit = buffer.limit();
        int real = Math.clamp(body.length() - at, 0, limit);
        buffer.limit(real);
        switch (body) {
            case Reply.Bytes bytes -> buffer.put(bytes.content().slice((int) Math.min(at, bytes.length()), real));
            case Reply.Slice slice -> slice.blob().readFully(slice.offset() + at, buffer);
        }
        buffer.limit(limit);
        while (buffer.hasRemaining()) {
            buffer.put((byte) 'x');
        }
    }

    private void breakOff(FaultPlan.BodyPlan plan, long end) throws IOException {
        if (plan.stall() == end) {
            try {
                faults.stalled().await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        throw new CutException("the answer was cut after " + end + " bytes, as programmed");
    }
}
