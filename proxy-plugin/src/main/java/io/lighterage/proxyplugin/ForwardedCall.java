package io.lighterage.proxyplugin;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// One call that goes on to another server: messages, headers, trailers and status as they are, both ways, of any
/// number. Each side reads its next message when the other can take it.
///
/// The client's deadline and its going away reach the backend by gRPC's context, in which the call is made.
final class ForwardedCall extends ServerCall.Listener<byte[]> {
    /// Belong to one connection; what sends the message sets its own.
    private static final Set<String> HOP_BY_HOP = Set.of(
            "host",
            "te",
            "connection",
            "content-type",
            "content-length",
            "user-agent",
            "grpc-timeout",
            "grpc-encoding",
            "grpc-accept-encoding",
            "grpc-status",
            "grpc-message");

    private final ClientCall<byte[], byte[]> backend;
    private final Consumer<byte[]> seen;
    private final Demand fromClient;
    private final Demand fromBackend;

    private ForwardedCall(
            ClientCall<byte[], byte[]> backend, Demand fromClient, Demand fromBackend, Consumer<byte[]> seen) {
        this.backend = backend;
        this.fromClient = fromClient;
        this.fromBackend = fromBackend;
        this.seen = seen;
    }

    /// Any method: of one message or many in either direction, of whatever type.
    static MethodDescriptor<byte[], byte[]> method(String fullName) {
        return MethodDescriptor.newBuilder(Bytes.INSTANCE, Bytes.INSTANCE)
                .setFullMethodName(fullName)
                .setType(MethodType.UNKNOWN)
                .build();
    }

    /// Begins to forward.
    ///
    /// @param seen is given each message of the client before the backend is
    static ForwardedCall start(
            ClientCall<byte[], byte[]> backend,
            ServerCall<byte[], byte[]> client,
            Metadata headers,
            Consumer<byte[]> seen) {
        Demand fromClient = new Demand(client::request);
        Demand fromBackend = new Demand(backend::request);
        ForwardedCall call = new ForwardedCall(backend, fromClient, fromBackend, seen);
        backend.start(new Answer(client, fromBackend, fromClient), endToEnd(headers));
        client.request(1);
        backend.request(1);
        return call;
    }

    @Override
    public void onMessage(byte[] message) {
        seen.accept(message);
        backend.sendMessage(message);
        fromClient.taken(backend::isReady);
    }

    @Override
    public void onReady() {
        fromBackend.ready();
    }

    @Override
    public void onHalfClose() {
        backend.halfClose();
    }

    @Override
    public void onCancel() {
        backend.cancel("the client cancelled the call", null);
    }

    private static Metadata endToEnd(Metadata all) {
        Metadata kept = new Metadata();
        kept.merge(all);
        for (String name : all.keys()) {
            if (HOP_BY_HOP.contains(name.toLowerCase(Locale.ROOT))) {
                kept.discardAll(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
            }
        }
        return kept;
    }

    /// What the backend says, to the client.
    private static final class Answer extends ClientCall.Listener<byte[]> {
        private final ServerCall<byte[], byte[]> client;
        private final Demand fromBackend;
        private final Demand fromClient;

        private Answer(ServerCall<byte[], byte[]> client, Demand fromBackend, Demand fromClient) {
            this.client = client;
            this.fromBackend = fromBackend;
            this.fromClient = fromClient;
        }

        @Override
        public void onHeaders(Metadata headers) {
            client.sendHeaders(endToEnd(headers));
        }

        @Override
        public void onMessage(byte[] message) {
            client.sendMessage(message);
            fromBackend.taken(client::isReady);
        }

        @Override
        public void onReady() {
            fromClient.ready();
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            client.close(status, endToEnd(trailers));
        }
    }

    /// Asks one side for its next message when the other can take it. The two sides call from threads of their own.
    private static final class Demand {
        private final Request side;
        private boolean owed;

        private Demand(Request side) {
            this.side = side;
        }

        /// A message was passed on. The other side may get ready, and say so, while we look: so what is owed is noted
        /// first.
        void taken(BooleanSupplier ready) {
            boolean _ = owe(true);
            if (ready.getAsBoolean()) {
                ready();
            }
        }

        /// The other side can take messages.
        void ready() {
            if (owe(false)) {
                side.request(1);
            }
        }

        private synchronized boolean owe(boolean now) {
            boolean before = owed;
            owed = now;
            return before;
        }
    }

    private interface Request {
        void request(int messages);
    }

    /// Messages are not looked into.
    private enum Bytes implements MethodDescriptor.Marshaller<byte[]> {
        INSTANCE;

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
