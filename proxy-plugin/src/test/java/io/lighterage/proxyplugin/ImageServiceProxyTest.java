package io.lighterage.proxyplugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.lighterage.contentstore.Store;
import io.lighterage.contentstore.disk.LocalStore;
import io.lighterage.proxyplugin.RunningServer.Client;
import io.lighterage.proxyplugin.protocol.PullRequest;
import io.lighterage.proxyplugin.protocol.PullSecrets;
import io.lighterage.proxyplugin.protocol.PulledImage;
import io.lighterage.remotesnapshotter.snapshots.LayerSource;
import io.lighterage.remotesnapshotter.snapshots.LocalSnapshotter;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import io.lighterage.resolver.credentials.Credential;
import io.lighterage.resolver.credentials.LearnedCredentials;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A backend that says back what it is told, seen through the proxy.
@Timeout(60)
class ImageServiceProxyTest {
    private static final Metadata.Key<String> WORD = Metadata.Key.of("word", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<byte[]> DETAILS =
            Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);
    private static final byte[] ODD = {0, -1, 7, 'x'};

    @TempDir
    Path folder;

    private final CountDownLatch cancelled = new CountDownLatch(1);
    private final CountDownLatch begun = new CountDownLatch(1);
    private final AtomicReference<String> word = new AtomicReference<>("");
    private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private LearnedCredentials learned;
    private @Nullable Server backend;
    private Store store;
    private Snapshotter snapshotter;
    private ImageServiceProxy proxy;
    private SnapshotterServer server;
    private Client client;

    @BeforeEach
    void start() throws Exception {
        learned = LearnedCredentials.open(folder.resolve("credentials"));
        backend = backend();
        store = LocalStore.open(folder.resolve("root"), (descriptor, bytes) -> List.of(), Clock.systemUTC());
        snapshotter = LocalSnapshotter.open(folder.resolve("root"), store.snapshots(), LayerSource.NONE);
        proxy = ImageServiceProxy.to(folder.resolve("b.sock"), learned);
        server = SnapshotterServer.start(folder.resolve("s.sock"), snapshotter, Optional.of(proxy));
        client = Client.of(folder.resolve("s.sock"));
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        server.close();
        proxy.close();
        snapshotter.close();
        store.close();
        stopBackend();
        loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private Server backend() throws Exception {
        Files.deleteIfExists(folder.resolve("b.sock"));
        return NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(folder.resolve("b.sock")))
                .channelType(NioServerDomainSocketChannel.class)
                .bossEventLoopGroup(loop)
                .workerEventLoopGroup(loop)
                .fallbackHandlerRegistry(new Echo())
                .build()
                .start();
    }

    private void stopBackend() throws Exception {
        if (backend != null) {
            assertThat(backend.shutdownNow().awaitTermination(10, TimeUnit.SECONDS))
                    .isTrue();
            backend = null;
        }
    }

    /// `Fail` fails, `Hang` waits, `Twice` says everything twice; others answer once.
    private final class Echo extends HandlerRegistry {
        @Override
        public ServerMethodDefinition<?, ?> lookupMethod(String name, @Nullable String authority) {
            return ServerMethodDefinition.create(ForwardedCall.method(name), (call, headers) -> {
                word.set(String.valueOf(headers.get(WORD)) + " "
                        + (Context.current().getDeadline() == null ? "for ever" : "in time"));
                begun.countDown();
                call.request(1);
                return new Answering(call, name.substring(name.indexOf('/') + 1));
            });
        }
    }

    private final class Answering extends ServerCall.Listener<byte[]> {
        private final ServerCall<byte[], byte[]> call;
        private final String method;

        private Answering(ServerCall<byte[], byte[]> call, String method) {
            this.call = call;
            this.method = method;
        }

        @Override
        public void onMessage(byte[] message) {
            switch (method) {
                case "Hang" -> {}
                case "Fail" -> {
                    Metadata trailers = new Metadata();
                    trailers.put(WORD, "behind");
                    trailers.put(DETAILS, ODD);
                    call.close(Status.DATA_LOSS.withDescription("ünlesbar"), trailers);
                }
                default -> {
                    call.sendHeaders(new Metadata());
                    for (int i = 0; i < (method.equals("Twice") ? 2 : 1); i++) {
                        call.sendMessage(message);
                    }
                    call.close(Status.OK, new Metadata());
                }
            }
        }

