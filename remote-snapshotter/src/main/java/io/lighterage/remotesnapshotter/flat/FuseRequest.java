package io.lighterage.remotesnapshotter.flat;

import io.lighterage.stargz.RawName;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// What the kernel asks.
sealed interface FuseRequest {
    /// By which the reply names it; 0 when not even that could be read.
    long unique();

    /// What both sides can.
    ///
    /// @param maxReadAhead bytes the kernel reads ahead at most
    /// @param flags bits as in [FuseFormat]
    /// @param moreFlags those of the second word
    record Init(long unique, int major, int minor, int maxReadAhead, int flags, int moreFlags) implements FuseRequest {
        Init(long unique, int major, int minor, int maxReadAhead, int flags) {
            this(unique, major, minor, maxReadAhead, flags, 0);
        }
    }

    /// The node that a name stands for.
    record Lookup(long unique, long parent, RawName name) implements FuseRequest {}

    record Attributes(long unique, long node) implements FuseRequest {}

    record Open(long unique, long node) implements FuseRequest {}

    /// @param length bytes wanted, positive
    /// @param thread who waits, as this process sees it; 0 when it does not
    record Read(long unique, long node, long offset, int length, int thread) implements FuseRequest {}

    /// `statfs(2)`.
    record Space(long unique) implements FuseRequest {}

    /// A file that was opened is closed.
    record Release(long unique, long node) implements FuseRequest {}

    record Access(long unique) implements FuseRequest {}

    /// A signal has come for whoever waits for another request.
    record Interrupt(long unique, long target) implements FuseRequest {}

    /// Nodes that the kernel does not remember any more; wants no reply.
    record Forget(long unique) implements FuseRequest {}

    record Destroy(long unique) implements FuseRequest {}

    /// What we do not do.
    record Other(long unique, int opcode) implements FuseRequest {}

    /// Bytes that are no request.
    record Malformed(long unique, String reason) implements FuseRequest {}

    /// Reads what was received: the remaining bytes, which are taken. Any bytes give a request.
    static FuseRequest parse(ByteBuffer received) {
        ByteBuffer frame = received.slice().order(ByteOrder.nativeOrder());
        received.position(received.limit());
        int bytes = frame.limit();
        if (bytes < FuseFormat.IN_HEADER) {
            long unique = bytes < 16 ? 0 : frame.getLong(8);
            return new Malformed(unique, "it has " + bytes + " bytes; expected a header of " + FuseFormat.IN_HEADER);
        }
        long unique = frame.getLong(8);
        int length = frame.getInt(0);
        if (length != bytes) {
            return new Malformed(unique, "it has " + bytes + " bytes and says " + Integer.toUnsignedString(length));
        }
        int opcode = frame.getInt(4);
        ByteBuffer body =
                frame.slice(FuseFormat.IN_HEADER, bytes - FuseFormat.IN_HEADER).order(ByteOrder.nativeOrder());
        int least = least(opcode);
        if (body.limit() < least) {
            return new Malformed(unique, "opcode " + opcode + " with " + body.limit() + " bytes; expected " + least);
        }
        return body(opcode, unique, frame.getLong(16), frame.getInt(32), body);
    }

    private static int least(int opcode) {
        return switch (opcode) {
            case FuseFormat.INIT -> FuseFormat.INIT_IN;
            case FuseFormat.LOOKUP -> 1;
            case FuseFormat.OPEN -> FuseFormat.OPEN_IN;
            case FuseFormat.READ -> FuseFormat.READ_IN;
            case FuseFormat.INTERRUPT -> FuseFormat.INTERRUPT_IN;
            default -> 0;
        };
    }

    private static FuseRequest body(int opcode, long unique, long node, int thread, ByteBuffer body) {
        return switch (opcode) {
            case FuseFormat.INIT -> init(unique, body);
            case FuseFormat.LOOKUP -> lookup(unique, node, body);
            case FuseFormat.GETATTR -> new Attributes(unique, node);
            case FuseFormat.OPEN -> new Open(unique, node);
            case FuseFormat.READ -> read(unique, node, thread, body);
            case FuseFormat.STATFS -> new Space(unique);
            case FuseFormat.RELEASE -> new Release(unique, node);
            case FuseFormat.ACCESS -> new Access(unique);
            case FuseFormat.INTERRUPT -> new Interrupt(unique, body.getLong(0));
            case FuseFormat.FORGET, FuseFormat.BATCH_FORGET -> new Forget(unique);
            case FuseFormat.DESTROY -> new Destroy(unique);
            default -> new Other(unique, opcode);
        };
    }

    private static FuseRequest init(long unique, ByteBuffer body) {
        int flags = body.getInt(12);
        boolean more = (flags & FuseFormat.INIT_EXT) != 0 && body.limit() >= FuseFormat.INIT_IN + 4;
        return new Init(
                unique,
                body.getInt(0),
                body.getInt(4),
                body.getInt(8),
                flags,
                more ? body.getInt(FuseFormat.INIT_IN) : 0);
    }

    private static FuseRequest lookup(long unique, long node, ByteBuffer body) {
        byte[] name = new byte[body.limit() - 1];
        body.get(0, name);
        boolean ends = body.get(name.length) == 0;
        for (byte b : name) {
            ends &= b != 0;
        }
        return ends ? new Lookup(unique, node, RawName.of(name)) : new Malformed(unique, "a name without its end");
    }

    private static FuseRequest read(long unique, long node, int thread, ByteBuffer body) {
        long offset = body.getLong(8);
        int length = body.getInt(16);
        return offset < 0 || length <= 0 || offset + length < 0
                ? new Malformed(unique, "a read of " + Integer.toUnsignedString(length) + " bytes at " + offset)
                : new Read(unique, node, offset, length, thread);
    }
}
