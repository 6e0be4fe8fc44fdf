package io.lighterage.remotesnapshotter.flat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// What any bytes at all may do to the codec of `/dev/fuse`: give a request of possible values, and nothing else.
///
/// Throws [AssertionError] or something unexpected when that promise is broken. Serves the seeded test, and a
/// coverage-guided fuzzer through [#fuzzerTestOneInput].
public final class FlatFuzzTargets {
    private FlatFuzzTargets() {}

    /// The door that Jazzer's command line looks for.
    public static void fuzzerTestOneInput(byte[] bytes) {
        request(bytes);
    }

    static void request(byte[] bytes) {
        ByteBuffer received = ByteBuffer.wrap(bytes);
        FuseRequest request = FuseRequest.parse(received);
        check(!received.hasRemaining(), "bytes are left", request);
        if (bytes.length >= 16) {
            long unique = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).getLong(8);
            check(request.unique() == unique, "another unique", request);
        }
        switch (request) {
            case FuseRequest.Read read ->
                check(read.offset() >= 0 && read.length() > 0 && read.offset() + read.length() > 0, "range", read);
            case FuseRequest.Lookup lookup ->
                check(lookup.name().length() == bytes.length - FuseFormat.IN_HEADER - 1, "name", lookup);
            case FuseRequest.Init init -> {
                if (FuseNegotiation.possible(init)) {
                    FuseNegotiation agreed = FuseNegotiation.of(init);
                    check((agreed.flags() & ~init.flags()) == 0, "flags nobody offered", init);
                    ByteBuffer reply = FuseReply.init(ByteBuffer.allocate(256), init.unique(), agreed);
                    check(reply.remaining() == reply.getInt(0), "length", init);
                }
            }
            default -> check(request.toString().length() < 300, "too long for a line of a log", request);
        }
    }

    private static void check(boolean holds, String what, FuseRequest request) {
        if (!holds) {
            throw new AssertionError(what + ": " + request);
        }
    }
}