        @Override
        public void onCancel() {
            cancelled.countDown();
        }
    }

    private byte[] call(String method, byte[] message) {
        return ClientCalls.blockingUnaryCall(
                client.channel(),
                ForwardedCall.method(method).toBuilder()
                        .setType(MethodDescriptor.MethodType.UNARY)
                        .build(),
                CallOptions.DEFAULT.withDeadlineAfter(50, TimeUnit.SECONDS),
                message);
    }

    private StatusRuntimeException failure(String method) {
        return catchThrowableOfType(StatusRuntimeException.class, () -> call(method, ODD));
    }

    @Test
    void messagesOfAnyMethodAreForwardedAsTheyAre() {
        assertThat(call("runtime.v1.ImageService/NeverHeardOf", ODD)).isEqualTo(ODD);
        assertThat(word.get()).endsWith("in time");
        assertThat(call("runtime.v1alpha2.ImageService/ListImages", new byte[3_000_000]))
                .hasSize(3_000_000);
        List<byte[]> both = new ArrayList<>();
        ClientCalls.blockingServerStreamingCall(
                        client.channel(),
                        ForwardedCall.method("runtime.v1.ImageService/Twice").toBuilder()
                                .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
                                .build(),
                        CallOptions.DEFAULT,
                        ODD)
                .forEachRemaining(both::add);
        assertThat(both).containsExactly(ODD, ODD);
        assertThat(word.get()).endsWith("for ever");
    }

    @Test
    void failuresComeWithTheirTrailers() {
        StatusRuntimeException failure = failure("runtime.v1.ImageService/Fail");
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.DATA_LOSS);
        assertThat(failure.getStatus().getDescription()).isEqualTo("ünlesbar");
        Metadata trailers = java.util.Objects.requireNonNull(failure.getTrailers());
        assertThat(trailers.get(WORD)).isEqualTo("behind");
        assertThat(trailers.get(DETAILS)).isEqualTo(ODD);
    }

    @Test
    void otherServicesAreNotForwarded() {
        assertThat(failure("runtime.v1.RuntimeService/Version").getStatus().getCode())
                .isEqualTo(Status.Code.UNIMPLEMENTED);
        assertThat(begun.getCount()).isEqualTo(1);
    }

    @Test
    void aClientThatGoesAwayEndsTheCallBehind() throws Exception {
        var call = client.channel().newCall(ForwardedCall.method("runtime.v1.ImageService/Hang"), CallOptions.DEFAULT);
        call.start(new io.grpc.ClientCall.Listener<>() {}, new Metadata());
        call.sendMessage(ODD);
        call.halfClose();
        assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
        call.cancel("enough", null);
        assertThat(cancelled.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aBackendThatIsAwayIsUnavailableUntilItComesBack() throws Exception {
        assertThat(call("runtime.v1.ImageService/A", ODD)).isEqualTo(ODD);
        stopBackend();
        for (int i = 0; i < 3; i++) {
            assertThat(failure("runtime.v1.ImageService/A").getStatus().getCode())
                    .isEqualTo(Status.Code.UNAVAILABLE);
        }
        backend = backend();
        assertThat(call("runtime.v1.ImageService/A", ODD)).isEqualTo(ODD);
    }

    @Test
    void whatAnImageIsPulledWithIsLearned() {
        byte[] pull = PullRequest.newBuilder()
                .setImage(PulledImage.newBuilder().setImage("r.example/a:1"))
                .setAuth(PullSecrets.newBuilder().setUsername("ann").setPassword("pw"))
                .build()
                .toByteArray();
        assertThat(call("runtime.v1.ImageService/ImageStatus", pull)).isEqualTo(pull);
        assertThat(learned.findAll("r.example", "a")).isEmpty();
        assertThat(call("runtime.v1.ImageService/PullImage", pull)).isEqualTo(pull);
        assertThat(learned.findAll("r.example", "a")).containsExactly(new Credential.Password("ann", "pw"));
        assertThat(call("runtime.v1.ImageService/PullImage", ODD)).isEqualTo(ODD);
    }
}
